//! Plans against what they stand for: the same rows, laid out, painted and encoded whole.

use pixeldrive_model::{bind, parse};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::encode::Effort;
use crate::{Fonts, Scaled, work};

/// One thread's tools.
struct Bench {
    fonts: Fonts,
    layouter: Layouter,
    painter: cpu::Painter,
    encoder: Encoder,
    canvas: Canvas,
}

impl Bench {
    fn new() -> Self {
        Self::with(&Fonts::bundled())
    }

    fn with(fonts: &Fonts) -> Self {
        Self {
            fonts: fonts.clone(),
            layouter: Layouter::new(fonts, Arc::new(Scaled::new(64 << 20))),
            painter: cpu::Painter::new(),
            encoder: Encoder::new(),
            canvas: Canvas::new(),
        }
    }

    fn whole(&mut self, bound: &Bound) -> (Drawing, Vec<Warning>, Pixels) {
        let (drawing, warnings) = self.layouter.lay_out(bound, &Assets::default()).unwrap();
        let pixels = self.painter.paint(std::slice::from_ref(&drawing)).remove(0).unwrap();
        (drawing, warnings, pixels)
    }

    fn plan(
        &mut self,
        template: &Template,
        payload: &Payload,
        bound: &Bound,
        effort: Effort,
    ) -> Arc<Plan> {
        let Self { layouter, painter, encoder, .. } = self;
        let tools = (layouter, painter, encoder);
        let plan = Plan::compile(template, payload, bound, &Assets::default(), effort, tools);
        Arc::new(plan.unwrap())
    }

    /// The file of a row, unless it is better painted whole.
    fn render(&mut self, plan: &Arc<Plan>, bound: &Bound) -> (Row, Option<Vec<u8>>) {
        let row = plan.lay_out(bound, &Assets::default(), &mut self.layouter).unwrap();
        let painted = self.canvas.paint(plan, &row, &mut self.painter).unwrap();
        let file = painted.then(|| self.canvas.encode(&mut self.encoder).unwrap());
        (row, file)
    }
}

/// A linear gradient.
fn gradient(from: &str, to: &str) -> Value {
    json!({"type": "linear", "angle": 70, "stops": [
        {"offset": 0, "color": from}, {"offset": 1, "color": to}]})
}

fn template(elements: &Value, background: impl Into<Value>) -> Template {
    let template = json!({"width": 320, "height": 200, "background": background.into(),
        "elements": elements});
    parse(template.to_string().as_bytes()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn payload(value: Value) -> Payload {
    let Value::Object(payload) = value else { panic!("no object") };
    payload
}

/// Straight colours of a file, by a decoder that others wrote.
fn decoded(file: &[u8]) -> Vec<u8> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(
        png::Transformations::normalize_to_color8() | png::Transformations::ALPHA,
    );
    let mut reader = decoder.read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut samples).unwrap();
    samples.truncate(frame.buffer_size());
    samples
}

/// Marks that may touch a pixel; at least one.
fn marks_at(drawing: &Drawing, at: usize) -> u64 {
    let width = usize::from(drawing.width());
    let at = kurbo::Point::new((at % width) as f64, (at / width) as f64);
    let touching = drawing
        .marks()
        .iter()
        .filter(|mark| work::reach(mark).rect().inflate(1.0, 1.0).contains(at));
    (touching.count() as u64).max(1)
}

/// What is painted for itself is encoded as what all of it looks like, whatever was painted before.
fn check_whole(bench: &mut Bench, drawing: &Drawing, whole: &Pixels) {
    let render = |bench: &mut Bench| {
        let Bench { painter, encoder, canvas, .. } = bench;
        canvas.paint_whole(drawing, (1.0, Effort::Fast), painter).unwrap();
        canvas.encode(encoder).unwrap()
    };
    let file = render(bench);
    let expected = bench.encoder.encode(whole, 1.0, Effort::Fast).unwrap();
    assert!(decoded(&file) == decoded(&expected), "the file is not what all of it looks like");
    let color_type = |file: &[u8]| file[25];
    assert_eq!(color_type(&file), color_type(&expected));
    assert!(render(&mut Bench::new()) == file, "the pictures before make a difference");
}

