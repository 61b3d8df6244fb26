//! Whether a scanner can tell a code from its background.

use pixeldrive_model::Color;

/// Smallest contrast ratio of a code, as WCAG defines the ratio. Print standards ask for more, phone
/// cameras manage with less.
pub(crate) const CONTRAST_MIN: f64 = 2.5;

/// What is wrong with these colours; `None` when a scanner can work with them. A background that lets
/// light through is not judged: what it lies on is not known here.
pub(crate) fn fault(color: Color, background: Color, inverse: Inverse) -> Option<String> {
    if color.a == 0 {
        return Some("the color is transparent".to_owned());
    }
    if background.a < 255 {
        return None;
    }
    let (bars, space) = (luminance(over(color, background)), luminance(background));
    let ratio = (bars.max(space) + 0.05) / (bars.min(space) + 0.05);
    if ratio < CONTRAST_MIN {
        return Some(format!(
            "color and background have a contrast of {ratio:.1} to 1, scanners need \
             {CONTRAST_MIN} to 1; darken the color or lighten the background"
        ));
    }
    (bars > space && inverse == Inverse::Refused).then(|| {
        "the bars are lighter than the background, which many scanners cannot read; exchange color \
         and background"
            .to_owned()
    })
}

/// Whether light on dark will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inverse {
    /// The standard provides for it.
    Allowed,
    /// Many scanners do not read it.
    Refused,
}

/// `color` laid over an opaque background.
fn over(color: Color, background: Color) -> Color {
    let mix = |top: u8, below: u8| {
        let alpha = u32::from(color.a);
        let mixed = (u32::from(top) * alpha + u32::from(below) * (255 - alpha) + 127) / 255;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    };
    Color::rgb(mix(color.r, background.r), mix(color.g, background.g), mix(color.b, background.b))
}

/// Relative luminance of an opaque sRGB colour.
fn luminance(color: Color) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(color: &str, background: &str, inverse: Inverse, expected: &str) {
        let parse = |text| Color::parse(text).unwrap();
        let found = fault(parse(color), parse(background), inverse).unwrap_or_default();
        assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
    }

    #[test]
    fn faint_codes_are_refused() {
        check("black", "white", Inverse::Refused, "");
        check("#111827", "#fde68a", Inverse::Refused, "");
        check("#cccccc", "white", Inverse::Refused, "contrast of 1.6 to 1");
        check("#00000040", "white", Inverse::Refused, "contrast of 1.8 to 1");
        check("black", "#222222", Inverse::Allowed, "contrast of 1.3 to 1");
        check("#00000000", "white", Inverse::Refused, "transparent");
    }

    #[test]
    fn light_on_dark_is_for_qr_codes_alone() {
        check("white", "black", Inverse::Allowed, "");
        check("white", "black", Inverse::Refused, "lighter than the background");
    }

    #[test]
    fn what_a_background_lies_on_is_not_judged() {
        check("white", "#00000000", Inverse::Refused, "");
    }
}
