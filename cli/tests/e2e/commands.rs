//! The commands that need no server, and what the binary says when it is told nonsense.

use std::fs;
use std::path::{Path, PathBuf};

use image::GenericImageView;
use serde_json::json;

use crate::process::{Process, Server, TOKEN, pixeldrive, run};

fn cards() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/cards")
}

/// Runs a command in a folder; answers its status, stdout and stderr.
fn run_in(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = pixeldrive(arguments);
    // As on a bare machine: nothing here needs certificates.
    command.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere");
    let ended = command.current_dir(folder).output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (ended.status.code(), text(ended.stdout), text(ended.stderr))
}

#[test]
fn one_picture_is_rendered_offline() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = fs::read_to_string(cards().join("payloads.ndjson")).expect("rows");
    fs::write(folder.path().join("row.json"), row.lines().next().expect("a row")).expect("written");
    let template = cards().join("photo.json");
    let fonts = cards().join("assets");
    let (status, _, errors) = run_in(
        folder.path(),
        &[
            "render",
            template.to_str().expect("a path"),
            "row.json",
            "-o",
            "card.png",
            "--pixel-ratio",
            "0.5",
            "--fonts",
            fonts.to_str().expect("a path"),
            "--strict",
        ],
    );
    assert_eq!(status, Some(0), "{errors}");
    let picture = image::open(folder.path().join("card.png")).expect("a PNG");
    assert_eq!(picture.dimensions(), (600, 315));
}

#[test]
fn what_a_template_carries_is_looked_at_before_the_first_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let template = json!({"width": 40, "height": 40, "elements": [
        {"id": "q", "type": "qrcode", "width": 40, "text": "{{id}}", "color": "#eee"}]});
    fs::write(folder.path().join("card.json"), template.to_string()).expect("written");
    fs::write(folder.path().join("rows.ndjson"), "{}\n").expect("written");
    let (status, _, errors) =
        run_in(folder.path(), &["batch", "card.json", "rows.ndjson", "-o", "out"]);
    assert_eq!(status, Some(1), "{errors}");
    let expected = "card.json: elements[0].color: color and background have a contrast of 1.";
    assert!(errors.contains(expected), "{errors}");
    assert!(!folder.path().join("out").exists(), "nothing was begun");
}

#[test]
fn a_template_is_rendered_in_one_of_its_sizes() {
    let folder = tempfile::tempdir().expect("a folder");
    let template = json!({
        "width": 40, "height": 20, "elements": [{"id": "r", "type": "rect", "width": 9, "height": 9}],
        "sizes": {"story": {"width": 20, "height": 40}},
    });
    fs::write(folder.path().join("card.json"), template.to_string()).expect("written");
    fs::write(folder.path().join("rows.ndjson"), "{}\n").expect("written");
    let render = ["render", "card.json", "rows.ndjson", "-o", "card.png", "--size"];
    let (status, _, errors) = run_in(folder.path(), &[&render[..], &["story"]].concat());
    assert_eq!(status, Some(0), "{errors}");
    let picture = image::open(folder.path().join("card.png")).expect("a PNG");
    assert_eq!(picture.dimensions(), (20, 40), "the story");
    let (status, _, errors) = run_in(folder.path(), &[&render[..], &["storey"]].concat());
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("no size is named `storey`; the template has story"), "{errors}");
    let batch = ["batch", "card.json", "rows.ndjson", "-o", "out", "--size", "story"];
    let (status, _, errors) = run_in(folder.path(), &batch);
    assert_eq!(status, Some(0), "{errors}");
    let file = pictures(&folder.path().join("out")).pop().expect("a picture");
    let picture = image::open(folder.path().join("out").join(file)).expect("a PNG");
    assert_eq!(picture.dimensions(), (20, 40), "the story of a row");
}

#[test]
fn an_effort_changes_the_file_and_not_the_picture() {
    let folder = workshop();
    fs::write(folder.path().join("rows.ndjson"), "{\"name\": {\"text\": \"Ada\"}}\n")
        .expect("written");
    let of = |command: &str, output: &str, effort: &str| {
        let arguments = [command, "t.json", "rows.ndjson", "-o", output, "--effort", effort];
        run_in(folder.path(), &arguments)
    };
    let mut files = Vec::new();
    for effort in ["fast", "small"] {
        let (one, many) = (format!("{effort}.png"), format!("{effort}-rows"));
        for (command, output) in [("render", &one), ("batch", &many)] {
            let (status, _, errors) = of(command, output, effort);
            assert_eq!(status, Some(0), "{errors}");
        }
        let name = pictures(&folder.path().join(&many)).pop().expect("a picture");
        let [one, many] = [one, format!("{many}/{name}")]
            .map(|path| fs::read(folder.path().join(path)).expect("a file"));
        assert_eq!(one, many, "a batch's file is a render's");
        files.push(one);
    }
    let [fast, small] = &files[..] else { panic!("two") };
    assert!(small.len() < fast.len(), "small is {}, fast {} bytes", small.len(), fast.len());
    let [fast, small] = [fast, small].map(|png| image::load_from_memory(png).expect("a PNG"));
    assert_eq!(fast, small, "the same pixels");
    let (status, _, errors) = of("render", "x.png", "max");
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains("`max` is none of fast, balanced, small"), "{errors}");
    assert!(!folder.path().join("x.png").exists(), "nothing is written");
}