/// Renders the rows in this order by one plan for each key; answers how many went through a plan.
fn compare(bench: &mut Bench, template: &Template, payloads: &[Payload]) -> usize {
    let mut plans: Vec<(Key, Arc<Plan>)> = Vec::new();
    let mut planned = 0;
    for payload in payloads {
        let bound = bind(template, payload, 1.0).unwrap();
        let (drawing, warnings, whole) = bench.whole(&bound);
        check_whole(bench, &drawing, &whole);
        let mut plan = |bench: &mut Bench, effort| {
            let key = Key::of(template, payload, &bound, &Assets::default(), &[], effort);
            let known = plans.iter().find(|(known, _)| *known == key);
            known.map(|(_, plan)| Arc::clone(plan)).unwrap_or_else(|| {
                let plan = bench.plan(template, payload, &bound, effort);
                plans.push((key, Arc::clone(&plan)));
                plan
            })
        };
        let fast = plan(bench, Effort::Fast);
        let (row, file) = bench.render(&fast, &bound);
        assert_eq!(row.warnings(), warnings, "warnings");
        let marks = |drawing: &Drawing| format!("{:?}", drawing.marks());
        assert_eq!(marks(&row.0.drawing), marks(&drawing), "marks");
        let Some(fast) = file else { continue };
        // With this effort nothing is left unpainted.
        let balanced = plan(bench, Effort::Balanced);
        let balanced = bench.render(&balanced, &bound).1.unwrap();
        let pixels = bench.canvas.pixels().cloned().unwrap();
        planned += 1;
        assert_eq!(pixels.opaque, whole.opaque);
        for (at, (a, b)) in pixels.rgba.iter().zip(&whole.rgba).enumerate() {
            // A mark that stands elsewhere on its canvas may be rounded to another level.
            if a != b && u64::from(a.abs_diff(*b)) > marks_at(&drawing, at / 4) {
                let (x, y) = (at / 4 % 320, at / 4 / 320);
                panic!("{x}, {y}: {a}, not {b}: {payload:?}");
            }
        }
        let expected = decoded(&bench.encoder.encode(&pixels, 1.0, Effort::Fast).unwrap());
        let small = plan(bench, Effort::Small);
        let small = bench.render(&small, &bound).1.unwrap();
        for (effort, file) in Effort::ALL.into_iter().zip([fast, balanced, small]) {
            assert!(decoded(&file) == expected, "{effort:?}: the file is not what was painted");
            // The same by tools that saw nothing before.
            let mut fresh = Bench::with(&bench.fonts);
            let plan = fresh.plan(template, payload, &bound, effort);
            let again = fresh.render(&plan, &bound).1;
            assert!(again == Some(file), "{effort:?}: the rows before make a difference");
        }
    }
    planned
}

#[track_caller]
fn check(elements: Value, payloads: &[Value]) {
    let payloads: Vec<_> = payloads.iter().cloned().map(payload).collect();
    let mut planned = 0;
    for background in [json!("#336699"), gradient("red", "blue"), json!("transparent")] {
        planned += compare(&mut Bench::new(), &template(&elements, background), &payloads);
    }
    assert!(planned > 0, "no row went through a plan");
}

fn card() -> Vec<Value> {
    vec![
        json!({"id": "frame", "type": "rect", "x": 10, "y": 10, "width": 300, "height": 180,
            "stroke": "white", "strokeWidth": 2, "borderRadius": 9}),
        json!({"id": "title", "type": "text", "x": 30, "y": 30, "text": "Title", "color": "white",
            "fontSize": 24}),
        json!({"id": "veil", "type": "ellipse", "x": 20, "y": 20, "width": 90, "height": 60,
            "fill": "rgb(255 200 0 / 0.4)"}),
        json!({"id": "tag", "type": "rect", "x": 240, "y": 150, "width": 40, "height": 20,
            "fill": "lime", "rotation": 8}),
    ]
}

#[test]
fn rows_are_painted_over_what_they_share() {
    check(
        json!(card()),
        &[
            json!({"title": {"text": "First"}}),
            json!({"title": {"text": "A second, longer row\nof two lines"}}),
            json!({"title": {"text": ""}}),
            json!({"title": {"text": "Moved", "x": 120, "y": 140}}),
            json!({"title": {"text": "First"}, "tag": {"visible": false}}),
            json!({"tag": {"fill": "red"}}),
            json!({}),
        ],
    );
}

