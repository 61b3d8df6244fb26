//! Ratings: a row of icons, the first ones in one colour and the rest in another.
//!
//! The icon is drawn in a box of 24 by 24 units that is as high as the element. A fraction is a share
//! of the icon's own width, so that a tenth of a star is to be seen.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Join, Rect, Shape as _, Stroke};
use pixeldrive_model::{self as model, Element, Paint};

use super::grid::Grid;
use super::{Context, paint};
use crate::Error;
use crate::drawing::{Mark, Shape};

/// Units that an icon's box has a side.
const ICON_UNITS: f64 = 24.0;
/// Segments of all icons together.
const SEGMENTS_MAX: usize = 100_000;

/// Icons side by side.
struct Row<'a> {
    rating: &'a model::Rating,
    icon: &'a BezPath,
    /// Height of an icon.
    height: f64,
}

pub(super) fn rating(
    context: &mut Context<'_>,
    element: &Element,
    rating: &model::Rating,
) -> Result<(), Error> {
    let height = super::size(element).height;
    let row = Row { rating, icon: icon(element, rating)?, height };
    let value = rating.step.round(rating.value.unwrap_or(0.0)).clamp(0.0, rating.max.into());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limited by max")]
    let full = value.floor() as u32;
    let share = value.fract();
    row.full(context, 0, full)?;
    let mut rest = full;
    if share > 0.0 {
        let bounds = row.icons(full, full + 1).bounding_box();
        let seam = bounds.x0 + bounds.width() * share;
        let seam = Grid::new(context.transform).point((seam, 0.0)).x;
        // The clips reach past the icon, so that its own edges stay as they are.
        let around = bounds.inflate(height, height);
        let transform = context.transform;
        let [left, right] = [Rect { x1: seam, ..around }, Rect { x0: seam, ..around }];
        context.drawing.push(Mark::PushClip { transform, shape: Shape::Rect(left) })?;
        row.full(context, full, full + 1)?;
        context.drawing.push(Mark::Pop)?;
        context.drawing.push(Mark::PushClip { transform, shape: Shape::Rect(right) })?;
        row.empty(context, full, full + 1)?;
        context.drawing.push(Mark::Pop)?;
        rest += 1;
    }
    row.empty(context, rest, rating.max)
}

impl Row<'_> {
    fn icons(&self, from: u32, to: u32) -> BezPath {
        let pitch = self.height + self.rating.gap;
        let mut icons = BezPath::new();
        for index in from..to {
            let at = Affine::translate((f64::from(index) * pitch, 0.0));
            icons.extend(at * Affine::scale(self.height / ICON_UNITS) * self.icon);
        }
        icons
    }

    /// What gradients span.
    fn area(&self) -> Rect {
        let count = f64::from(self.rating.max);
        let width = count * self.height + (count - 1.0) * self.rating.gap;
        Rect::new(0.0, 0.0, width, self.height)
    }

    fn full(&self, context: &mut Context<'_>, from: u32, to: u32) -> Result<(), Error> {
        self.fill(context, self.icons(from, to), &self.rating.color)
    }

    fn empty(&self, context: &mut Context<'_>, from: u32, to: u32) -> Result<(), Error> {
        let icons = self.icons(from, to);
        self.fill(context, icons.clone(), &self.rating.empty_color)?;
        let brush = paint::brush(&self.rating.empty_stroke, self.area());
        match brush.filter(|_| self.rating.stroke_width > 0.0 && !icons.is_empty()) {
            None => Ok(()),
            Some(brush) => {
                let stroke = Stroke::new(self.rating.stroke_width).with_join(Join::Round);
                let (transform, shape) = (context.transform, Shape::Path(Arc::new(icons)));
                context.drawing.push(Mark::Stroke { transform, shape, stroke, brush })
            }
        }
    }

    fn fill(&self, context: &mut Context<'_>, icons: BezPath, color: &Paint) -> Result<(), Error> {
        match paint::brush(color, self.area()).filter(|_| !icons.is_empty()) {
            None => Ok(()),
            Some(brush) => {
                let (transform, shape) = (context.transform, Shape::Path(Arc::new(icons)));
                context.drawing.push(Mark::Fill { transform, shape, brush })
            }
        }
    }
}

fn icon<'a>(element: &Element, rating: &'a model::Rating) -> Result<&'a BezPath, Error> {
    let icon = rating.icon.0.path();
    let segments = icon.elements().len();
    if segments * rating.max as usize > SEGMENTS_MAX {
        let reason = format!(
            "{} icons of {segments} segments; at most {SEGMENTS_MAX} segments are drawn",
            rating.max
        );
        return Err(Error::PathInvalid { element: element.id.clone(), property: "icon", reason });
    }
    Ok(icon)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::drawing::Brush;
    use crate::picture::testing::{fault, lay_out};

    /// Each mark in a few characters: colour and reach of a fill, reach of a clip.
    fn sketch(properties: &Value) -> Vec<String> {
        let mut element = json!({ "id": "r", "type": "rating", "x": 24, "y": 64, "height": 36,
            "gap": 8, "color": "#ffc53d", "emptyColor": "#ffffff59" });
        element.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        let (drawing, _) = lay_out(&element, 1.0, &[]).unwrap();
        let reach = |transform: Affine, shape: &Shape| {
            let area = match shape {
                Shape::Rect(rect) => *rect,
                Shape::Path(path) | Shape::EvenOdd(path) => path.bounding_box(),
            };
            let area = transform.transform_rect_bbox(area);
            format!("{:.1}..{:.1}", area.x0, area.x1)
        };
        // The first mark is the background.
        let marks = drawing.marks()[1..].iter().map(|mark| match mark {
            Mark::Fill { transform, shape, brush: Brush::Solid(color) } => {
                let peniko::color::Rgba8 { r, g, b, a } = color.to_rgba8();
                let reach = reach(*transform, shape);
                format!("{r:02x}{g:02x}{b:02x}{a:02x} {reach}")
            }
            Mark::PushClip { transform, shape } => format!("clip {}", reach(*transform, shape)),
            Mark::Pop => "pop".to_owned(),
            other => format!("{other:?}"),
        });
        marks.collect()
    }

    #[test]
    fn whole_ratings_are_two_marks() {
        // Stars of 36 px reach from 3 to 33 px of their boxes, which are 44 px apart.
        let four = ["ffc53dff 27.0..189.0", "ffffff59 203.0..233.0"];
        assert_eq!(sketch(&json!({ "value": 4 })), four);
        assert_eq!(sketch(&json!({ "value": 0 })), ["ffffff59 27.0..233.0"]);
        assert_eq!(sketch(&json!({ "value": 5 })), ["ffc53dff 27.0..233.0"]);
        assert_eq!(sketch(&json!({ "value": 2, "max": 2 })), ["ffc53dff 27.0..101.0"]);
    }

    #[test]
    fn a_fraction_is_a_share_of_the_icon() {
        let found = sketch(&json!({ "value": 1.5, "max": 2 }));
        let expected = [
            "ffc53dff 27.0..57.0",
            "clip 35.0..86.0",
            "ffc53dff 71.0..101.0",
            "pop",
            "clip 86.0..137.0",
            "ffffff59 71.0..101.0",
            "pop",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn icons_are_checked() {
        let rating = |icon: &str, max: u32| json!({ "id": "r", "type": "rating", "value": 1, "height": 20, "icon": icon, "max": max });
        let long = "L1 2".repeat(20_000);
        let found = fault(&rating(&format!("M0 0{long}"), 50), &[]);
        assert!(found.contains("50 icons of 20001 segments"), "found {found}");
    }
}
