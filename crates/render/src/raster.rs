//! Marks that are painted while laying out, for what marks alone cannot say: the luminance of a mask,
//! and what lies behind a blurred background.
//!
//! The CPU painter does it whatever paints the picture, so that both painters get the same pixels.

use std::ops::Range;
use std::sync::Arc;

use kurbo::{Affine, Rect, RoundedRectRadii};
use peniko::{BlendMode, Compose};

use crate::Error;
use crate::backend::{Painter as _, cpu};
use crate::drawing::{Drawing, Layer, Mark};
use crate::pixels::Pixels;

/// A painter that is made when it is needed.
#[derive(Default)]
pub(crate) struct Raster(Option<cpu::Painter>);

impl Raster {
    /// What a drawing looks like.
    pub(crate) fn paint(&mut self, drawing: Drawing) -> Result<Pixels, Error> {
        let painter = self.0.get_or_insert_with(cpu::Painter::new);
        let painted = painter.paint(&[drawing]).pop();
        painted.unwrap_or_else(|| Err(Error::Paint { reason: "nothing was painted".to_owned() }))
    }
}

/// How a mask hides what it is laid over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mask {
    /// Whether it shows where it is light, not where it is opaque.
    pub luminance: bool,
    /// Whether it hides where it would show.
    pub inverted: bool,
}

impl Drawing {
    /// Hides the marks from index `from` up to `mask_from` where the marks from there on say so; those
    /// are seen no more themselves.
    pub(crate) fn mask(
        &mut self,
        raster: &mut Raster,
        (from, mask_from): (usize, usize),
        mask: Mask,
    ) -> Result<(), Error> {
        if mask.luminance {
            self.flatten(raster, mask_from, luminance)?;
        }
        let compose = if mask.inverted { Compose::DestOut } else { Compose::DestIn };
        let blend = BlendMode::from(compose);
        self.enclose(mask_from, Mark::PushLayer(Layer { blend, ..Layer::default() }))?;
        self.enclose(from, Mark::PushLayer(Layer::default()))
    }

    /// Puts a picture in the place of the marks from index `from` on: their own, changed.
    fn flatten(
        &mut self,
        raster: &mut Raster,
        from: usize,
        change: impl FnOnce(&mut Pixels),
    ) -> Result<(), Error> {
        let area = self.reach(from).intersect(self.area()).expand();
        let painted = (!area.is_zero_area())
            .then(|| self.picture(raster, from..self.marks().len(), area))
            .transpose()?;
        self.truncate(from);
        let Some(mut pixels) = painted else {
            return Ok(());
        };
        change(&mut pixels);
        self.push(Mark::Image {
            transform: Affine::translate(area.origin().to_vec2()),
            image: Arc::new(pixels),
            corners: RoundedRectRadii::from_single_radius(0.0),
        })
    }

    /// What some marks look like in an area of whole device pixels. Every push among them has its pop.
    pub(crate) fn picture(
        &mut self,
        raster: &mut Raster,
        marks: Range<usize>,
        area: Rect,
    ) -> Result<Pixels, Error> {
        let part = self.part(marks, area)?;
        raster.paint(part)
    }
}

/// Makes a picture as opaque as it was light, with the weights of sRGB.
fn luminance(pixels: &mut Pixels) {
    for pixel in pixels.rgba.as_chunks_mut::<4>().0 {
        // Premultiplied colours bring the alpha with them.
        let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
        let light = (red * 13_933 + green * 46_871 + blue * 4_732 + (1 << 15)) >> 16;
        *pixel = [0, 0, 0, u8::try_from(light).unwrap_or(u8::MAX)];
    }
    pixels.opaque = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_becomes_opacity() {
        let check = |rgba: [u8; 4], alpha: u8| {
            let mut pixels = Pixels { width: 1, height: 1, rgba: rgba.to_vec(), opaque: true };
            luminance(&mut pixels);
            assert_eq!(pixels.rgba, [0, 0, 0, alpha], "{rgba:?}");
            assert!(!pixels.opaque, "{rgba:?}");
        };
        check([255, 255, 255, 255], 255);
        check([0, 0, 0, 255], 0);
        check([0, 0, 0, 0], 0);
        check([255, 0, 0, 255], 54);
        check([0, 255, 0, 255], 182);
        check([0, 0, 255, 255], 18);
        check([128, 128, 128, 128], 128);
    }
}
