//! QR codes and barcodes: modules become one path, its edges on whole device pixels.
//!
//! A module that ends inside of a pixel would be drawn grey, and small modules would be nothing but
//! grey. So, where a code stands along the pixels, its edges are moved to the nearest pixel. A QR code keeps the
//! size of its box: modules may differ by a pixel, which readers allow for, as they look at the middle
//! of each. A barcode is read by the widths of its bars, so its modules are all the same whole number
//! of pixels, and what is left of the box widens the quiet zones.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Rect};
use pixeldrive_model::{self as model, Color, Element};

use super::{Context, paint, size, text};
use crate::Error;
use crate::code::contrast::{self, Inverse};
use crate::code::{barcode, qrcode};
use crate::drawing::{Brush, Mark, Shape};

/// Device pixels below which a module is lost in the picture.
const MODULE_PX_MIN: f64 = 1.0;
/// The same for bars whose edges cannot be moved to whole pixels.
const ASKEW_MODULE_PX_MIN: f64 = 2.5;
/// Share of a barcode's height that its text takes at most, and the font size in it.
const CAPTION_SHARE: f64 = 0.24;
const CAPTION_SIZE: f64 = 0.8;
/// Modules to one em of the text at most: six digits of an EAN-13 then fit below theirs.
const CAPTION_MODULES: f64 = 11.0;
/// Modules by which the guards of an EAN-13 reach into the text.
const GUARD_MODULES: f64 = 5.0;

pub(super) fn qrcode(
    context: &mut Context<'_>,
    element: &Element,
    code: &model::QrCode,
) -> Result<(), Error> {
    check_contrast(element, code.color, code.background, Inverse::Allowed)?;
    let modules = qrcode::encode(&code.text, code.error_correction).map_err(|long| {
        Error::QrCodeTooLong { element: element.id.clone(), chars_max: long.chars_max }
    })?;
    let area = size(element).to_rect();
    background(context, area, code.background)?;
    let side = area.width().min(area.height());
    let module = side / f64::from(code.quiet_zone * 2 + small(modules.side));
    let grid = Grid::new(context.transform);
    warn_if_small(context, element, module * grid.scale(), MODULE_PX_MIN);
    let symbol = module * f64::from(small(modules.side));
    let (left, top) = (area.center().x - symbol / 2.0, area.center().y - symbol / 2.0);
    let edges = |from: f64| -> Vec<f64> {
        (0..=small(modules.side)).map(|index| from + module * f64::from(index)).collect()
    };
    let (across, down) = (edges(left), edges(top));
    let mut path = BezPath::new();
    for row in 0..modules.side {
        for (start, end) in modules.runs(row) {
            let run = Rect::new(across[start], down[row], across[end], down[row + 1]);
            add(&mut path, grid.rect(run));
        }
    }
    fill(context, grid.placement(), path, code.color)
}

pub(super) fn barcode(
    context: &mut Context<'_>,
    element: &Element,
    code: &model::Barcode,
) -> Result<(), Error> {
    check_contrast(element, code.color, code.background, Inverse::Refused)?;
    let bars = barcode::encode(code.symbology, &code.text)
        .map_err(|rule| Error::BarcodeInvalid { element: element.id.clone(), rule })?;
    let area = size(element).to_rect();
    background(context, area, code.background)?;
    let grid = Grid::new(context.transform);
    let count = f64::from(small(bars.width()));
    let module = grid.whole_module(area.width() / count);
    let least = if grid.aligned { MODULE_PX_MIN } else { ASKEW_MODULE_PX_MIN };
    warn_if_small(context, element, module * grid.scale(), least);
    let left = grid.whole((area.width() - module * count) / 2.0);
    let band = if code.show_text {
        (area.height() * CAPTION_SHARE).min(module * CAPTION_MODULES / CAPTION_SIZE)
    } else {
        0.0
    };
    let bottom = area.y1 - band;
    let at = |index: usize| left + module * f64::from(small(index));
    let mut path = BezPath::new();
    for (start, end) in bars.runs() {
        let guard = code.show_text && bars.guards.iter().any(|guard| guard.contains(&start));
        let reach = if guard { (GUARD_MODULES * module).min(band / 2.0) } else { 0.0 };
        let (start, end) = (at(bars.quiet_left + start), at(bars.quiet_left + end));
        add(&mut path, grid.rect(Rect::new(start, area.y0, end, bottom + reach)));
    }
    fill(context, grid.placement(), path, code.color)?;
    if band > 0.0 {
        for (words, span) in &bars.captions {
            let area = Rect::new(at(span.start), bottom, at(span.end), area.y1);
            let caption =
                text::Caption { text: words, size: band * CAPTION_SIZE, color: code.color, area };
            text::plain(context, element, &caption)?;
        }
    }
    Ok(())
}

