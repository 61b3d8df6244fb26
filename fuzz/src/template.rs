//! A template document, looked at as when it is stored, and rendered with an empty payload.

use pixeldrive_model::{Payload, parse, parse_with};
use pixeldrive_render::inspect;

use crate::studio::Studio;

/// The bytes are the document.
pub fn template(bytes: &[u8]) {
    _ = parse_with(bytes, &inspect);
    if let Ok(template) = parse(bytes) {
        Studio::bundled(|studio| studio.render(&template, &Payload::new(), None));
    }
}
