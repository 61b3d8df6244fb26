//! What is done to an element as a whole: how it blends, what cuts it and what masks it.
//!
//! Deliberately absent: shadows, which texts have too (`text.rs`).

use serde_json::{Value, json};

use crate::faults::Faults;
use crate::limits::COORDINATE_PX_MAX;
use crate::property::{Property, properties, words};
use crate::schema::Defs;
use crate::{Corners, PathData};

words! {
    /// How colours mix with those below, by the words of CSS.
    pub enum BlendMode {
        /// Those on top.
        Normal = "normal",
        /// Multiplied: darker.
        Multiply = "multiply",
        /// Multiplied inversely: lighter.
        Screen = "screen",
        /// Multiplied where it is dark below, screened where it is light.
        Overlay = "overlay",
        /// The darker of each channel.
        Darken = "darken",
        /// The lighter of each channel.
        Lighten = "lighten",
        /// Those below, brightened.
        ColorDodge = "color-dodge",
        /// Those below, darkened.
        ColorBurn = "color-burn",
        /// Multiplied where it is dark on top, screened where it is light.
        HardLight = "hard-light",
        /// The same, softly.
        SoftLight = "soft-light",
        /// The difference of each channel.
        Difference = "difference",
        /// The same with less contrast.
        Exclusion = "exclusion",
        /// The hue from the top, saturation and lightness from below.
        Hue = "hue",
        /// The saturation from the top, hue and lightness from below.
        Saturation = "saturation",
        /// Hue and saturation from the top, lightness from below.
        Color = "color",
        /// The lightness from the top, hue and saturation from below.
        Luminosity = "luminosity",
    }
}

words! {
    /// What of a mask shows what is below it.
    pub enum MaskType {
        /// How opaque it is.
        Alpha = "alpha",
        /// How light it is.
        Luminance = "luminance",
    }
}

properties! {
    /// How a group's mask is read.
    pub struct Masking {
        /// What of the mask shows the group.
        "maskType" mask_type: MaskType = MaskType::Alpha;
        /// Whether the mask hides what it would show.
        "maskInverted" mask_inverted: bool = false;
    }
}

/// What an element is cut to, in px from the top left of its box.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClipPath {
    /// It is not cut.
    #[default]
    None,
    /// The largest circle around the centre of the box.
    Circle,
    /// The ellipse that touches the sides of the box.
    Ellipse,
    /// The box without margins at its sides.
    Inset {
        /// Margins: top, right, bottom, left.
        margins: [f64; 4],
        /// Radii of its corners.
        corners: Corners,
    },
    /// A path.
    Path(PathData),
}

impl Property for ClipPath {
    fn read(value: &Value) -> Result<Self, Faults> {
        let expected = || {
            "expected \"circle\", \"ellipse\", \"inset(10px 20px round 8px)\", SVG path data or \
             \"none\""
        };
        if value.is_null() {
            return Ok(Self::None);
        }
        let text = value.as_str().ok_or_else(expected)?.trim();
        match text.trim_end_matches("()") {
            "none" => return Ok(Self::None),
            "circle" => return Ok(Self::Circle),
            "ellipse" => return Ok(Self::Ellipse),
            _ => {}
        }
        if let Some(inside) = text.strip_prefix("inset(").and_then(|text| text.strip_suffix(')')) {
            return Ok(inset(inside)?);
        }
        if text.starts_with(['M', 'm']) {
            PathData::read(value).map(Self::Path)
        } else {
            Err(expected().into())
        }
    }

    fn write(&self) -> Value {
        let px = |sides: &[f64; 4]| sides.map(|px| format!("{px}px")).join(" ");
        match self {
            Self::None => json!("none"),
            Self::Circle => json!("circle"),
            Self::Ellipse => json!("ellipse"),
            Self::Inset { margins, corners } => {
                json!(format!("inset({} round {})", px(margins), px(&corners.0)))
            }
            Self::Path(path) => path.write(),
        }
    }

    fn schema(_: &mut Defs) -> Value {
        json!({
            "type": ["string", "null"],
            "examples": ["circle", "ellipse", "inset(10px 20px round 8px)", "M0 0H24V24Z"],
        })
    }
}

/// What stands between the brackets of CSS's `inset()`.
fn inset(text: &str) -> Result<ClipPath, String> {
    let (margins, corners) = text.split_once("round").unwrap_or((text, "0"));
    Ok(ClipPath::Inset { margins: sides(margins)?, corners: Corners(sides(corners)?) })
}

/// One to four lengths in px, in the order of CSS: those that are not given are as those across.
fn sides(text: &str) -> Result<[f64; 4], String> {
    let length = |word: &str| {
        let number = word.strip_suffix("px").unwrap_or(word).parse::<f64>();
        let within = |px: &f64| (0.0..=COORDINATE_PX_MAX).contains(px);
        number.ok().filter(within).ok_or_else(|| {
            format!("`{word}` is no length in px from 0 to {COORDINATE_PX_MAX} (such as 10px)")
        })
    };
    // A sentence sent by mistake is not repeated at length.
    let words: Vec<&str> = text.split_ascii_whitespace().take(5).collect();
    match *words.iter().map(|word| length(word)).collect::<Result<Vec<_>, _>>()? {
        [all] => Ok([all; 4]),
        [top, right] => Ok([top, right, top, right]),
        [top, right, bottom] => Ok([top, right, bottom, right]),
        [top, right, bottom, left] => Ok([top, right, bottom, left]),
        _ => Err("inset() has one to four margins, and after `round` one to four radii".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: Value, expected: Result<ClipPath, &str>) {
        match (ClipPath::read(&value), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{value}"),
            (Err(found), Err(part)) => {
                assert!(found.to_string().contains(part), "{value}: {found}")
            }
            (found, expected) => panic!("{value}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn clips_are_those_of_css() {
        let inset = |margins, corners| ClipPath::Inset { margins, corners: Corners(corners) };
        check(json!("none"), Ok(ClipPath::None));
        check(json!(null), Ok(ClipPath::None));
        check(json!("circle"), Ok(ClipPath::Circle));
        check(json!("ellipse()"), Ok(ClipPath::Ellipse));
        check(json!("inset(10px)"), Ok(inset([10.0; 4], [0.0; 4])));
        check(json!("inset(1px 2px round 3px)"), Ok(inset([1.0, 2.0, 1.0, 2.0], [3.0; 4])));
        check(
            json!("inset(1 2 3 round 4px 5px 6px 7px)"),
            Ok(inset([1.0, 2.0, 3.0, 2.0], [4.0, 5.0, 6.0, 7.0])),
        );
        let triangle = "M0 0H10L5 9Z";
        check(json!(triangle), Ok(ClipPath::Path(PathData::known(triangle))));
        check(json!("M0 0 L"), Err("no SVG path data"));
        check(json!("inset()"), Err("one to four margins"));
        check(json!("inset(1 2 3 4 5)"), Err("one to four margins"));
        check(json!("inset(-1px)"), Err("`-1px` is no length"));
        check(json!("inset(10%)"), Err("`10%` is no length"));
        check(json!("polygon(0 0, 1px 1px)"), Err("expected \"circle\""));
        check(json!(5), Err("expected \"circle\""));
    }
}
