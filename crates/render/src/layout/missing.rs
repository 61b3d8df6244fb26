//! What is shown in place of a picture that cannot be had: nothing, or a neutral box with the sign of a
//! picture.
//!
//! Only what is wrong with the file or its origin is made up for. Deliberately absent: whether it is
//! worth another try; whoever fetches decides that before layout.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Circle, Rect, Shape as _, Stroke};
use pixeldrive_model::{Color, Element, OnError};

use super::image::{Edge, border};
use super::{Context, paint, size};
use crate::Error;
use crate::drawing::{Brush, Mark, Shape};

/// The box.
const GROUND: Color = Color::rgb(229, 231, 235);
/// The sign in it.
const SIGN: Color = Color::rgb(156, 163, 175);
/// Side of the sign as a share of the box's shorter side, and in px at most.
const SIGN_SHARE: f64 = 0.5;
const SIGN_PX_MAX: f64 = 96.0;

/// Passes on what came of drawing an element's picture, unless that failed and the template says what
/// to do then.
pub(super) fn or_instead(
    context: &mut Context<'_>,
    element: &Element,
    edge: Edge,
    drawn: Result<(), Error>,
) -> Result<(), Error> {
    let reason = match drawn {
        Err(Error::Picture { ref refusal, .. }) => refusal.to_string(),
        Err(Error::AssetFailed { ref reason, .. }) => reason.clone(),
        other => return other,
    };
    match element.on_error() {
        OnError::Fail => drawn,
        OnError::Hide => {
            context.warn("image_hidden", element, format!("the image is left out: {reason}"));
            Ok(())
        }
        OnError::Placeholder => {
            let message = format!("a placeholder is shown: {reason}");
            context.warn("image_placeholder", element, message);
            placeholder(context, element, edge)
        }
    }
}

fn placeholder(context: &mut Context<'_>, element: &Element, edge: Edge) -> Result<(), Error> {
    let area = size(element).to_rect();
    if area.is_zero_area() {
        return Ok(());
    }
    let transform = context.transform;
    let fill =
        |shape, color| Mark::Fill { transform, shape, brush: Brush::Solid(paint::color(color)) };
    context.drawing.push(fill(paint::rounded(area, edge.corners), GROUND))?;
    let side = (area.width().min(area.height()) * SIGN_SHARE).min(SIGN_PX_MAX);
    // Drawn in a square of 24.
    let place = Affine::translate(area.center().to_vec2())
        * Affine::scale(side / 24.0)
        * Affine::translate((-12.0, -12.0));
    let frame = Rect::new(3.0, 4.0, 21.0, 20.0).to_rounded_rect(2.0);
    let sun = Circle::new((8.5, 9.0), 1.75);
    let mut hills = BezPath::new();
    hills.move_to((4.0, 17.5));
    for at in [(9.0, 12.5), (12.0, 15.5), (15.5, 11.0), (20.0, 16.0)] {
        hills.line_to(at);
    }
    let stroke = Stroke::new(1.75).with_join(kurbo::Join::Round).with_caps(kurbo::Cap::Butt);
    for line in [frame.to_path(paint::TOLERANCE), hills] {
        context.drawing.push(Mark::Stroke {
            transform: transform * place,
            shape: Shape::Path(Arc::new(line)),
            stroke: stroke.clone(),
            brush: Brush::Solid(paint::color(SIGN)),
        })?;
    }
    let sun = place * sun.to_path(paint::TOLERANCE);
    context.drawing.push(fill(Shape::Path(Arc::new(sun)), SIGN))?;
    border(context, area, edge)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::picture::testing::fault;

    /// The code and message of the failure or the warnings of a picture whose file has these bytes.
    #[track_caller]
    fn check(properties: &Value, bytes: &[u8], expected: &str) {
        let mut element =
            json!({ "id": "i", "type": "image", "src": "a.png", "width": 40, "height": 30 });
        element.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        let found = fault(&element, &[("a.png", bytes.to_vec())]);
        assert!(found.starts_with(expected), "{found}");
    }

    #[test]
    fn the_template_says_what_stands_in() {
        let cut =
            include_bytes!("../../../../tests/fixtures/ring.png").first_chunk::<60>().unwrap();
        check(&json!({}), cut, "image_broken: the picture is broken");
        check(&json!({ "onError": "fail" }), cut, "image_broken: the picture is broken");
        let hidden = "image_hidden: the image is left out: the picture is broken: ";
        check(&json!({ "onError": "hide" }), cut, hidden);
        let placeholder = "image_placeholder: a placeholder is shown: the picture is broken: ";
        check(&json!({ "onError": "placeholder" }), cut, placeholder);
        let none = json!({ "onError": "placeholder", "src": "" });
        check(&none, cut, "image_placeholder: a placeholder is shown: no src is given");
        let svg = json!({ "id": "s", "type": "svg", "svg": "<svg>", "width": 9, "height": 9,
            "onError": "hide" });
        assert!(fault(&svg, &[]).starts_with("image_hidden: the image is left out"), "inline");
    }

    #[test]
    fn what_was_never_fetched_is_the_workers_fault_all_the_same() {
        let other = json!({ "onError": "hide", "src": "b.png" });
        let whole = include_bytes!("../../../../tests/fixtures/ring.png");
        check(&other, whole, "asset_missing");
    }
}