#[test]
fn what_one_row_hides_another_may_show() {
    let mut elements = card();
    elements.insert(
        1,
        json!({"id": "ribbon", "type": "rect", "x": 200, "y": 30, "width": 80,
        "height": 50, "fill": "red", "visibleWhen": {"path": "sale", "equals": true}}),
    );
    elements.push(json!({"id": "pane", "type": "rect", "x": 190, "y": 40, "width": 60,
        "height": 60, "fill": "rgb(255 255 255 / 0.2)", "backgroundBlur": 6}));
    let rows = [json!({}), json!({"sale": true}), json!({"sale": false})];
    check(json!(elements), &rows);
}

#[test]
fn what_stands_above_is_painted_with_all_that_its_effects_see() {
    let above = |id: &str, near: (i32, i32), far: (i32, i32), effect: Value| {
        let mut blurred = json!({"id": format!("{id}-far"), "type": "rect", "width": 40,
            "height": 30, "x": far.0, "y": far.1, "fill": "gold"});
        blurred.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
        json!({"id": id, "type": "group", "opacity": 0.9, "elements": [
            {"id": format!("{id}-near"), "type": "rect", "width": 60, "height": 40,
                "x": near.0, "y": near.1, "fill": "#08f8"},
            blurred,
        ]})
    };
    let own = json!({"id": "own", "type": "rect", "x": 20, "y": 20, "width": 50, "height": 40});
    for far in [(250, 140), (60, 30), (80, 10)] {
        let blur = above("b", (30, 30), far, json!({"blur": 4}));
        let shadow = above("s", (25, 50), far, json!({"shadow": {"x": 3, "y": 3, "blur": 6}}));
        let rows = ["red", "lime"].map(|fill| json!({"own": {"fill": fill}}));
        check(json!([own, blur, shadow]), &rows);
    }
}

#[test]
fn a_group_without_its_mask_is_still_the_rows_own() {
    let group = json!({"id": "g", "type": "group", "x": 90, "y": 40, "elements": [
        {"id": "still", "type": "rect", "width": 90, "height": 60, "fill": "orange"},
    ], "mask": {"id": "mask", "type": "ellipse", "width": 70, "height": 70}});
    let elements = json!([card()[0], group, card()[3]]);
    let rows = [true, false, true].map(|visible| json!({"mask": {"visible": visible}}));
    check(elements, &rows);
}

#[test]
fn elements_that_mix_with_what_is_below_see_it() {
    for blend in ["multiply", "difference", "luminosity"] {
        let mut elements = card();
        elements[2]["blendMode"] = json!(blend);
        elements[3]["blendMode"] = json!(blend);
        check(
            json!(elements),
            &[
                json!({"tag": {"fill": "orange"}}),
                json!({"title": {"text": "Below"}}),
                json!({"veil": {"x": 60}, "tag": {"x": 100, "y": 30}}),
            ],
        );
    }
}

#[test]
fn members_of_groups_may_be_a_rows_own() {
    let inner = json!([
        {"id": "a", "type": "rect", "width": 60, "height": 40, "fill": "red"},
        {"id": "b", "type": "text", "x": 5, "y": 5, "text": "b", "color": "white"},
        {"id": "c", "type": "rect", "x": 40, "y": 20, "width": 60, "height": 40, "fill": "#00f8"},
    ]);
    for properties in [
        json!({}),
        json!({"opacity": 0.5}),
        json!({"blur": 2}),
        json!({"rotation": 20}),
        json!({"skewX": 20, "width": 100}),
    ] {
        let mut group = json!({"id": "g", "type": "group", "x": 100, "y": 60, "elements": inner});
        group.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        let elements = json!([card()[0], group, card()[3]]);
        check(
            elements,
            &[
                json!({"b": {"text": "own"}}),
                json!({"a": {"fill": "lime"}}),
                json!({"g": {"x": 80}}),
                json!({"g": {"x": 80}, "c": {"width": 30}}),
                json!({"c": {"width": 90}}),
                json!({"c": {"width": 20}}),
            ],
        );
    }
}

