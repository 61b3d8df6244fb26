//! A template document, with an empty payload.

use pixeldrive_model::{Payload, parse};

use crate::studio::Studio;

/// The bytes are the document.
pub fn template(bytes: &[u8]) {
    if let Ok(template) = parse(bytes) {
        Studio::bundled(|studio| studio.render(&template, &Payload::new(), None));
    }
}
