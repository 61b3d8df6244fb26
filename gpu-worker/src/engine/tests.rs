//! The engine on real threads.

use pixeldrive_model::{Effort, FontHash};
use pixeldrive_render::backend::gpu;
use serde_json::{Value, json};

use super::hang::Hang;
use super::*;

fn config() -> EngineConfig {
    EngineConfig {
        threads: 2,
        gpu: GpuMode::Off,
        sources: SourcesConfig::default(),
        cache_bytes_max: 64 << 20,
    }
}

fn engine() -> Engine {
    Engine::start(config(), Fonts::bundled()).unwrap()
}

fn task(elements: &Value) -> Task {
    task_on((40, 20), elements)
}

fn task_on((width, height): (u32, u32), elements: &Value) -> Task {
    let template = json!({"name": "t", "width": width, "height": height, "elements": elements});
    Task {
        template: Arc::new(pixeldrive_model::parse(template.to_string().as_bytes()).unwrap()),
        payload: Payload::new(),
        fonts: Vec::new(),
        pixel_ratio: 2.0,
        effort: Effort::Fast,
        lane: Lane::Bulk,
        strict: false,
        deadline: None,
        attempt: Attempt::Early,
    }
}

fn card() -> Task {
    task(&json!([
        {"id": "dot", "type": "ellipse", "width": 20, "height": 20, "fill": "#f00"},
        {"id": "word", "type": "text", "text": "hi", "fontSize": 10, "x": 20},
    ]))
}

async fn code(task: Task) -> (Fault, String, String) {
    let failure = engine().render(task).await.unwrap_err();
    (failure.fault, failure.code, failure.element)
}

#[tokio::test]
async fn a_task_becomes_a_picture() {
    let rendered = engine().render(card()).await.unwrap();
    assert_eq!((rendered.width, rendered.height), (80, 40));
    assert!(rendered.png.starts_with(b"\x89PNG\r\n\x1a\n"), "a PNG file");
    assert_eq!(rendered.warnings, []);
    assert!(rendered.timings.layout > Duration::ZERO && rendered.timings.encode > Duration::ZERO);
}

#[tokio::test]
async fn an_effort_makes_a_smaller_file() {
    let mut bytes = Vec::new();
    for effort in [Effort::Fast, Effort::Small] {
        bytes.push(engine().render(Task { effort, ..card() }).await.unwrap().png.len());
    }
    assert!(bytes[1] < bytes[0], "fast and small: {bytes:?} bytes");
}

#[tokio::test]
async fn many_tasks_at_once_give_the_same_picture() {
    let engine = engine();
    let one = engine.render(card()).await.unwrap().png;
    // More than the queue has room for.
    let all = (0..100).map(|index| {
        let lane = if index % 3 == 0 { Lane::Interactive } else { Lane::Bulk };
        engine.render(Task { lane, ..card() })
    });
    for rendered in futures::future::join_all(all).await {
        assert!(rendered.unwrap().png == one, "equal tasks give equal files");
    }
}

#[tokio::test]
async fn a_large_picture_is_the_same_however_many_cores_help() {
    let ground = json!({"type": "linear", "angle": 20, "stops": [
        {"offset": 0, "color": "#123"}, {"offset": 1, "color": "#fd8"}]});
    let sheen = json!({"type": "linear", "angle": 110, "stops": [
        {"offset": 0, "color": "rgba(255, 0, 90, 0.4)"}, {"offset": 1, "color": "rgba(0, 90, 0, 0.4)"}]});
    let elements = json!([
        {"id": "ground", "type": "rect", "width": 1100, "height": 700, "fill": ground},
        {"id": "sheen", "type": "rect", "width": 1100, "height": 700, "fill": sheen},
    ]);
    let large = Task { lane: Lane::Interactive, ..task_on((1100, 700), &elements) };
    let mut files = Vec::new();
    for threads in [1, 4] {
        let engine = Engine::start(EngineConfig { threads, ..config() }, Fonts::bundled()).unwrap();
        files.push(engine.render(large.clone()).await.unwrap().png);
    }
    let parts = files[0].windows(4).filter(|bytes| bytes == b"IDAT").count();
    assert!(parts > 1, "it is large enough to be cut");
    assert!(files[0] == files[1], "one core, and one with three that help");
}