#[test]
fn what_is_adjusted_is_said_for_every_row() {
    let elements = json!([
        {"id": "still", "type": "text", "text": "much too long for its box", "width": 40,
            "height": 20, "overflow": "ellipsis"},
        {"id": "own", "type": "text", "y": 100, "text": "x", "fontFamily": "Nowhere"},
    ]);
    let template = template(&elements, "white");
    let mut bench = Bench::new();
    let rows = [json!({"own": {"text": "1"}}), json!({"own": {"text": "2"}})].map(payload);
    let bound = bind(&template, &rows[0], 1.0).unwrap();
    let plan = bench.plan(&template, &rows[0], &bound, Effort::Fast);
    for row in &rows {
        let bound = bind(&template, row, 1.0).unwrap();
        let (row, _) = bench.render(&plan, &bound);
        let said: Vec<_> =
            row.warnings().iter().map(|each| (&*each.code, &*each.element)).collect();
        assert_eq!(said, [("text_truncated", "still"), ("font_fallback", "own")]);
    }
}

/// Whether these texts of a row are stamped, on plain ground of one colour.
#[track_caller]
fn check_stamped(texts: &[Value], expected: bool) {
    let named = |(at, text): (usize, &Value)| {
        let mut text = text.clone();
        let properties = text.as_object_mut().unwrap();
        properties.insert("id".to_owned(), json!(format!("t{at}")));
        properties.insert("type".to_owned(), json!("text"));
        text
    };
    let mut elements = vec![
        json!({"id": "bar", "type": "rect", "y": 190, "width": 320, "height": 10,
            "fill": gradient("red", "blue")}),
        // Flat from row to row, and of other colours than the ground.
        json!({"id": "edge", "type": "rect", "width": 4, "height": 190, "fill": "#c33"}),
    ];
    elements.extend(texts.iter().enumerate().map(named));
    let template = template(&json!(elements), "#f4f1ea");
    let say = |more: &str| {
        let text = |(at, text): (usize, &Value)| {
            let said = text["text"].as_str().unwrap();
            (format!("t{at}"), json!({"text": format!("{more}{said}")}))
        };
        payload(Value::Object(texts.iter().enumerate().map(text).collect()))
    };
    let rows = [say(""), say("W"), say("")];
    let mut bench = Bench::new();
    assert_eq!(compare(&mut bench, &template, &rows), rows.len(), "{texts:?}: not by a plan");
    for row in rows {
        let bound = bind(&template, &row, 1.0).unwrap();
        let plan = bench.plan(&template, &row, &bound, Effort::Fast);
        bench.render(&plan, &bound);
        assert_eq!(bench.canvas.stamped() > 0, expected, "{texts:?}");
        let (drawing, _, whole) = bench.whole(&bound);
        check_whole(&mut bench, &drawing, &whole);
        assert_eq!(bench.canvas.stamped() > 0, expected, "{texts:?}: whole");
    }
}

#[test]
fn texts_on_plain_ground_are_stamped() {
    let text = |more: Value| {
        let mut text = json!({"x": 20, "y": 30, "text": "AVATAR To fjord", "fontSize": 30});
        text.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        text
    };
    let check = |more: Value, expected: bool| check_stamped(&[text(more)], expected);
    check(json!({}), true);
    check(json!({"fontSize": 9, "color": "#777"}), true);
    check(json!({"color": "rgba(200, 0, 90, 0.4)"}), true);
    check(json!({"fontWeight": 900, "fontStyle": "italic"}), true);
    check(json!({"letterSpacing": -3}), true);
    check(json!({"width": 200, "lineHeight": 0.9}), true);
    check(json!({"width": 200, "lineHeight": 0.7}), false);
    check(json!({"text": "مرحبا שלום Čç\u{301}ä\u{308}\u{323}"}), true);
    check(json!({"y": -12}), false);
    check(json!({"x": -10}), false);
    check(json!({"y": 160, "fontSize": 40}), false);
    check(json!({"rotation": 10}), false);
    check(json!({"textShadow": [{"x": 2, "y": 2, "blur": 4, "color": "#000"}]}), false);
    check(json!({"color": gradient("red", "blue")}), false);
    check(json!({"letterSpacing": -28}), false);
    let beside = json!({"x": 200, "y": 34, "text": "side", "color": "#a11", "fontSize": 22});
    check_stamped(&[text(json!({"width": 170})), beside.clone()], true);
    check_stamped(&[beside, text(json!({"width": 170}))], true);
    let over = json!({"x": 30, "y": 40, "text": "over", "color": "#a11", "fontSize": 22});
    check_stamped(&[text(json!({})), over], false);
    // Of the colour of what they begin on, and seen where they go on.
    let hidden = json!({"x": 2, "y": 34, "text": "hidden", "color": "#c33", "fontSize": 22});
    check_stamped(&[hidden, text(json!({"x": 150, "text": "To"}))], false);
    let faint = json!({"x": 60, "y": 34, "text": "faint", "color": "#00000001", "fontSize": 22});
    check_stamped(&[faint, text(json!({"x": 150, "text": "To"}))], true);
    let below = json!({"x": 20, "y": 100, "text": "below", "fontSize": 22});
    check_stamped(&[text(json!({})), below], true);
    // What is not seen on the ground hides what it stands on.
    let point = json!({"x": 21, "y": 30, "text": ".", "fontSize": 40});
    let hides = json!({"x": 20, "y": 40, "text": "=====", "color": "#f4f1ea", "fontSize": 40});
    check_stamped(&[point, hides], false);
}

