//! The three templates, with their images inline: the demo needs nothing but the binary.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

const PHOTO_JPG: &[u8] = include_bytes!("../../../benches/cards/assets/photo.jpg");
const AVATAR_PNG: &[u8] = include_bytes!("../../../benches/cards/assets/avatar.png");

/// A card with a photograph, stars and a QR code, for social media.
pub(crate) fn photo() -> Result<Value> {
    read(include_str!("../../demo/photo.json"))
}

/// A card in flat colours, for links.
pub(crate) fn og() -> Result<Value> {
    read(include_str!("../../demo/og.json"))
}

/// A badge with a QR code and a barcode, for an event.
pub(crate) fn badge() -> Result<Value> {
    read(include_str!("../../demo/badge.json"))
}

fn read(text: &str) -> Result<Value> {
    let mut template = serde_json::from_str(text)?;
    inline(&mut template);
    Ok(template)
}

/// Puts the images where their names are.
fn inline(value: &mut Value) {
    match value {
        Value::String(text) if text == "photo.jpg" => {
            *text = format!("data:image/jpeg;base64,{}", STANDARD.encode(PHOTO_JPG));
        }
        Value::String(text) if text == "avatar.png" => {
            *text = format!("data:image/png;base64,{}", STANDARD.encode(AVATAR_PNG));
        }
        Value::Array(list) => list.iter_mut().for_each(inline),
        Value::Object(fields) => fields.values_mut().for_each(inline),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::*;

    #[test]
    fn templates_and_rows_fit() {
        for (name, template, payload) in [
            ("photo", photo(), rows::photo(0)),
            ("og", og(), rows::og()),
            ("badge", badge(), rows::badge()),
        ] {
            let bytes = serde_json::to_vec(&template.expect(name)).expect(name);
            let template = pixeldrive_model::parse(&bytes).expect(name);
            let payload = payload.as_object().expect(name);
            pixeldrive_model::bind(&template, payload, 1.0).expect(name);
        }
    }
}
