//! An SVG document, checked, laid out and painted upright and turned.

use serde_json::json;

use crate::studio::Studio;

/// The bytes are the document.
pub fn svg(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let template = json!({"width": 120, "height": 80, "elements": [
        {"id": "a", "type": "svg", "width": 60, "height": 80, "svg": text, "color": "#12345678"},
        {"id": "b", "type": "svg", "x": 60, "width": 60, "height": 80, "rotation": 30, "svg": text,
         "objectFit": "cover"},
    ]});
    Studio::bundled(|studio| studio.value(&template, None));
}