/// Rows of a batch: a code, a text and a ground of many colours.
fn row(code: &str, name: &str) -> Task {
    let ground = json!({"type": "linear", "angle": 20, "stops": [
        {"offset": 0, "color": "#123"}, {"offset": 1, "color": "#fd8"}]});
    let elements = json!([
        {"id": "ground", "type": "rect", "width": 400, "height": 300, "fill": ground},
        {"id": "name", "type": "text", "x": 20, "y": 20, "color": "white"},
        {"id": "code", "type": "qrcode", "x": 250, "y": 150, "width": 120},
    ]);
    let mut task = task_on((400, 300), &elements);
    task.payload.insert("code".to_owned(), json!({"text": code}));
    task.payload.insert("name".to_owned(), json!({"text": name}));
    task
}

#[tokio::test]
async fn rows_of_a_batch_depend_on_themselves_alone() {
    let refused = || row(&"x".repeat(2_500), "refused");
    let number = |number: usize| row(&format!("code {number}"), &"name ".repeat(number));
    let engine = engine();
    // Rows that fail want the plan of those that do not, at the same time.
    let rows = (0..6).flat_map(|at| [refused(), number(at)]);
    let together = futures::future::join_all(rows.map(|row| engine.render(row))).await;
    for (at, pair) in together.chunks(2).enumerate() {
        let failure = pair[0].as_ref().unwrap_err();
        assert_eq!((&*failure.code, &*failure.element), ("qrcode_too_long", "code"));
        let together = pair[1].as_ref().unwrap();
        let row = number(at);
        let alone = self::engine().render(row.clone()).await.unwrap();
        assert!(alone.png == together.png, "the same file, whatever came before");
        let single = engine.render(Task { lane: Lane::Interactive, ..row }).await.unwrap();
        assert!(alone.png != single.png, "a plan tells the same picture in other blocks");
        assert_eq!(alone.warnings, single.warnings);
        assert_eq!((alone.width, alone.height), (single.width, single.height));
    }
}

#[tokio::test]
async fn failures_say_who_can_act_and_where() {
    let mut unknown = card();
    unknown.payload.insert("nobody".to_owned(), json!({}));
    let (fault, word, _) = code(unknown).await;
    assert_eq!((fault, word.as_str()), (Fault::Caller, "payload_invalid"));

    let photo = json!([{"id": "a", "type": "group", "elements": [
        {"id": "photo", "type": "image", "width": 9, "height": 9, "src": "http://127.0.0.1/"},
    ]}]);
    let (fault, word, element) = code(task(&photo)).await;
    assert_eq!((fault, word.as_str()), (Fault::Caller, "asset_forbidden_address"));
    assert_eq!(element, "photo");

    let font = json!([{"id": "word", "type": "text", "text": "hi", "fontFamily": "No Such Font"}]);
    assert_eq!(engine().render(task(&font)).await.unwrap().warnings.len(), 1);
    let (fault, word, element) = code(Task { strict: true, ..task(&font) }).await;
    assert_eq!((fault, word.as_str()), (Fault::Caller, "strict_warnings"));
    assert_eq!(element, "word");
}

