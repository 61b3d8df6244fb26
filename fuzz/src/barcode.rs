//! Texts of barcodes and QR codes.

use serde_json::json;

use crate::studio::Studio;

/// The first line of the bytes is a symbology, or an error correction of QR codes; the text follows.
pub fn barcode(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (kind, text) = text.split_once('\n').unwrap_or(("code128", text));
    let template = json!({"width": 200, "height": 100, "elements": [
        {"id": "b", "type": "barcode", "width": 200, "height": 100, "symbology": kind, "text": text},
    ]});
    let qrcode = json!({"width": 180, "height": 180, "elements": [
        {"id": "q", "type": "qrcode", "width": 180, "errorCorrection": kind, "text": text},
    ]});
    Studio::bundled(|studio| {
        studio.value(&template, None);
        studio.value(&qrcode, None);
    });
}
