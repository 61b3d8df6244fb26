//! What a code is seen on: whether a scanner can tell it from its background once it fades, or lets through
//! what is below.
//!
//! That is asked in every row, of shared codes too: what is below one may be a row's own.
//!
//! Deliberately absent: the pixels below. Where they are not the template's background, and that one opaque
//! colour, a code passes that could be read on some ground.

use kurbo::Affine;
use pixeldrive_model::{BlendMode, Color, Element, Kind, Paint};

use crate::code::contrast::{self, Inverse, Sight};
use crate::layout::{Context, place, size};
use crate::work;

/// Levels between the greys that an unknown ground may have.
const GREY_STEP: usize = 15;

/// How a code is placed and what becomes of it.
#[derive(Clone, Copy)]
struct Standing {
    transform: Affine,
    opacity: f64,
    /// The colour of what is below, if that is known.
    ground: Option<Color>,
}

/// Warns of each code in an element that is about to be drawn, directly on the canvas.
pub(in crate::layout) fn warn(context: &mut Context<'_>, element: &Element, background: &Paint) {
    let ground = match background {
        Paint::Solid(color) if color.a == 255 => Some(*color),
        Paint::None | Paint::Solid(_) | Paint::Gradient(_) => None,
    };
    look(context, element, Standing { transform: context.transform, opacity: 1.0, ground });
}

fn look(context: &mut Context<'_>, element: &Element, around: Standing) {
    let frame = &element.frame;
    // How other modes change it is not known here.
    if frame.blend_mode != BlendMode::Normal || !holds_code(element) {
        return;
    }
    let transform = around.transform * place(frame, size(element));
    let standing = Standing { transform, opacity: around.opacity * frame.opacity, ..around };
    match &element.kind {
        Kind::Group(group) if group.mask.is_none() => {
            for (index, member) in group.elements.iter().enumerate() {
                // What stands before it in its group may be what it stands on.
                let ground = standing.ground.filter(|_| index == 0);
                look(context, member, Standing { ground, ..standing });
            }
        }
        Kind::QrCode(code) => {
            let eyes = code.eye_color.map(Paint::Solid);
            let paints: Vec<&Paint> = std::iter::once(&code.color).chain(&eyes).collect();
            judge(context, element, (&paints, code.background, Inverse::Allowed), standing);
        }
        Kind::Barcode(code) => {
            let bars = Paint::Solid(code.color);
            judge(context, element, (&[&bars], code.background, Inverse::Refused), standing);
        }
        Kind::Text(_) | Kind::Image(_) | Kind::Svg(_) | Kind::Rect(_) | Kind::Ellipse(_) => {}
        Kind::Line(_) | Kind::Polygon(_) | Kind::Star(_) | Kind::Path(_) | Kind::Group(_) => {}
        Kind::Rating(_) | Kind::Progress(_) | Kind::Chart(_) | Kind::Table(_) => {}
    }
}

/// Whether there is anything to look at. To place what has no code would cost every row.
fn holds_code(element: &Element) -> bool {
    match &element.kind {
        Kind::Group(group) => group.elements.iter().any(holds_code),
        kind => matches!(kind, Kind::QrCode(_) | Kind::Barcode(_)),
    }
}

fn judge(
    context: &mut Context<'_>,
    element: &Element,
    (paints, background, inverse): (&[&Paint], Color, Inverse),
    standing: Standing,
) {
    let Standing { opacity, .. } = standing;
    if opacity >= 1.0 && background.a == 255 {
        return;
    }
    let fault = |ground: Color| {
        let sight = Sight { background, ground, opacity };
        paints.iter().find_map(|paint| contrast::seen_fault(paint, sight, inverse))
    };
    let faded = (opacity * 100.0).round() / 100.0;
    let message = match standing.ground.filter(|_| !is_covered(context, element, standing)) {
        Some(ground) => fault(ground).map(|fault| {
            let seen =
                if opacity < 1.0 { format!(" at an opacity of {faded}") } else { String::new() };
            format!("as the code is seen on {ground}{seen}, {fault}")
        }),
        None => {
            let mut greys =
                (0..=u8::MAX).step_by(GREY_STEP).map(|grey| Color::rgb(grey, grey, grey));
            greys.all(|ground| fault(ground).is_some()).then(|| {
                format!(
                    "at an opacity of {faded} scanners cannot tell the code from its background, \
                     whatever is below; raise opacity"
                )
            })
        }
    };
    if let Some(message) = message {
        context.warn("code_contrast_low", element, message);
    }
}

/// Whether anything but the template's background is below.
fn is_covered(context: &Context<'_>, element: &Element, standing: Standing) -> bool {
    let area = standing.transform.transform_rect_bbox(size(element).to_rect());
    let marks = context.drawing.marks();
    // The first stretch is the background.
    context.stretches.iter().skip(1).filter(|stretch| !stretch.marks.is_empty()).any(|stretch| {
        let reach = work::reach_of(&marks[stretch.marks.clone()], |_, _, _| {});
        !reach.intersect(area).is_zero_area()
    })
}
