//! The inside of a shape: a paint, or a picture that fills its box.
//!
//! A picture is scaled to the pixels that it takes, like those of image elements. Tiles are laid out
//! here, on whole pixels, so that no seam shows and painters need not repeat anything.

use std::sync::Arc;

use kurbo::{Affine, Rect, RoundedRectRadii, Shape as _, Size};
use pixeldrive_model::limits::PICTURE_PX_MAX;
use pixeldrive_model::{Element, Fill, FillFit, ImageFill, ObjectFit};

use super::placing::{Cut, Fitted, Place, cut, fitted, whole};
use super::{Context, image, paint};
use crate::drawing::{Brush, Mark, Shape};
use crate::picture::Request;
use crate::pixels::Pixels;
use crate::{Asset, Error};

/// Fills a shape whose paint spans `area`.
pub(super) fn fill(
    context: &mut Context<'_>,
    element: &Element,
    shape: &Shape,
    inside: &Fill,
    area: Rect,
) -> Result<(), Error> {
    let transform = context.transform;
    match inside {
        Fill::Paint(paint) => match paint::brush(paint, area) {
            Some(brush) => {
                context.drawing.push(Mark::Fill { transform, shape: shape.clone(), brush })
            }
            None => Ok(()),
        },
        Fill::Image(picture) if !area.is_zero_area() => {
            fill_with(context, element, shape, picture, area)
        }
        Fill::Image(_) => Ok(()),
    }
}

fn fill_with(
    context: &mut Context<'_>,
    element: &Element,
    shape: &Shape,
    picture: &ImageFill,
    area: Rect,
) -> Result<(), Error> {
    let missing =
        || Error::AssetMissing { element: element.id.clone(), source_text: picture.src.describe() };
    let asset = context.assets.get(&picture.src).cloned().ok_or_else(missing)?;
    let natural = Size::from(asset.size());
    let fit = match picture.fit {
        FillFit::Cover => ObjectFit::Cover,
        FillFit::Contain => ObjectFit::Contain,
        // Tiles are cut out of a plane as large as the box.
        FillFit::Fill | FillFit::Tile => ObjectFit::Fill,
    };
    let plane = if picture.fit == FillFit::Tile { area.size() } else { natural };
    let fitted = fitted(area, plane, fit, picture.position);
    let canvas = context.drawing.area().size();
    let Some(cut) = cut(&fitted, &Place { transform: context.transform, area, canvas }, 0.0) else {
        return Ok(());
    };
    let image = if picture.fit == FillFit::Tile {
        tiled(context, element, &asset, picture, (&fitted, &cut))?
    } else {
        scaled(context, element, &asset, cut.crop, cut.size)?
    };
    let transform = context.transform;
    if picture.fit == FillFit::Contain {
        let corners = RoundedRectRadii::from_single_radius(0.0);
        context.drawing.push(Mark::PushClip { transform, shape: shape.clone() })?;
        context.drawing.push(Mark::Image { transform: cut.transform, image, corners })?;
        return context.drawing.push(Mark::Pop);
    }
    // In device pixels, so that those of the picture are copied where they fall on the canvas's.
    let placed = |path: &kurbo::BezPath| Arc::new(transform * path.clone());
    let shape = match shape {
        Shape::Rect(rect) => Shape::Path(placed(&rect.to_path(paint::TOLERANCE))),
        Shape::Path(path) => Shape::Path(placed(path)),
        Shape::EvenOdd(path) => Shape::EvenOdd(placed(path)),
    };
    let brush = Brush::Image { image, transform: cut.transform, opacity: 1.0 };
    context.drawing.push(Mark::Fill { transform: Affine::IDENTITY, shape, brush })
}

fn scaled(
    context: &mut Context<'_>,
    element: &Element,
    asset: &Asset,
    crop: Rect,
    size: Size,
) -> Result<Arc<Pixels>, Error> {
    let [width, height] = [size.width, size.height].map(whole);
    let request = Request::new(crop, width, height);
    let picture = context.scaled.get(asset, &request, context.fonts);
    let picture = picture.map_err(image::refused(element))?;
    image::report(context, element, &picture.findings);
    Ok(picture.pixels)
}

fn tiled(
    context: &mut Context<'_>,
    element: &Element,
    asset: &Asset,
    picture: &ImageFill,
    (fitted, cut): (&Fitted, &Cut),
) -> Result<Arc<Pixels>, Error> {
    let natural = Size::from(asset.size());
    let width = picture.tile_width.unwrap_or(natural.width);
    let tile = Size::new(width, width * natural.height / natural.width);
    let across = cut.size.width / cut.crop.width();
    let down = cut.size.height / cut.crop.height();
    let side = |side: f64| side.round().max(1.0);
    let size = Size::new(side(tile.width * across), side(tile.height * down));
    if size.area() > PICTURE_PX_MAX as f64 {
        return Err(Error::TooComplex { element: element.id.clone(), most: "size of its tiles" });
    }
    let pixels = scaled(context, element, asset, natural.to_rect(), size)?;
    let first = (fitted.area.size() - tile).to_vec2();
    let first = first.x * picture.position.x - cut.crop.x0;
    let top = (fitted.area.height() - tile.height) * picture.position.y - cut.crop.y0;
    let [width, height] = [cut.size.width, cut.size.height].map(whole);
    Ok(Arc::new(repeated(&pixels, (first * across, top * down), width, height)))
}

/// A tile again and again, over so many pixels; `(x, y)` is where one of them begins.
fn repeated(tile: &Pixels, (x, y): (f64, f64), width: u32, height: u32) -> Pixels {
    let start = |at: f64, side: u32| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a remainder")]
        let start = (-at.round()).rem_euclid(side.into()) as usize;
        start
    };
    let (left, top) = (start(x, tile.width), start(y, tile.height));
    let stride = tile.width as usize * 4;
    let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
    for row in 0..height as usize {
        let from = (top + row) % tile.height as usize * stride;
        let line = &tile.rgba[from..from + stride];
        let end = rgba.len() + width as usize * 4;
        rgba.extend_from_slice(&line[left * 4..][..(stride - left * 4).min(width as usize * 4)]);
        while rgba.len() < end {
            let more = (end - rgba.len()).min(stride);
            rgba.extend_from_slice(&line[..more]);
        }
    }
    Pixels { width, height, rgba, opaque: tile.opaque }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_meet_without_gaps() {
        let shades = |pixels: &Pixels| -> Vec<u8> { pixels.rgba.chunks(4).map(|p| p[0]).collect() };
        let rgba = [1, 2, 3, 4, 5, 6].into_iter().flat_map(|shade| [shade; 4]).collect();
        let tile = Pixels { width: 3, height: 2, rgba, opaque: false };
        let check = |at: (f64, f64), size: (u32, u32), expected: &[u8]| {
            assert_eq!(shades(&repeated(&tile, at, size.0, size.1)), expected, "{at:?} {size:?}");
        };
        check((0.0, 0.0), (4, 3), &[1, 2, 3, 1, 4, 5, 6, 4, 1, 2, 3, 1]);
        check((1.0, 0.0), (2, 1), &[3, 1]);
        check((-1.0, 1.0), (5, 1), &[5, 6, 4, 5, 6]);
        check((0.0, 0.0), (1, 1), &[1]);
    }
}