fn check_contrast(
    element: &Element,
    color: Color,
    background: Color,
    inverse: Inverse,
) -> Result<(), Error> {
    contrast::fault(color, background, inverse).map_or(Ok(()), |reason| {
        Err(Error::CodeContrastLow { element: element.id.clone(), reason })
    })
}

fn warn_if_small(context: &mut Context<'_>, element: &Element, module_px: f64, least: f64) {
    if module_px < least {
        let message = format!(
            "a module of the code is {module_px:.2} px wide and may not be read; make the box larger, \
             the text shorter or the pixelRatio higher"
        );
        context.warn("code_too_small", element, message);
    }
}

/// The pixels that edges are moved to; without them where the code stands askew.
struct Grid {
    transform: Affine,
    /// Whether the sides of the box run along pixels: upright, or after quarter turns.
    aligned: bool,
}

impl Grid {
    fn new(transform: Affine) -> Self {
        let [a, b, c, d, ..] = transform.as_coeffs();
        let aligned = (b, c) == (0.0, 0.0) || (a, d) == (0.0, 0.0);
        Self { transform, aligned }
    }

    /// Device pixels per px of the box.
    fn scale(&self) -> f64 {
        let [a, b, ..] = self.transform.as_coeffs();
        a.hypot(b)
    }

    /// A rectangle of the box, in the space that [`Self::placement`] is for.
    fn rect(&self, rect: Rect) -> Rect {
        if !self.aligned {
            return rect;
        }
        let rect = self.transform.transform_rect_bbox(rect);
        Rect::new(rect.x0.round(), rect.y0.round(), rect.x1.round(), rect.y1.round())
    }

    fn placement(&self) -> Affine {
        if self.aligned { Affine::IDENTITY } else { self.transform }
    }

    /// A module that is a whole number of pixels, unless it is smaller than one.
    fn whole_module(&self, module: f64) -> f64 {
        // What is a whole number but for rounding errors stays it.
        let px = (module * self.scale() + 1e-9).floor();
        if self.aligned && px >= 1.0 { px / self.scale() } else { module }
    }

    /// The place next to `x` that is the edge of a pixel.
    fn whole(&self, x: f64) -> f64 {
        if !self.aligned {
            return x;
        }
        let [a, b, _, _, e, f] = self.transform.as_coeffs();
        let (scale, shift) = if b == 0.0 { (a, e) } else { (b, f) };
        ((x * scale + shift).round() - shift) / scale
    }
}

fn background(context: &mut Context<'_>, area: Rect, color: Color) -> Result<(), Error> {
    if color.a == 0 || area.is_zero_area() {
        return Ok(());
    }
    let (transform, brush) = (context.transform, Brush::Solid(paint::color(color)));
    context.drawing.push(Mark::Fill { transform, shape: Shape::Rect(area), brush })
}

fn fill(
    context: &mut Context<'_>,
    transform: Affine,
    path: BezPath,
    color: Color,
) -> Result<(), Error> {
    let (shape, brush) = (Shape::Path(Arc::new(path)), Brush::Solid(paint::color(color)));
    context.drawing.push(Mark::Fill { transform, shape, brush })
}

fn add(path: &mut BezPath, rect: Rect) {
    path.move_to((rect.x0, rect.y0));
    path.line_to((rect.x1, rect.y0));
    path.line_to((rect.x1, rect.y1));
    path.line_to((rect.x0, rect.y1));
    path.close_path();
}

/// Counts of modules are small: 177 a side, a few thousand across.
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