/// What lies between two texts, in rows that neither touches, is not lost.
#[test]
fn what_lies_between_stamped_texts_is_seen() {
    let live = |y: i32, id: &str| json!({"id": id, "type": "text", "x": 10, "y": y, "text": "our news", "fontSize": 16});
    let colors = json!({"id": "colors", "type": "rect", "y": 150, "width": 320, "height": 50,
        "fill": gradient("red", "blue")});
    for at in 40..70 {
        let rule = json!({"id": "rule", "type": "rect", "x": 200, "y": at, "width": 90, "height": 1,
            "fill": "#a11"});
        let elements = json!([live(30, "a"), rule, live(50, "b"), colors]);
        let template = template(&elements, "#f4f1ea");
        let rows = ["our news", "or none"]
            .map(|said| payload(json!({"a": {"text": said}, "b": {"text": "here"}})));
        assert_eq!(compare(&mut Bench::new(), &template, &rows), 2, "{at}: not by a plan");
        let lines = json!([colors, {"id": "t", "type": "text", "x": 10, "y": at, "fontSize": 14,
            "text": "our news\nhere", "textDecoration": "underline"}]);
        let bound = bind(&self::template(&lines, "#f4f1ea"), &Map::new(), 1.0).unwrap();
        let mut bench = Bench::new();
        let (drawing, _, whole) = bench.whole(&bound);
        check_whole(&mut bench, &drawing, &whole);
    }
}

/// A picture is stored as it would be if its texts were painted: in a palette, or grey, if that holds all.
#[test]
fn texts_are_stamped_where_a_picture_has_many_colours() {
    let mut bench = Bench::new();
    let mut check = |elements: Value, background: &str, expected: usize| {
        let bound = bind(&template(&elements, background), &Map::new(), 1.0).unwrap();
        let (drawing, _, whole) = bench.whole(&bound);
        check_whole(&mut bench, &drawing, &whole);
        assert_eq!(bench.canvas.stamped(), expected, "{elements}");
    };
    let text = |at: usize, text: &str, color: &str| {
        json!({"id": format!("t{at}"), "type": "text", "x": 9, "y": 20 + at * 50, "text": text,
            "fontSize": 30, "color": color})
    };
    let long = "Sphinx of quartz";
    check(json!([text(0, "Hi", "#fff"), text(1, "ho", "#fc0")]), "#123", 0);
    check(json!([text(0, long, "#fff"), text(1, long, "#fc0")]), "#123", 2);
    // The ground of an earlier picture is not seen in a later one.
    let spot = json!({"id": "s", "type": "rect", "x": 40, "y": 20, "width": 9, "height": 99, "fill": "red"});
    check(json!([text(0, long, "#fff"), spot, text(2, long, "#fc0")]), "#123", 1);
    check(json!([text(0, long, "#fff"), text(1, long, "#fc0")]), "#123", 2);
    check(json!([text(0, long, "#fff"), text(1, long, "#fc0")]), "#321", 2);
    check(json!([text(0, long, "#000"), text(1, long, "#777")]), "#fff", 0);
}