#[test]
fn schemas_are_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (status, schema, errors) = run_in(folder.path(), &["schema"]);
    assert_eq!(status, Some(0), "{errors}");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    assert_eq!(schema["title"], "PixelDrive template");
    let template = cards().join("photo.json");
    let arguments = ["schema", template.to_str().expect("a path")];
    let (status, schema, errors) = run_in(folder.path(), &arguments);
    assert_eq!(status, Some(0), "{errors}");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    assert_eq!(schema["properties"]["headline"]["$ref"], "#/$defs/text", "{schema}");
}

/// A folder with a small template in it.
fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let template = json!({
        "width": 160, "height": 80, "background": "#ffffff",
        "elements": [
            {"id": "name", "type": "text", "width": 150, "fontSize": 20},
            {"id": "stars", "type": "rating", "y": 40, "height": 20, "value": 3},
            {"id": "logo", "type": "image", "x": 120, "width": 30, "height": 30, "visible": false},
        ],
    });
    fs::write(folder.path().join("t.json"), template.to_string()).expect("written");
    folder
}

fn pictures(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in &names {
        image::open(folder.join(name)).expect("a PNG");
    }
    names
}

#[test]
fn a_csv_file_becomes_a_folder_of_pictures() {
    let folder = workshop();
    fs::write(
        folder.path().join("rows.csv"),
        "id,name.text,stars.value,name.color,email,Stars\n\
         a/1,Ada,4.5,#be123c,ada@example.com,5\n\
         b2,\"Bob, the builder\",,,,\n\
         c3,Cleo,not a number,,,\n\
         d4,Dan,3,,,\n",
    )
    .expect("written");
    let arguments =
        ["batch", "t.json", "rows.csv", "-o", "out", "--threads", "2", "--name-by", "id"];
    let (status, output, errors) = run_in(folder.path(), &arguments);
    assert_eq!(status, Some(1), "a row failed: {errors}");
    assert!(output.contains("3 completed, 1 failed"), "{output}");
    assert!(output.contains("images/s"), "{output}");
    assert!(errors.contains("row 3: payload.stars.value"), "{errors}");
    assert!(
        errors.contains("column `email` is ignored: it is not of the form element.property\n"),
        "{errors}"
    );
    assert!(errors.contains("element.property; did you mean `stars.value`?"), "{errors}");
    assert_eq!(pictures(&folder.path().join("out")), ["a_1.png", "b2.png", "d4.png"]);
}

#[test]
fn a_wrong_heading_is_said_once_and_nothing_is_rendered() {
    let folder = workshop();
    for (heading, expected) in [
        (
            "nam.text,name.colour",
            "column `nam.text`: no element has this id (did you mean `name`?)",
        ),
        ("name.text,name.colour", "column `name.colour`: unknown property (did you mean `color`?)"),
        ("name.text;name.color", "the columns are separated by ';'; export the file with commas"),
    ] {
        let rows = format!("{heading}\nAda,#be123c\nBob,#be123c\n");
        fs::write(folder.path().join("rows.csv"), rows).expect("written");
        let (status, output, errors) =
            run_in(folder.path(), &["batch", "t.json", "rows.csv", "-o", "out"]);
        assert_eq!((status, output.as_str()), (Some(1), ""), "{errors}");
        assert_eq!(errors.matches(expected).count(), 1, "{errors}");
        assert!(!folder.path().join("out").exists(), "{heading}");
    }
}

