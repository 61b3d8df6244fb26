//! QR codes: dots, eyes, and a picture in the middle.

use std::sync::Arc;

use kurbo::{BezPath, Rect, Shape as _, Size};
use pixeldrive_model::{self as model, DotStyle, Element, EyeStyle, Paint, Source};

use super::outline::{self, Lattice};
use super::{MODULE_PX_MIN, background, refuse_faint, small, warn_if_small};
use crate::Error;
use crate::code::contrast::{self, Inverse};
use crate::code::qrcode::{EYE, Logo, Modules, Refusal, Wanted, encode, fit};
use crate::drawing::{Mark, Shape};
use crate::layout::grid::Grid;
use crate::layout::{Context, image, paint, size};

/// Diameter of a dot as a share of its module.
const DOT: f64 = 0.95;
/// Device pixels below which modules may differ by one: whole ones would cost more than a quarter of the size.
const UNEVEN_PX_MAX: f64 = 3.0;
/// Device pixels below which a module that is no square is lost in the picture.
const ROUND_MODULE_PX_MIN: f64 = 2.25;

pub(in crate::layout) fn qrcode(
    context: &mut Context<'_>,
    element: &Element,
    code: &model::QrCode,
) -> Result<(), Error> {
    refuse_faint(element, faint(code).map(|(_, reason)| reason))?;
    let modules = encode(&wanted(code)).map_err(|refusal| refused(element, refusal))?;
    let area = size(element).to_rect();
    background(context, area, code.background)?;
    let count = f64::from(small(modules.side));
    let module = area.width().min(area.height()) / (count + 2.0 * f64::from(code.quiet_zone));
    let grid = Grid::new(context.transform);
    let module = if module * grid.scale() < UNEVEN_PX_MAX { module } else { grid.whole(module) };
    let square = (code.dot_style, code.eye_style) == (DotStyle::Square, EyeStyle::Square);
    let least = if square { MODULE_PX_MIN } else { ROUND_MODULE_PX_MIN };
    warn_if_small(context, element, module * grid.scale(), least);
    let symbol = Size::new(module * count, module * count);
    let symbol = Rect::from_origin_size(area.center() - symbol.to_vec2() / 2.0, symbol);
    let lattice = lattice(&grid, symbol, module, modules.side);
    let mut dots = dots(&lattice, &modules, code.dot_style);
    let marks = marks(&lattice, &modules, code.eye_style);
    match code.eye_color {
        None => dots.extend(marks),
        Some(color) => fill(context, marks, &Paint::Solid(color), symbol)?,
    }
    fill(context, dots, &code.color, symbol)?;
    match logo(code) {
        None => Ok(()),
        Some(logo) => {
            let logo = symbol.size() * logo.share;
            let logo = Rect::from_origin_size(symbol.center() - logo.to_vec2() / 2.0, logo);
            image::contained(context, element, logo)
        }
    }
}

/// Which of its colours a scanner cannot tell from the background, and why.
pub(in crate::layout) fn faint(code: &model::QrCode) -> Option<(&'static str, String)> {
    let eyes = code.eye_color.map(Paint::Solid);
    let paints = [("color", Some(&code.color)), ("eyeColor", eyes.as_ref())];
    paints.into_iter().find_map(|(property, paint)| {
        let fault = contrast::paint_fault(paint?, code.background, Inverse::Allowed)?;
        Some((property, fault))
    })
}

/// Why there is no such code, whatever it looks like.
pub(in crate::layout) fn unfit(element: &Element, code: &model::QrCode) -> Option<Error> {
    fit(&wanted(code)).err().map(|refusal| refused(element, refusal))
}

fn wanted(code: &model::QrCode) -> Wanted<'_> {
    let versions = match code.version {
        0 => (code.min_version, 40),
        version => (version, version),
    };
    Wanted { text: &code.text, correction: code.error_correction, versions, logo: logo(code) }
}

fn logo(code: &model::QrCode) -> Option<Logo> {
    let logo = Logo { share: code.logo_size, padding: code.logo_padding };
    (code.logo != Source::Missing).then_some(logo)
}

fn refused(element: &Element, refusal: Refusal) -> Error {
    let element = element.id.clone();
    match refusal {
        Refusal::TooLong { chars_max } => {
            let reason = format!(
                "the text is too long for a QR code: at most {chars_max} such characters fit with this \
                 errorCorrection; shorten it or use a lower one"
            );
            Error::QrCodeTooLong { element, reason }
        }
        Refusal::Version { asked, fits } => {
            let reason = format!(
                "the text needs version {fits} with this errorCorrection, {asked} is too small; raise \
                 or leave out version, shorten the text or use a lower errorCorrection"
            );
            Error::QrCodeTooLong { element, reason }
        }
        Refusal::Logo => Error::QrCodeLogoTooLarge { element },
    }
}

fn lattice(grid: &Grid, symbol: Rect, module: f64, side: usize) -> Lattice {
    let lines = (0..=small(side)).map(|index| {
        let along = module * f64::from(index);
        grid.point((symbol.x0 + along, symbol.y0 + along))
    });
    let (across, down) = lines.map(|point| (point.x, point.y)).unzip();
    Lattice { across, down }
}

fn dots(lattice: &Lattice, modules: &Modules, style: DotStyle) -> BezPath {
    let is_dot = |x, y| modules.is_dot(x, y);
    match style {
        DotStyle::Square => outline::joined(lattice, 0.0, is_dot),
        DotStyle::Rounded => outline::joined(lattice, 0.5, is_dot),
        DotStyle::Dots => outline::dots(lattice, DOT, is_dot),
    }
}

/// The marks in the corners: a frame of one module, and a square of three in it.
fn marks(lattice: &Lattice, modules: &Modules, style: EyeStyle) -> BezPath {
    let side = f64::from(small(EYE));
    // Sides of the outer and inner edge of the frame and of the square, and their corners.
    let radii = match style {
        EyeStyle::Square => [0.0; 3],
        EyeStyle::Rounded => [2.0, 1.0, 0.8],
        EyeStyle::Circle => [3.5, 2.5, 1.5],
    };
    let mut path = BezPath::new();
    for (x, y) in modules.eyes() {
        let (x, y) = (f64::from(small(x)), f64::from(small(y)));
        for (index, (inset, radius)) in [0.0, 1.0, 2.0].into_iter().zip(radii).enumerate() {
            let side = side - 2.0 * inset;
            let square = lattice.square(x + inset, y + inset, side);
            let radius = radius * square.width() / side;
            let outline = if radius > 0.0 {
                square.to_rounded_rect(radius).to_path(paint::TOLERANCE)
            } else {
                square.to_path(paint::TOLERANCE)
            };
            // The inner edge runs the other way, which makes it a hole.
            path.extend(if index == 1 { outline.reverse_subpaths() } else { outline });
        }
    }
    path
}

fn fill(
    context: &mut Context<'_>,
    path: BezPath,
    color: &Paint,
    symbol: Rect,
) -> Result<(), Error> {
    let Some(brush) = paint::brush(color, symbol) else { return Ok(()) };
    let (transform, shape) = (context.transform, Shape::Path(Arc::new(path)));
    context.drawing.push(Mark::Fill { transform, shape, brush })
}
