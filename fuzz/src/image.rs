//! An image file of any format, decoded, scaled and painted upright, cropped, turned and rounded.

use bytes::Bytes;
use pixeldrive_render::Asset;
use serde_json::json;

use crate::studio::Studio;

/// Pixels of a file. Those of larger ones take the time that they should.
const FILE_PX_MAX: f64 = 1e6;

/// The bytes are the file.
pub fn image(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let Ok((width, height)) = Asset::read(bytes.clone()).map(|asset| asset.size()) else { return };
    if width * height > FILE_PX_MAX {
        return;
    }
    let template = json!({"width": 120, "height": 80, "elements": [
        {"id": "a", "type": "image", "src": "a", "width": 60, "height": 40, "objectFit": "contain"},
        {"id": "b", "type": "image", "src": "a", "x": 55, "width": 61, "height": 39, "rotation": 20},
        {"id": "c", "type": "image", "src": "a", "y": 40, "width": 7, "height": 40, "objectFit": "fill"},
        {"id": "d", "type": "image", "src": "a", "x": 30, "y": 35, "width": 90, "height": 60,
         "borderRadius": 9, "objectPosition": "10% 90%"},
    ]});
    Studio::bundled(|studio| studio.value(&template, Some(bytes)));
}
