//! Whether a scanner can tell a code from its background.

use pixeldrive_model::{Color, Paint};

/// Smallest contrast ratio of a code, as WCAG defines the ratio. Print standards ask for more, phone
/// cameras manage with less.
pub(crate) const CONTRAST_MIN: f64 = 2.5;

/// Places looked at between two stops of a gradient, the first of them included.
const SAMPLES: u8 = 8;

/// What is wrong with a paint, at whichever place it is worst.
pub(crate) fn paint_fault(paint: &Paint, background: Color, inverse: Inverse) -> Option<String> {
    let colors = match paint {
        Paint::None => vec![Color::TRANSPARENT],
        Paint::Solid(color) => return fault(*color, background, inverse),
        Paint::Gradient(gradient) => {
            let stops: Vec<Color> = gradient.stops.iter().map(|stop| stop.color).collect();
            let pairs = stops.windows(2).flat_map(|pair| {
                (0..SAMPLES)
                    .map(|step| between(pair[0], pair[1], f64::from(step) / f64::from(SAMPLES)))
            });
            pairs.chain(stops.last().copied()).collect()
        }
    };
    if let Some(fault) = colors.iter().find_map(|color| fault(*color, background, inverse)) {
        return Some(fault);
    }
    let darker = |color: &Color| luminance(over(*color, background)) < luminance(background);
    let mixed = background.a == 255 && colors.iter().any(darker) && !colors.iter().all(darker);
    mixed.then(|| {
        "the gradient is darker than the background here and lighter there; scanners need one of them"
            .to_owned()
    })
}

/// How a code is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    /// The code's own background.
    pub background: Color,
    /// An opaque colour below it.
    pub ground: Color,
    /// How much of the code is seen; the rest is the ground.
    pub opacity: f64,
}

/// The same of what is seen of a paint.
pub(crate) fn seen_fault(paint: &Paint, sight: Sight, inverse: Inverse) -> Option<String> {
    let Sight { background, ground, opacity } = sight;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction")]
    let a = (opacity * 255.0).round() as u8;
    let faded = |color: Color| over(Color { a, ..color }, ground);
    let background = over(background, ground);
    let seen = |color: Color| faded(over(color, background));
    let paint = match paint {
        Paint::None => Paint::None,
        Paint::Solid(color) => Paint::Solid(seen(*color)),
        Paint::Gradient(gradient) => {
            let mut gradient = gradient.clone();
            gradient.stops.iter_mut().for_each(|stop| stop.color = seen(stop.color));
            Paint::Gradient(gradient)
        }
    };
    paint_fault(&paint, faded(background), inverse)
}

fn between(from: Color, to: Color, share: f64) -> Color {
    let mix = |from: u8, to: u8| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between them")]
        let mixed = (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
        mixed
    };
    Color { r: mix(from.r, to.r), g: mix(from.g, to.g), b: mix(from.b, to.b), a: mix(from.a, to.a) }
}

/// What is wrong with these colours; `None` when a scanner can work with them. A background that lets
/// light through is not judged: what it lies on is not known here, see [`seen_fault`].
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
    use pixeldrive_model::{Gradient, GradientKind, SpreadMethod, Stop};

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
    fn gradients_are_looked_at_all_along() {
        let check = |from: &str, to: &str, background: &str, expected: &str| {
            let stop = |offset, color| Stop { offset, color: Color::parse(color).unwrap() };
            let stops = vec![stop(0.0, from), stop(1.0, to)];
            let kind = GradientKind::Linear { angle: 90.0 };
            let paint = Paint::Gradient(Gradient { kind, stops, spread: SpreadMethod::Pad });
            let background = Color::parse(background).unwrap();
            let found = paint_fault(&paint, background, Inverse::Allowed).unwrap_or_default();
            assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
        };
        check("#1e3a8a", "#7c3aed", "white", "");
        check("#1e3a8a", "#fde68a", "white", "contrast of");
        check("black", "white", "#777777", "contrast of");
        // Red and blue are light enough each, what lies between them is not.
        check("#a80000", "#a80000", "black", "");
        check("#1414ff", "#1414ff", "black", "");
        check("#a80000", "#1414ff", "black", "contrast of");
    }

    #[test]
    fn what_a_background_lies_on_is_not_judged() {
        check("white", "#00000000", Inverse::Refused, "");
    }

    #[test]
    fn a_code_is_judged_as_it_is_seen() {
        let check = |background: &str, ground: &str, opacity: f64, expected: &str| {
            let parse = |text| Color::parse(text).unwrap();
            let sight = Sight { background: parse(background), ground: parse(ground), opacity };
            let found = seen_fault(&Paint::Solid(Color::BLACK), sight, Inverse::Allowed);
            let found = found.unwrap_or_default();
            assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
        };
        check("white", "white", 1.0, "");
        check("white", "white", 0.5, "");
        check("white", "white", 0.3, "contrast of 2.1 to 1");
        check("white", "black", 0.5, "");
        check("#00000000", "white", 1.0, "");
        check("#00000000", "#1e293b", 1.0, "contrast of 1.4 to 1");
        check("#ffffff80", "black", 1.0, "");
        check("#ffffff20", "black", 1.0, "contrast of 1.3 to 1");
    }
}