#[test]
fn an_ndjson_file_becomes_numbered_pictures() {
    let folder = workshop();
    fs::write(
        folder.path().join("rows.ndjson"),
        "{\"name\": {\"text\": \"Ada\"}}\n\n{\"nobody\": {\"text\": \"x\"}}\n{broken\n{}\n",
    )
    .expect("written");
    let (status, output, errors) =
        run_in(folder.path(), &["batch", "t.json", "rows.ndjson", "-o", "out"]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(output.contains("2 completed, 2 failed"), "{output}");
    assert!(errors.contains("line 3: payload.nobody: no element has this id"), "{errors}");
    assert!(
        errors.contains("line 4: payload: not JSON: key must be a string at column 2"),
        "{errors}"
    );
    assert_eq!(pictures(&folder.path().join("out")), ["0001.png", "0004.png"]);
}

#[test]
fn rows_that_fail_alike_are_told_once() {
    let folder = workshop();
    let rows = "{\"stars\": {\"value\": \"x\"}}\n".repeat(20) + "{}\n";
    fs::write(folder.path().join("rows.ndjson"), rows).expect("written");
    let (status, output, errors) =
        run_in(folder.path(), &["batch", "t.json", "rows.ndjson", "-o", "out"]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(output.contains("1 completed, 20 failed"), "{output}");
    let expected = "error: 20 rows failed alike, first line 1, line 2, line 3: payload.stars.value";
    assert!(errors.contains(expected), "{errors}");
    assert_eq!(errors.matches("payload.stars.value").count(), 2, "the first, and all: {errors}");
}

#[test]
fn a_batch_tells_its_warnings_once() {
    let folder = workshop();
    let rows =
        "{}\n\n{\"name\": {\"text\": \"\u{e001}\"}}\n{\"name\": {\"text\": \"\u{e001}!\"}}\n";
    fs::write(folder.path().join("rows.ndjson"), rows).expect("written");
    let (status, _, errors) =
        run_in(folder.path(), &["batch", "t.json", "rows.ndjson", "-o", "out"]);
    assert_eq!(status, Some(0), "{errors}");
    assert!(errors.contains("warning: glyph_missing in 2 pictures, first in line 3"), "{errors}");
}

#[test]
fn pictures_are_written_to_files_alone() {
    let folder = workshop();
    fs::write(folder.path().join("p.json"), "{}").expect("written");
    fs::create_dir(folder.path().join("folder")).expect("made");
    for (output, expected) in [
        ("/dev/full", "pictures are PNG files; write to /dev/full.png"),
        ("card.jpg", "write to card.png"),
        ("folder", "folder is a folder; give a file in it"),
        ("device.png", "device.png is a device or a pipe"),
    ] {
        let link = folder.path().join("device.png");
        if !link.is_symlink() {
            std::os::unix::fs::symlink("/dev/null", link).expect("linked");
        }
        let (status, _, errors) =
            run_in(folder.path(), &["render", "t.json", "p.json", "-o", output]);
        assert_eq!(status, Some(1), "{output}: {errors}");
        assert!(errors.contains(expected), "{output}: {errors}");
    }
    let mut command = pixeldrive(&["render", "t.json", "p.json", "-o", "-"]);
    let ended = command.current_dir(folder.path()).output().expect("it runs");
    let errors = String::from_utf8(ended.stderr).expect("text");
    assert!(errors.contains("stdout: 160 x 80 px"), "{errors}");
    assert_eq!(image::load_from_memory(&ended.stdout).expect("a PNG").dimensions(), (160, 80));
    fs::write(folder.path().join("rows.ndjson"), "{}").expect("written");
    for (output, expected) in
        [("-", "give a folder, not stdout"), ("t.json", "t.json is a file; give a folder")]
    {
        let (status, _, errors) =
            run_in(folder.path(), &["batch", "t.json", "rows.ndjson", "-o", output]);
        assert_eq!(status, Some(1), "{output}: {errors}");
        assert!(errors.contains(expected), "{output}: {errors}");
    }
}

#[tokio::test]
async fn the_operator_sees_accounts_and_tokens() {
    let (data, server) = Server::fresh(&[]).await;
    let folder = data.path().to_str().expect("a path");
    let admin = |arguments: &[&str]| {
        let ended = run(&[&["admin"], arguments, &["--data", folder]].concat());
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (ended.status.success(), text(ended.stdout), text(ended.stderr))
    };
    let (_, accounts, _) = admin(&["account", "list"]);
    assert!(accounts.contains("10000 credits, 0 held, 0 spent  \"First account\""), "{accounts}");
    let (_, tokens, _) = admin(&["token", "list"]);
    assert!(tokens.contains("…ghij  active  \"first\""), "{tokens}");
    let (fine, output, errors) = admin(&["token", "revoke", TOKEN]);
    assert!(!fine && !errors.contains(TOKEN) && output.is_empty(), "{errors}");
    assert!(errors.contains("this is a token, not the id of one"), "{errors}");
    let (fine, _, errors) = admin(&["credits", "grant", "9223372036854775807"]);
    assert!(!fine && errors.contains("credits must be fewer"), "{errors}");
    let id = tokens.split_whitespace().next().expect("an id");
    assert!(admin(&["token", "revoke", id]).0, "revoked");
    assert!(admin(&["token", "list"]).1.contains("revoked"), "shown so");
    let mode = |path: PathBuf| {
        let found = fs::metadata(path).expect("it is there");
        std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777
    };
    assert_eq!(mode(data.path().join("pixeldrive.db")), 0o600, "the database is its owner's");
    drop(server);
}

#[test]
fn rows_of_one_name_are_refused_before_anything_is_written() {
    let folder = workshop();
    fs::write(folder.path().join("rows.csv"), "id,name.text\nx,A\ny,B\nX,C\n").expect("written");
    let arguments = ["batch", "t.json", "rows.csv", "-o", "out", "--name-by", "id"];
    let (status, _, errors) = run_in(folder.path(), &arguments);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("rows 1 and 3 would both be written to X.png"), "{errors}");
    assert!(!folder.path().join("out").exists(), "nothing is written");
}

#[test]
fn images_stay_in_the_folder_of_the_template() {
    let folder = workshop();
    let inside = folder.path().join("logo.png");
    image::RgbImage::new(8, 8).save(&inside).expect("written");
    for (src, fits) in [("logo.png", true), ("missing.png", false), ("../logo.png", false)] {
        let payload = json!({"logo": {"src": src, "visible": true}});
        fs::write(folder.path().join("p.json"), payload.to_string()).expect("written");
        let (status, _, errors) =
            run_in(folder.path(), &["render", "t.json", "p.json", "-o", "p.png"]);
        assert_eq!(status == Some(0), fits, "{src}: {errors}");
    }
}

#[test]
fn the_demo_shows_what_it_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["demo", "--exit", "--rows", "12", "--gpu", "off", "--sheet", "sheet.png"];
    let (status, output, errors) = run_in(folder.path(), &arguments);
    assert_eq!(status, Some(0), "{output}{errors}");
    assert!(output.contains("12 completed, 0 failed"), "{output}");
    assert!(output.contains("14 of 14 URLs answer 200 with a PNG that decodes"), "{output}");
    let sheet = image::open(folder.path().join("sheet.png")).expect("a PNG");
    assert!(sheet.width() > 1000, "a sheet of {:?}", sheet.dimensions());
}

