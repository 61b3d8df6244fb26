//! A row's payload, bound to templates that use all there is.

use pixeldrive_model::{Template, parse, parse_payload};

use crate::studio::Studio;

/// Templates whose ids are short, so that payloads find them: one of every element, and placeholders of
/// every format. A value that suits one format is an error for another, so each has a template.
const TEMPLATES: [&str; 6] = [
    include_str!("../templates/elements.json"),
    include_str!("../templates/plain.json"),
    include_str!("../templates/numbers.json"),
    include_str!("../templates/percents.json"),
    include_str!("../templates/dates.json"),
    include_str!("../templates/times.json"),
];

thread_local! {
    static PARSED: Vec<Template> = TEMPLATES
        .map(|text| parse(text.as_bytes()).expect("a template without a fault"))
        .into();
}

/// The bytes are the payload.
pub fn payload(bytes: &[u8]) {
    let Ok(payload) = parse_payload(bytes) else { return };
    PARSED.with(|templates| {
        for template in templates {
            Studio::bundled(|studio| studio.render(template, &payload, None));
        }
    });
}
