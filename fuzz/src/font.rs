//! A font file: checked as an upload is, then set and painted.

use bytes::Bytes;
use pixeldrive_fonts::{Glyphs, families, read};
use pixeldrive_render::{Font, Fonts};
use serde_json::json;

use crate::studio::Studio;

/// Letters of the seeds in several scripts, ligatures, marks, and an emoji with its selector.
const TEXT: &str =
    "A fi 1/2 é\u{301} ab\u{ad}cd · سلام שלום ไทย क्षि 한글 漢字 😀❤\u{fe0f} \u{0}\u{1}I";

/// The bytes are the file.
pub fn font(bytes: &[u8]) {
    let Ok(file) = read(Bytes::copy_from_slice(bytes), Glyphs::All) else { return };
    // What layout cannot find by its name is refused there.
    let Ok(font) = Font::new(file.hash, file.sfnt.clone()) else { return };
    let mut studio = Studio::new(&Fonts::bundled().with(&[font]));
    for family in families(&file.faces).into_iter().take(2) {
        let template = json!({"width": 200, "height": 200, "elements": [
            {"id": "a", "type": "text", "width": 200, "height": 90, "text": TEXT, "fontFamily": family,
             "fontSize": 40, "minFontSize": 9, "overflow": "shrink", "textDecoration": "underline",
             "stroke": "red", "textWrap": "balance"},
            {"id": "b", "type": "text", "y": 90, "width": 200, "text": TEXT, "fontFamily": family,
             "fontWeight": 900, "fontStyle": "italic", "fontStretch": 150, "letterSpacing": 2,
             "fontVariationSettings": "\"wght\" 333, \"opsz\" 9", "fontFeatureSettings": "\"smcp\" 1"},
            {"id": "c", "type": "svg", "width": 200, "height": 90, "svg": format!(
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 200 90'>\
                 <text y='40' font-size='30' font-family=\"{family}\">Afi é 😀 I</text></svg>")},
        ]});
        studio.value(&template, None);
    }
}