#[test]
fn the_configuration_is_shown_without_its_secrets() {
    let mut command = pixeldrive(&["serve", "--print-config", "--listen", "127.0.0.1:9999"]);
    command.env("PIXELDRIVE_BOOTSTRAP_TOKEN", TOKEN).env("PIXELDRIVE_DATA", "/srv/pictures");
    let shown = String::from_utf8(command.output().expect("it runs").stdout).expect("text");
    assert!(shown.contains("PIXELDRIVE_LISTEN=127.0.0.1:9999\n"), "{shown}");
    assert!(shown.contains("PIXELDRIVE_DATA=/srv/pictures\n"), "{shown}");
    assert!(shown.contains("PIXELDRIVE_BOOTSTRAP_TOKEN=(hidden)\n"), "{shown}");
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[test]
fn every_fault_of_the_configuration_is_told() {
    let ended = run(&["serve", "--listen", "nowhere", "--store", "ftp:x", "--gpu", "maybe"]);
    let errors = String::from_utf8(ended.stderr).expect("text");
    assert_eq!(ended.status.code(), Some(1), "{errors}");
    for name in ["PIXELDRIVE_LISTEN", "PIXELDRIVE_STORE", "PIXELDRIVE_GPU"] {
        assert!(errors.contains(name), "{name} is not in: {errors}");
    }
}

#[tokio::test]
async fn a_first_start_prints_its_token_once() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().to_str().expect("a path");
    let arguments = ["serve", "--data", folder, "--listen", "127.0.0.1:0", "--gpu", "off"];
    let process = Process::start(pixeldrive(&arguments));
    let token = process.line("    pdrv_");
    let base = process.line("Listening on ");
    let client = crate::client::Client::new(&base, &format!("pdrv_{token}"));
    assert_eq!(client.credits().await, 10_000);

    // The folder has one server at a time.
    let ended = run(&arguments);
    let errors = String::from_utf8(ended.stderr).expect("text");
    assert!(errors.contains("another pixeldrive serves"), "{errors}");
    drop(process);

    let Server { client: stranger, process: _process } = Server::start(data.path(), &[]).await;
    assert_eq!(stranger.get("/v1/account").await.0, 401, "a later start changes no token");
    let client = stranger.with_token(&format!("pdrv_{token}"));
    assert_eq!(client.credits().await, 10_000, "the first token stays");
}
