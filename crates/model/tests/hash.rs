//! What makes two pictures the same picture.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use pixeldrive_model::{
    Effort, Epoch, FieldsHash, FontHash, Kind, Payload, bind, fields_hash, font_key, parse,
};

fn name(template: &str, payload: &str, ratio: f64, epoch: &Epoch) -> FieldsHash {
    let payload: Payload = serde_json::from_str(payload).unwrap();
    fields_hash(
        &parse(template.as_bytes()).unwrap().hash,
        &payload,
        ratio,
        Effort::Fast,
        epoch,
        &[],
    )
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

    let pointed =
        r#"{"$schema": "https://example.com/s.json", "width": 10, "height": 20, "elements": []}"#;
    assert_eq!(name(pointed, payload, 1.0, &epoch), base, "nor where its schema is");

    let other_epoch = Epoch::new(vec![[7; 32]]);
    let taller = r#"{"name": "a", "width": 10, "height": 21, "elements": []}"#;
    let with_data = r#"{"b": {"text": "x", "fontSize": 12}, "a": {"value": 1}, "user": ["x"]}"#;
    for (what, other) in [
        ("template", name(taller, payload, 1.0, &epoch)),
        ("payload", name(template, r#"{"a": {"value": 1}}"#, 1.0, &epoch)),
        ("data that no element has the name of", name(template, with_data, 1.0, &epoch)),
        ("pixel ratio", name(template, payload, 2.0, &epoch)),
        ("epoch", name(template, payload, 1.0, &other_epoch)),
    ] {
        assert_ne!(other, base, "{what}");
    }
}

#[test]
fn uploaded_fonts_are_part_of_the_name_and_none_are_not() {
    let template = parse(br#"{"width": 10, "height": 20, "elements": []}"#).unwrap().hash;
    let (payload, epoch) = (Payload::new(), Epoch("1".to_owned()));
    let name =
        |fonts: &[FontHash]| fields_hash(&template, &payload, 1.0, Effort::Fast, &epoch, fonts);
    let (one, other) = (FontHash([1; 32]), FontHash([2; 32]));
    assert_eq!(
        name(&[]).as_str(),
        "ztwmrw5bgimzlmud",
        "as it was before there were uploaded fonts"
    );
    assert_ne!(name(&[one]), name(&[]), "a font");
    assert_ne!(name(&[one]), name(&[other]), "another font");
    assert_eq!(name(&[one, other]), name(&[other, one]), "the order does not matter");
    let hash = FontHash::of(b"a font");
    assert_eq!(hash.to_string().parse(), Ok(hash), "it reads what it writes");
    assert_eq!(font_key(&one), format!("font/{}", "01".repeat(32)), "where it is kept");
    let json = serde_json::to_string(&[one]).unwrap();
    assert_eq!(serde_json::from_str::<Vec<FontHash>>(&json).unwrap(), [one], "{json}");
}

/// A file's bytes depend on the effort, so each has a name of its own.
#[test]
fn efforts_have_names_of_their_own() {
    let template = parse(br#"{"width": 10, "height": 20, "elements": []}"#).unwrap().hash;
    let (payload, epoch) = (Payload::new(), Epoch("1".to_owned()));
    let font = FontHash([1; 32]);
    let mut names = std::collections::BTreeSet::new();
    for effort in Effort::ALL {
        for fonts in [&[][..], &[font], &[font, font]] {
            names.insert(fields_hash(&template, &payload, 1.0, effort, &epoch, fonts));
        }
    }
    assert_eq!(names.len(), 9, "{names:?}");
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

/// Numbers are named as doubles: what has one name must be shown as one text, or be refused.
#[test]
fn numbers_with_one_name_are_shown_as_one_text() {
    let epoch = Epoch::new(Vec::new());
    let template = r#"{"width": 10, "height": 20, "elements": [
        {"id": "t", "type": "text", "text": "{{n}}"}]}"#;
    let shown = |number: &str| {
        let payload: Payload = serde_json::from_str(&format!("{{\"n\": {number}}}")).unwrap();
        let bound = bind(&parse(template.as_bytes()).unwrap(), &payload, 1.0).ok()?;
        let Kind::Text(text) = &bound.elements[0].kind else { panic!("a text") };
        Some(text.text.clone())
    };
    for [one, other] in [
        ["3", "3.0"],
        ["0", "-0.0"],
        ["1000", "1e3"],
        ["0.1", "0.10000000000000001"],
        ["9007199254740991", "9007199254740991.0"],
        ["9007199254740992", "9007199254740993"],
        ["100000000000000000000", "1e20"],
    ] {
        let [named, also] =
            [one, other].map(|n| name(template, &format!("{{\"n\": {n}}}"), 1.0, &epoch));
        assert_eq!(named, also, "{one} and {other} have one name");
        assert_eq!(shown(one), shown(other), "{one} and {other} are shown alike");
    }
    assert_eq!(shown("9007199254740992"), None, "refused");
}