#[test]
fn rows_that_change_most_of_it_are_painted_whole() {
    let template =
        template(&json!([{"id": "all", "type": "rect", "width": 320, "height": 200}]), "red");
    let row = payload(json!({"all": {"fill": "blue"}}));
    let bound = bind(&template, &row, 1.0).unwrap();
    let mut bench = Bench::new();
    let plan = bench.plan(&template, &row, &bound, Effort::Fast);
    assert!(bench.render(&plan, &bound).1.is_none());
}

#[test]
fn keys_tell_apart_what_plans_depend_on() {
    let template = template(&json!(card()), "red");
    let other = self::template(&json!(card()), "blue");
    let key_for = |template: &Template, row: Value, ratio: f64, effort| {
        let row = payload(row);
        let bound = bind(template, &row, ratio).unwrap();
        Key::of(template, &row, &bound, &Assets::default(), &[], effort)
    };
    let key = |template: &Template, row: Value, ratio| key_for(template, row, ratio, Effort::Fast);
    let one = key(&template, json!({"title": {"text": "a"}}), 1.0);
    assert_eq!(one, key(&template, json!({"title": {"text": "b"}}), 1.0), "the same elements");
    assert_ne!(one, key(&template, json!({"tag": {"fill": "red"}}), 1.0), "other elements");
    assert_ne!(one, key(&template, json!({}), 1.0), "no elements");
    assert_ne!(one, key(&template, json!({"title": {"text": "a"}}), 2.0), "another ratio");
    assert_ne!(one, key(&other, json!({"title": {"text": "a"}}), 1.0), "another template");
    let small = key_for(&template, json!({"title": {"text": "a"}}), 1.0, Effort::Small);
    assert_ne!(one, small, "another effort");
}

/// Elements of many kinds, with effects.
fn elements(depth: u32) -> BoxedStrategy<Vec<Value>> {
    prop::collection::vec(element(depth), 1..6).boxed()
}

fn element(depth: u32) -> BoxedStrategy<Value> {
    let place = (-20..300, -20..180, 5..140, 5..90);
    let color = prop::sample::select(vec![
        json!("red"),
        json!("#0a08"),
        json!("white"),
        gradient("#f00", "#00f8"),
    ]);
    let shape = (place.clone(), color, prop::sample::select(vec!["rect", "ellipse", "star"]));
    let shape = shape.prop_map(|((x, y, width, height), fill, kind)| {
        json!({"type": kind, "x": x, "y": y, "width": width, "height": height, "fill": fill})
    });
    let text = (place.clone(), "[a-zÅgj ]{0,12}", 8..40).prop_map(|((x, y, ..), text, size)| {
        json!({"type": "text", "x": x, "y": y, "text": text, "fontSize": size})
    });
    let code = (place, "[a-z]{1,8}").prop_map(|((x, y, width, _), text)| {
        json!({"type": "qrcode", "x": x, "y": y, "width": width + 60, "text": text})
    });
    let leaf = prop_oneof![4 => shape, 3 => text, 1 => code];
    let bare = if depth == 0 {
        leaf.boxed()
    } else {
        let group = (elements(depth - 1), 0..150, 0..90, prop::option::weighted(0.3, element(0)));
        let group = group.prop_map(|(elements, x, y, mask)| {
            let mut group = json!({"type": "group", "x": x, "y": y, "elements": elements});
            if let Some(mask) = mask {
                group["mask"] = mask;
            }
            group
        });
        prop_oneof![3 => leaf, 1 => group].boxed()
    };
    let effects = prop::sample::subsequence(
        vec![
            ("opacity", json!(0.6)),
            ("rotation", json!(25)),
            ("blur", json!(3)),
            ("shadow", json!({"x": 4, "y": 6, "blur": 8, "color": "#000a"})),
            ("innerShadow", json!({"x": 2, "y": 2, "blur": 4})),
            ("blendMode", json!("multiply")),
            ("backgroundBlur", json!(4)),
            ("clipPath", json!("ellipse")),
        ],
        0..3,
    );
    (bare, prop_oneof![2 => Just(Vec::new()), 1 => effects])
        .prop_map(|(mut element, effects)| {
            for (name, value) in effects {
                element[name] = value;
            }
            element
        })
        .boxed()
}

