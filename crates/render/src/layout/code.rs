//! QR codes and barcodes: modules become one path, its edges on whole device pixels.
//!
//! A module that ends inside of a pixel would be drawn grey, and small modules would be nothing but
//! grey. So, where a code stands along the pixels, its edges are moved to the nearest pixel, and its modules are
//! all the same whole number of pixels: bars are read by their widths, and readers of QR codes measure the eyes,
//! whose circles are none when their rings differ by a pixel. What is left of the box widens the quiet zones.

pub(super) mod ground;
mod outline;
mod qrcode;

use std::sync::Arc;

use kurbo::{BezPath, Rect};
use pixeldrive_model::{self as model, Color, Element, Length};

use super::grid::Grid;
use super::{Context, paint, size, text};
use crate::Error;
use crate::code::barcode::{self, Bars, Reach};
use crate::code::contrast::{self, Inverse};
use crate::drawing::{Brush, Mark, Shape};
pub(super) use qrcode::{faint, qrcode, unfit};

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
/// Height of Inter's figures in em: by that much smaller ones stand lower to share a baseline.
const FIGURE_EM: f64 = 0.73;

/// A barcode whose place is decided.
struct Placed {
    /// Where the quiet zone on the left begins.
    left: f64,
    /// Width of a module.
    module: f64,
    /// From the top of the bars to the bottom of the text.
    rows: (f64, f64),
    /// Height of the text, and of that above a supplement; 0 without text.
    band: f64,
}

pub(super) fn barcode(
    context: &mut Context<'_>,
    element: &Element,
    code: &model::Barcode,
) -> Result<(), Error> {
    refuse_faint(element, faint_bars(code))?;
    let invalid = |rule| Error::BarcodeInvalid { element: element.id.clone(), rule };
    let bars = barcode::encode(code.symbology, &code.text).map_err(invalid)?;
    let area = size(element).to_rect();
    background(context, area, code.background)?;
    let grid = Grid::new(context.transform);
    let placed = place(&grid, area, code, &bars).map_err(invalid)?;
    let least = if grid.aligned { MODULE_PX_MIN } else { ASKEW_MODULE_PX_MIN };
    warn_if_small(context, element, placed.module * grid.scale(), least);
    let mut path = BezPath::new();
    for bar in &bars.bars {
        let (top, bottom) = placed.reach(bar.reach);
        let (left, right) = (placed.x(bar.modules.start), placed.x(bar.modules.end));
        outline::add(&mut path, grid.rect(Rect::new(left, top, right, bottom)));
    }
    let (shape, brush) = (Shape::Path(Arc::new(path)), Brush::Solid(paint::color(code.color)));
    context.drawing.push(Mark::Fill { transform: context.transform, shape, brush })?;
    if code.show_text { captions(context, element, code, (&bars, &placed)) } else { Ok(()) }
}

/// Why a scanner cannot tell the bars from the background.
pub(super) fn faint_bars(code: &model::Barcode) -> Option<String> {
    contrast::fault(code.color, code.background, Inverse::Refused)
}

/// What is wrong with the text of a barcode in a box of this width, however many pixels there are to a px.
pub(super) fn bars_fault(code: &model::Barcode, width: f64) -> Option<String> {
    let bars = match barcode::encode(code.symbology, &code.text) {
        Ok(bars) => bars,
        Err(rule) => return Some(rule),
    };
    let Length::Px(module) = code.module_width else { return None };
    // Modules lose what is not a whole pixel, so a code that is too wide may fit yet.
    let least = if module < 1.0 { module } else { module.floor() };
    let all = least * f64::from(small(bars.width));
    (all > width + 1e-6).then(|| too_wide(all, width))
}

fn too_wide(width: f64, room: f64) -> String {
    format!(
        "the code is {width:.0} px wide at this moduleWidth, its box {room:.0}; make the box wider, \
         moduleWidth smaller or the text shorter"
    )
}

fn place(grid: &Grid, area: Rect, code: &model::Barcode, bars: &Bars) -> Result<Placed, String> {
    let count = f64::from(small(bars.width));
    let module = grid.whole(code.module_width.or(area.width() / count));
    let width = module * count;
    if width > area.width() + 1e-6 {
        return Err(too_wide(width, area.width()));
    }
    let band = if code.show_text {
        (area.height() * CAPTION_SHARE).min(module * CAPTION_MODULES / CAPTION_SIZE)
    } else {
        0.0
    };
    let height = match code.bar_height {
        Length::Auto => area.height(),
        Length::Px(px) => (px + band).min(area.height()),
    };
    let top = (area.height() - height) / 2.0;
    let left = grid.point(((area.width() - width) / 2.0, top)).x;
    Ok(Placed { left, module, rows: (top, top + height), band })
}

impl Placed {
    /// Where a module begins.
    fn x(&self, module: usize) -> f64 {
        self.left + self.module * f64::from(small(module))
    }

    /// From where to where a bar reaches.
    fn reach(&self, reach: Reach) -> (f64, f64) {
        let (top, bottom) = (self.rows.0, self.rows.1 - self.band);
        let guard = bottom + (GUARD_MODULES * self.module).min(self.band / 2.0);
        match reach {
            Reach::Text => (top, bottom),
            Reach::Guard => (top, guard),
            Reach::Supplement => (top + self.band, guard),
        }
    }
}

fn captions(
    context: &mut Context<'_>,
    element: &Element,
    code: &model::Barcode,
    (bars, placed): (&Bars, &Placed),
) -> Result<(), Error> {
    let (top, bottom) = placed.rows;
    for caption in &bars.captions {
        let full = placed.band * CAPTION_SIZE;
        let size = full * caption.scale;
        let lower = FIGURE_EM * (full - size);
        let (x0, x1) = (placed.x(caption.modules.start), placed.x(caption.modules.end));
        let (y0, y1) =
            if caption.above { (top, top + placed.band) } else { (bottom - placed.band, bottom) };
        let area = Rect::new(x0, y0 + lower, x1, y1);
        let caption = text::Caption { text: &caption.text, size, color: code.color, area };
        text::plain(context, element, &caption)?;
    }
    Ok(())
}

/// Fails when the colours cannot be told apart.
fn refuse_faint(element: &Element, fault: Option<String>) -> Result<(), Error> {
    fault.map_or(Ok(()), |reason| {
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

fn background(context: &mut Context<'_>, area: Rect, color: Color) -> Result<(), Error> {
    if color.a == 0 || area.is_zero_area() {
        return Ok(());
    }
    let (transform, brush) = (context.transform, Brush::Solid(paint::color(color)));
    context.drawing.push(Mark::Fill { transform, shape: Shape::Rect(area), brush })
}

/// Counts of modules are small: 177 a side, a few thousand across.
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
