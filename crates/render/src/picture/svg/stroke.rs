//! How far a stroke unfolds before it is painted.
//!
//! The outline of a stroked curve is made of as many segments as it takes to be exact to a quarter of
//! a pixel. Far from the origin single precision is coarser than that, and the search for an exact
//! outline goes on until it gives up, millions of segments later. usvg does this while it
//! parses, for the sake of bounding boxes, so `guard` has to foresee it from the text alone: it errs on
//! the high side, in documents that have strokes. `cost` knows the exact figures.

use std::str::FromStr;

use resvg::usvg::roxmltree::Node;
use svgtypes::{Length, LengthUnit, SimplePathSegment, SimplifyingPathParser, Transform};

/// Segments of all outlines that usvg makes of a document, and of one that is painted.
pub(super) const SEGMENTS_MAX: f64 = 4e6;
/// Curves in the outline of one character.
const CURVES_PER_BYTE: f64 = 20.0;
/// Curves in an arc of a circle or of a corner.
const CURVES_PER_SHAPE: f64 = 8.0;

/// The widths of strokes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    /// The thinnest.
    pub thin: f64,
    /// The widest.
    pub wide: f64,
}

impl Pen {
    /// One width for all.
    pub(super) fn new(width: f64) -> Self {
        Self { thin: width, wide: width }
    }

    /// Segments that a curve becomes whose points are up to `reach` from the origin: measured, as
    /// all figures here, on curves and widths of every size.
    pub(super) fn segments(self, reach: f64) -> f64 {
        let (reach, thin) = (reach + self.wide, self.thin.max(1e-3));
        let noise = 130.0 * (reach / 1e4).powf(1.5) * thin.powf(-0.5).max(thin.powf(-0.75));
        25.0 + self.wide.sqrt() + noise
    }
}

/// The curves that an element itself draws.
#[derive(Clone, Copy, Default)]
pub(super) struct Curves {
    pub(super) count: f64,
    /// The largest coordinate of any point that places them.
    pub(super) reach: f64,
}

/// What the units of lengths come to at the most.
#[derive(Clone, Copy)]
pub(super) struct Units {
    /// Pixels of an `em`.
    pub(super) font: f64,
    /// Pixels of the largest viewport's longer side.
    pub(super) viewport: f64,
}

impl Units {
    /// A length in px, its sign left out; 0 when it cannot be read, as usvg ignores it then.
    pub(super) fn px(self, text: &str) -> f64 {
        let Ok(Length { number, unit }) = Length::from_str(text.trim()) else { return 0.0 };
        let unit = match unit {
            LengthUnit::None | LengthUnit::Px => 1.0,
            LengthUnit::Em | LengthUnit::Ex => self.font,
            LengthUnit::In => 96.0,
            LengthUnit::Cm => 96.0 / 2.54,
            LengthUnit::Mm => 9.6 / 2.54,
            LengthUnit::Pt => 96.0 / 72.0,
            LengthUnit::Pc => 16.0,
            // Of the diagonal, at most.
            LengthUnit::Percent => self.viewport * std::f64::consts::SQRT_2 / 100.0,
        };
        number.abs() * unit
    }

    /// The sum of the lengths of an attribute that may list several.
    pub(super) fn sum(self, node: Node<'_, '_>, name: &str) -> f64 {
        attributes(node, name).flat_map(words).map(|word| self.px(word)).sum()
    }
}

impl Curves {
    /// Those of one element; `bytes` are the characters that it writes, `spacing` what is put
    /// between them.
    pub(super) fn of(node: Node<'_, '_>, units: Units, bytes: u64, spacing: f64) -> Self {
        let sum = |names: &[&str]| names.iter().map(|name| units.sum(node, name)).sum::<f64>();
        match node.tag_name().name() {
            "path" => path(node),
            "circle" | "ellipse" | "rect" => {
                let names = ["x", "y", "cx", "cy", "r", "rx", "ry", "width", "height"];
                Self { count: CURVES_PER_SHAPE, reach: sum(&names) }
            }
            _ if bytes > 0 => {
                let length = bytes as f64 * (units.font + spacing);
                let names = ["x", "y", "dx", "dy", "textLength"];
                Self { count: CURVES_PER_BYTE * bytes as f64, reach: length + sum(&names) }
            }
            _ => Self::default(),
        }
    }
}

fn path(node: Node<'_, '_>) -> Curves {
    let mut curves = Curves::default();
    for segment in attributes(node, "d").flat_map(SimplifyingPathParser::from) {
        let points = match segment {
            Ok(SimplePathSegment::CurveTo { x1, y1, x2, y2, x, y }) => {
                curves.count += 1.0;
                [x1, y1, x2, y2, x, y]
            }
            Ok(SimplePathSegment::Quadratic { x1, y1, x, y }) => {
                curves.count += 1.0;
                [x1, y1, x, y, x, y]
            }
            Ok(SimplePathSegment::MoveTo { x, y } | SimplePathSegment::LineTo { x, y }) => {
                [x, y, x, y, x, y]
            }
            Ok(SimplePathSegment::ClosePath) => continue,
            // usvg draws what comes before.
            Err(_) => break,
        };
        curves.reach = points.iter().fold(curves.reach, |reach, at| reach.max(at.abs()));
    }
    if curves.count > 0.0 { curves } else { Curves::default() }
}

/// How much larger and how much farther off a transform draws.
pub(super) fn stretch(text: &str) -> (f64, f64) {
    let Ok(Transform { a, b, c, d, e, f }) = Transform::from_str(text.trim()) else {
        return (1.0, 0.0);
    };
    ((a.abs() + c.abs()).max(b.abs() + d.abs()), e.abs().max(f.abs()))
}

/// How much larger the inside of an element with a `viewBox` or with units of its own is drawn.
pub(super) fn zoom(node: Node<'_, '_>, units: Units) -> f64 {
    let of_view = attributes(node, "viewBox").filter_map(|text| {
        let mut sides = words(text).skip(2).map_while(|word| word.parse::<f64>().ok());
        let side = sides.next()?.min(sides.next()?);
        (side > 0.0).then_some(units.viewport / side)
    });
    let names = ["maskContentUnits", "patternContentUnits", "primitiveUnits"];
    let of_box = names.iter().flat_map(|name| attributes(node, name));
    let of_box = of_box.filter(|text| *text == "objectBoundingBox").map(|_| units.viewport);
    of_view.chain(of_box).fold(1.0, f64::max)
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '\t', '\n', '\r']).filter(|word| !word.is_empty())
}

/// An attribute, of whatever namespace: usvg is not particular.
pub(super) fn attributes<'a>(node: Node<'a, '_>, name: &str) -> impl Iterator<Item = &'a str> {
    let found = node.attributes().filter(move |attribute| attribute.name() == name);
    found.map(|attribute| attribute.value())
}
