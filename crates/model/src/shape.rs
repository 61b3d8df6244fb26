//! Shapes: rectangles, ellipses, lines, polygons, stars and paths, with what fills and outlines them.

use serde_json::{Value, json};

use crate::faults::{Faults, each};
use crate::limits::{
    COORDINATE_PX_MAX, CORNERS_MAX, CORNERS_MIN, DASHES_MAX, MITER_LIMIT_MAX, STROKE_WIDTH_PX_MAX,
};
use crate::property::{Property, properties, within, words};
use crate::schema::Defs;
use crate::{Color, Corners, Fill, Length, Paint, PathData};

/// Declares a shape: its own properties, and those that all shapes have.
macro_rules! shape {
    ($(#[doc = $about:literal])+ pub struct $Name:ident { $($own:tt)* }) => {
        properties! {
            $(#[doc = $about])+
            pub struct $Name {
                $($own)*
                /// Inside.
                "fill" fill: Fill = Fill::Paint(Paint::Solid(Color::BLACK));
                /// Outline.
                "stroke" stroke: Paint = Paint::None;
                /// Outline width in px.
                "strokeWidth" stroke_width: f64 = 1.0, in 0.0..=STROKE_WIDTH_PX_MAX;
                /// On which side of the edge the outline lies.
                "strokeAlign" stroke_align: StrokeAlign = StrokeAlign::Center;
                /// Corners of the outline.
                "strokeLinejoin" stroke_linejoin: LineJoin = LineJoin::Miter;
                /// How far a mitred corner may reach, in widths of the outline; others are cut off.
                "strokeMiterlimit" stroke_miterlimit: f64 = 4.0, in 1.0..=MITER_LIMIT_MAX;
                /// Ends of open outlines and of dashes.
                "strokeLinecap" stroke_linecap: LineCap = LineCap::Butt;
                /// Lengths of dashes and gaps by turns, in px.
                "strokeDasharray" stroke_dasharray: Dashes = Dashes::default();
                /// How far into the pattern the outline begins, in px.
                "strokeDashoffset" stroke_dashoffset: f64 = 0.0, in -COORDINATE_PX_MAX..=COORDINATE_PX_MAX;
            }
        }

        impl $Name {
            /// Its outline.
            #[must_use]
            pub fn outline(&self) -> Outline<'_> {
                Outline {
                    paint: &self.stroke,
                    width: self.stroke_width,
                    align: self.stroke_align,
                    join: self.stroke_linejoin,
                    miter_limit: self.stroke_miterlimit,
                    cap: self.stroke_linecap,
                    dashes: &self.stroke_dasharray.0,
                    dash_offset: self.stroke_dashoffset,
                }
            }
        }
    };
}

/// How a shape is outlined.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the properties of the same names say it")]
pub struct Outline<'a> {
    pub paint: &'a Paint,
    pub width: f64,
    pub align: StrokeAlign,
    pub join: LineJoin,
    pub miter_limit: f64,
    pub cap: LineCap,
    pub dashes: &'a [f64],
    pub dash_offset: f64,
}

shape! {
    /// A rectangle.
    pub struct Rect {
        /// Corner radii.
        "borderRadius" border_radius: Corners = Corners([0.0; 4]);
    }
}

shape! {
    /// An ellipse that touches the four sides of its box.
    pub struct Ellipse {}
}

shape! {
    /// A polygon with equal sides, stretched to its box; its corners lie on the ellipse in the box,
    /// the first one at the top.
    pub struct Polygon {
        /// How many sides it has.
        "sides" sides: u32 = 6, in CORNERS_MIN..=CORNERS_MAX;
    }
}

shape! {
    /// A star stretched to its box; its points lie on the ellipse in the box, the first one at the top.
    pub struct Star {
        /// How many points it has.
        "points" points: u32 = 5, in CORNERS_MIN..=CORNERS_MAX;
        /// How far from the centre the corners between the points lie, as a share of the way out.
        "innerRadius" inner_radius: f64 = 0.4, in 0.0..=1.0;
    }
}

shape! {
    /// A shape given by SVG path data, in px from the top left of its box.
    pub struct Path {
        /// The path data.
        "d" d: PathData = PathData::default();
        /// What is inside where the path crosses itself.
        "fillRule" fill_rule: FillRule = FillRule::Nonzero;
    }
}

properties! {
    /// A line from the top left of its box to the bottom right.
    pub struct Line {
        /// Its colour.
        "stroke" stroke: Paint = Paint::Solid(Color::BLACK);
        /// Width in px.
        "strokeWidth" stroke_width: f64 = 1.0, in 0.0..=STROKE_WIDTH_PX_MAX;
        /// Its ends, and those of dashes.
        "strokeLinecap" stroke_linecap: LineCap = LineCap::Butt;
        /// Lengths of dashes and gaps by turns, in px.
        "strokeDasharray" stroke_dasharray: Dashes = Dashes::default();
        /// How far into the pattern the line begins, in px.
        "strokeDashoffset" stroke_dashoffset: f64 = 0.0, in -COORDINATE_PX_MAX..=COORDINATE_PX_MAX;
        /// What stands at its start.
        "markerStart" marker_start: Marker = Marker::None;
        /// What stands at its end.
        "markerEnd" marker_end: Marker = Marker::None;
        /// Size of those, in widths of the line.
        "markerSize" marker_size: f64 = 4.0, in 1.0..=100.0;
    }
}