#[tokio::test]
async fn a_task_brings_its_own_fonts_and_leaves_none_behind() {
    let bars: &[u8] = include_bytes!("../../../crates/fonts/tests/fixtures/PixelBars-variable.ttf");
    let bars = [Font::new(FontHash::of(bars), Bytes::from_static(bars)).unwrap()];
    let text = json!([{"id": "word", "type": "text", "text": "AB", "fontFamily": "Pixel Bars"}]);
    let svg = json!([{"id": "word", "type": "svg", "width": 40, "height": 20, "svg":
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'>\
         <text y='16' font-family='Pixel Bars'>AB</text></svg>"}]);
    let engine = engine();
    for elements in [text, svg] {
        let render = async |fonts: &[Font]| {
            let task = Task { fonts: fonts.to_vec(), ..task(&elements) };
            let rendered = engine.render(task).await.unwrap();
            (rendered.png, rendered.warnings.len())
        };
        let (without, found) = render(&[]).await;
        assert_eq!(found, 1, "there is no such family");
        let (with, found) = render(&bars).await;
        assert_eq!(found, 0, "there is one: {elements}");
        assert!(with != without, "another font, another picture");
        for _ in 0..4 {
            assert!(render(&[]).await == (without.clone(), 1), "as before, on whichever thread");
            assert!(render(&bars).await == (with.clone(), 0), "and with it again");
        }
    }
}

#[tokio::test]
async fn late_and_withdrawn_tasks_are_not_begun() {
    let late = Task { deadline: Some(Instant::now()), ..card() };
    assert_eq!(code(late).await.1, "deadline_exceeded");

    let claim = Claim::default();
    assert!(claim.withdraw() && !claim.withdraw(), "it is withdrawn once");
    let failure = engine().render_claimed(card(), claim).await.unwrap_err();
    assert_eq!(failure.code, "deadline_exceeded");
}

#[tokio::test]
async fn a_begun_task_cannot_be_withdrawn() {
    let claim = Claim::default();
    engine().render_claimed(card(), claim.clone()).await.unwrap();
    assert!(!claim.withdraw(), "it was begun");
}

/// Layout and encoding on the render threads, painting in batches on another.
#[tokio::test]
async fn a_gpu_paints_for_all_threads() {
    let choice = Choice { allow_software: true, ..Choice::default() };
    if gpu::adapters().is_empty() {
        println!("skipped: this machine has no Vulkan adapter");
        return;
    }
    let painter = Painter::open(choice).unwrap();
    let bounds = Bounds { time_max: Duration::from_secs(RENDER_SECONDS_MAX), stuck_max: STUCK_MAX };
    let engine = Engine::with(config(), Fonts::bundled(), Some(painter), bounds).unwrap();
    assert_eq!(engine.adapter().backend, "gpu");
    let all = (0..40).map(|_| engine.render(Task { lane: Lane::Interactive, ..card() }));
    let all = futures::future::try_join_all(all).await.unwrap();
    assert!(all.iter().all(|rendered| rendered.png == all[0].png), "equal tasks, equal files");
}

/// All threads hang at once, and others take their places.
#[tokio::test]
async fn a_render_that_does_not_end_is_given_up_and_others_go_on() {
    let hang = Hang::on("engine");
    // What is rendered here is done in far less.
    let engine = Engine::start_impatient(config(), Duration::from_secs(3), 4).unwrap();
    let template = json!({"name": "engine", "width": 1, "height": 1, "elements": []});
    let template = pixeldrive_model::parse(template.to_string().as_bytes()).unwrap();
    let endless = Task { template: Arc::new(template), ..card() };
    let lanes = [Lane::Bulk, Lane::Interactive];
    let hanging = lanes.into_iter().cycle().take(4);
    let hanging = hanging.map(|lane| engine.render(Task { lane, ..endless.clone() }));
    for rendered in futures::future::join_all(hanging).await {
        let failure = rendered.unwrap_err();
        assert_eq!((failure.fault, &*failure.code), (Fault::Transient, "render_too_slow"));
        assert_eq!(failure.message, "the picture was not rendered in 3 seconds");
    }
    for lane in lanes {
        assert!(engine.render(Task { lane, ..card() }).await.is_ok(), "{lane:?}");
    }
    let hopeless = engine.0.watchdog.hopeless();
    assert!(!hopeless.is_cancelled(), "four may be stuck");
    engine.render(endless.clone()).await.unwrap_err();
    hopeless.cancelled().await;
    // A thread that gets out has lost its place, and the others render on.
    drop(hang);
    assert!(engine.render(endless).await.is_ok(), "it hangs no more");
}
