//! What makes two pictures the same picture.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use pixeldrive_model::{Epoch, FieldsHash, Payload, fields_hash, parse};

fn name(template: &str, payload: &str, ratio: f64, epoch: &Epoch) -> FieldsHash {
    let payload: Payload = serde_json::from_str(payload).unwrap();
    fields_hash(&parse(template.as_bytes()).unwrap().hash, &payload, ratio, epoch)
}

#[test]
fn equal_content_has_one_name_and_any_change_another() {
    let epoch = Epoch::new(Vec::new());
    let template = r#"{"name": "a", "width": 10, "height": 20, "elements": []}"#;
    let payload = r#"{"b": {"text": "x", "fontSize": 12}, "a": {"value": 1}}"#;
    let base = name(template, payload, 1.0, &epoch);
    assert_eq!(base.as_str().len(), FieldsHash::LEN, "{base}");
    assert_eq!(base.as_str().parse(), Ok(base.clone()), "it reads what it writes");

    let reordered = r#"{"a": {"value": 1.0}, "b": {"fontSize": 12.0, "text": "\u0078"}}"#;
    assert_eq!(name(template, reordered, 1.0, &epoch), base, "spelling does not matter");
    let renamed = r#"{"elements": [], "height": 20, "width": 10, "name": "b"}"#;
    assert_eq!(name(renamed, payload, 1.0, &epoch), base, "nor does the template's name");

    let other_epoch = Epoch::new(vec![[7; 32]]);
    let taller = r#"{"name": "a", "width": 10, "height": 21, "elements": []}"#;
    for (what, other) in [
        ("template", name(taller, payload, 1.0, &epoch)),
        ("payload", name(template, r#"{"a": {"value": 1}}"#, 1.0, &epoch)),
        ("pixel ratio", name(template, payload, 2.0, &epoch)),
        ("epoch", name(template, payload, 1.0, &other_epoch)),
    ] {
        assert_ne!(other, base, "{what}");
    }
}

#[test]
fn an_epoch_depends_on_the_fonts_and_not_on_their_order() {
    assert_eq!(Epoch::new(vec![[1; 32], [2; 32]]), Epoch::new(vec![[2; 32], [1; 32]]), "order");
    assert_ne!(Epoch::new(vec![[1; 32]]), Epoch::new(vec![[2; 32]]), "fonts");
    assert_ne!(Epoch::new(vec![[1; 32]]), Epoch::new(Vec::new()), "no fonts");
}

#[test]
fn names_that_could_leave_the_folder_are_no_names() {
    for bad in ["", "short", "ABCDEFGHIJKLMNOP", "../../etc/passwd", "abcdefghijklmno/"] {
        assert!(bad.parse::<FieldsHash>().is_err(), "{bad}");
    }
}