/// Gives every element an id; answers them with their types.
fn name(elements: &mut [Value], ids: &mut Vec<(String, String)>) {
    for element in elements {
        let id = format!("e{}", ids.len());
        ids.push((id.clone(), element["type"].as_str().unwrap().to_owned()));
        element["id"] = json!(id);
        if let Some(Value::Array(members)) = element.get_mut("elements") {
            name(members, ids);
        }
        if let Some(mask) = element.get_mut("mask") {
            name(std::slice::from_mut(mask), ids);
        }
    }
}

/// A value for an element that a row changes.
fn value(kind: &str, how: u8, number: i32) -> Value {
    match (how % 4, kind) {
        (0, _) => json!({"visible": number % 2 == 0}),
        (1, _) => json!({"x": number % 280, "y": number % 170}),
        (2, "rect" | "ellipse" | "star") => {
            json!({"fill": format!("#{:06x}", number * 997 % 0xff_ffff)})
        }
        (2 | 3, "text" | "qrcode") => json!({"text": format!("row {number}")}),
        _ => json!({"rotation": number % 40}),
    }
}

/// The middle of a column of pixels is where the last colour meets the first.
#[test]
fn the_seam_of_a_conic_gradient_is_where_it_is_in_the_whole_picture() {
    let conic = json!({"type": "conic", "stops": [
        {"offset": 0, "color": "#f00"}, {"offset": 1, "color": "#00f"}]});
    check(
        json!([{"id": "own", "type": "rect", "x": 45, "y": 20, "width": 67, "height": 97,
            "shadow": {"x": -8, "y": -4, "blur": 1, "color": "#902804"}}]),
        &[json!({"own": {"fill": conic}}), json!({"own": {"fill": "#000"}})],
    );
}

/// A font whose glyphs are 44 times as high as its letters should be.
#[test]
fn glyphs_far_larger_than_their_em_are_painted_from_outlines() {
    let mut bars = include_bytes!("../../../fonts/tests/fixtures/PixelBars-variable.ttf").to_vec();
    // Units per em, in `head`.
    assert_eq!(bars[222..224], 1000_u16.to_be_bytes(), "the fixture is another");
    bars[222..224].copy_from_slice(&16_u16.to_be_bytes());
    let mut fonts = Fonts::bundled();
    fonts.add(bars).unwrap();
    let bench = &mut Bench::with(&fonts);
    for (size, has_mask) in [(20, true), (30, false)] {
        let text = json!([{"id": "text", "type": "text", "x": 10, "y": 60, "fontSize": size,
            "fontFamily": "Pixel Bars", "color": "#40c"}]);
        let template = template(&text, "#fff");
        let rows = ["A", "B A", "AB"].map(|text| payload(json!({"text": {"text": text}})));
        compare(bench, &template, &rows);
        let bound = bind(&template, &rows[0], 1.0).unwrap();
        let (drawing, _, pixels) = bench.whole(&bound);
        let run = drawing.marks().iter().find_map(|mark| match mark {
            Mark::Glyphs(run) => Some(run),
            _ => None,
        });
        let run = run.unwrap();
        let glyph = run.glyphs[0].id;
        assert_eq!(bench.painter.glyphs.has_mask(run, glyph), has_mask, "at {size} px");
        assert!(pixels.rgba.as_chunks().0.contains(&[68, 0, 204, 255]), "it is seen");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn plans_paint_what_is_painted_without_them(
        mut elements in elements(2),
        background in prop::sample::select(vec![json!("#248"), json!("transparent"), gradient("#fff", "#8af")]),
        columns in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        rows in prop::collection::vec(prop::collection::vec(0..1_000, 4), 1..4),
    ) {
        let mut ids = Vec::new();
        name(&mut elements, &mut ids);
        let template = template(&json!(elements), background);
        let payloads: Vec<Payload> = rows.iter().map(|numbers| {
            let mut payload = Map::new();
            for ((column, how), number) in columns.iter().zip(numbers) {
                let (id, kind) = column.get(&ids);
                payload.insert(id.clone(), value(kind, *how, *number));
            }
            payload
        }).collect();
        compare(&mut Bench::new(), &template, &payloads);
    }
}