impl Line {
    /// Its outline: the line itself.
    #[must_use]
    pub fn outline(&self) -> Outline<'_> {
        Outline {
            paint: &self.stroke,
            width: self.stroke_width,
            align: StrokeAlign::Center,
            join: LineJoin::Miter,
            miter_limit: 4.0,
            cap: self.stroke_linecap,
            dashes: &self.stroke_dasharray.0,
            dash_offset: self.stroke_dashoffset,
        }
    }
}

words! {
    /// On which side of an edge its outline lies.
    pub enum StrokeAlign {
        /// Half of it on either side.
        Center = "center",
        /// Within the shape.
        Inside = "inside",
        /// Around the shape.
        Outside = "outside",
    }
}

words! {
    /// Corners of a line.
    pub enum LineJoin {
        /// Pointed.
        Miter = "miter",
        /// Rounded.
        Round = "round",
        /// Cut off.
        Bevel = "bevel",
    }
}

words! {
    /// Ends of a line.
    pub enum LineCap {
        /// Straight, where the line ends.
        Butt = "butt",
        /// Half a circle beyond it.
        Round = "round",
        /// Half a square beyond it.
        Square = "square",
    }
}

words! {
    /// What stands at an end of a line.
    pub enum Marker {
        /// Nothing.
        None = "none",
        /// Two strokes that meet in a point.
        Arrow = "arrow",
        /// A filled arrow head.
        Triangle = "triangle",
        /// A disc.
        Circle = "circle",
        /// A square on its corner.
        Diamond = "diamond",
        /// A stroke across.
        Bar = "bar",
    }
}

words! {
    /// What is inside a path that crosses itself.
    pub enum FillRule {
        /// What it winds around.
        Nonzero = "nonzero",
        /// What it winds around an odd number of times.
        Evenodd = "evenodd",
    }
}

/// Lengths of dashes and gaps by turns, in px; none for a line without gaps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dashes(pub Vec<f64>);

impl Property for Dashes {
    fn read(value: &Value) -> Result<Self, Faults> {
        let expected = || {
            "expected a list of lengths in px, such as [8, 4], or one length for dashes and gaps \
             alike"
        };
        let lengths = match value {
            Value::Null => return Ok(Self::default()),
            Value::String(word) if word == "none" => return Ok(Self::default()),
            Value::Number(_) => std::slice::from_ref(value),
            Value::Array(lengths) => lengths,
            _ => return Err(expected().into()),
        };
        if lengths.len() > DASHES_MAX {
            return Err(format!("{} lengths; at most {DASHES_MAX} are taken", lengths.len()).into());
        }
        let read = |length: &Value| within(f64::read(length)?, 0.0..=COORDINATE_PX_MAX);
        let mut lengths = if value.is_array() { each(lengths, read)? } else { vec![read(value)?] };
        if !lengths.is_empty() && lengths.iter().all(|length| *length == 0.0) {
            return Err(
                "one of the lengths must be more than 0; \"none\" is a line without gaps".into()
            );
        }
        // As in SVG, an odd number of lengths is taken twice.
        if lengths.len() % 2 == 1 {
            lengths.extend_from_within(..);
        }
        Ok(Self(lengths))
    }

    fn write(&self) -> Value {
        self.0.iter().map(f64::write).collect()
    }

    fn schema(_: &mut Defs) -> Value {
        let px = Length::px();
        json!({
            "anyOf": [
                px, {"type": "array", "items": px, "maxItems": DASHES_MAX}, {"const": "none"},
                {"type": "null"},
            ],
            "examples": [[8, 4], 6, "none"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_are_one_length_or_a_list() {
        let check =
            |value: Value, expected: Result<&[f64], &str>| match (Dashes::read(&value), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.0, expected, "{value}"),
                (Err(found), Err(part)) => {
                    assert!(found.to_string().contains(part), "{value}: {found}")
                }
                (found, expected) => panic!("{value}: {found:?}, not {expected:?}"),
            };
        check(json!([8, 4]), Ok(&[8.0, 4.0]));
        check(json!(5), Ok(&[5.0, 5.0]));
        check(json!([1, 2, 3]), Ok(&[1.0, 2.0, 3.0, 1.0, 2.0, 3.0]));
        check(json!("none"), Ok(&[]));
        check(json!(null), Ok(&[]));
        check(json!([]), Ok(&[]));
        check(json!([0, 0]), Err("more than 0"));
        check(json!([-1, 2]), Err("-1 is outside 0 to 32768"));
        check(json!("4 2"), Err("expected a list of lengths"));
        check(json!([4, "2"]), Err("expected a number"));
        check(json!(vec![1; 17]), Err("at most 16"));
    }
}
