//! The ground of a drawing: what covers all of it, which is filled or copied and not painted.

use kurbo::Affine;

use super::super::record::is_pixel_aligned;
use crate::areas;
use crate::drawing::{Brush, Drawing, Mark};
use crate::pixels::{Area, Pixels};

/// What pictures are painted on one after the other: where the next one has the same ground, only what
/// was painted over it is cleaned.
#[derive(Default)]
pub(crate) struct Surface {
    pub(super) pixels: Pixels,
    /// The colour of the ground, if it has one.
    plain: Option<[u8; 4]>,
    /// Where there may be more than the ground.
    touched: Vec<Area>,
}

impl Surface {
    /// What was painted last.
    pub(crate) fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    pub(super) fn into_pixels(self) -> Pixels {
        self.pixels
    }

    /// Says where the ground will be painted over.
    pub(super) fn touch(&mut self, areas: impl IntoIterator<Item = Area>) {
        self.touched.extend(areas);
    }

    /// For each row whether it is known to show nothing but a plain ground, and the row above it, too.
    pub(crate) fn plain_rows(&self) -> Vec<bool> {
        let mut plain = vec![self.plain.is_some(); self.pixels.height as usize];
        if let Some(first) = plain.first_mut() {
            *first = false;
        }
        for area in &self.touched {
            let rows = areas::rows(std::iter::once(*area));
            let end = rows.end.min(plain.len());
            plain[rows.start.min(end)..end].fill(false);
        }
        plain
    }

    /// Fills it with the first mark of a drawing alone, if that covers every pixel in a way that is known without
    /// painting, or with nothing; answers the marks that are to be painted over that.
    pub(super) fn lay_ground<'a>(&mut self, drawing: &'a Drawing) -> &'a [Mark] {
        let (width, height) = (usize::from(drawing.width()), usize::from(drawing.height()));
        let size = (u32::from(drawing.width()), u32::from(drawing.height()));
        let first = drawing.marks().first().filter(|_| drawing.first_is_opaque());
        let plain = match first {
            Some(Mark::Fill { brush: Brush::Solid(color), .. }) => {
                Some(color.premultiply().to_rgba8().to_u8_array())
            }
            _ => None,
        };
        let touched = std::mem::take(&mut self.touched);
        let Self { pixels, plain: before, .. } = self;
        let is_same = plain == *before && (pixels.width, pixels.height) == size;
        (pixels.width, pixels.height, pixels.opaque) = (size.0, size.1, drawing.is_opaque());
        *before = plain;
        match (plain, first) {
            (Some(color), _) if is_same => {
                touched.iter().for_each(|area| pixels.fill_area(color, *area));
            }
            (Some(color), _) => {
                pixels.rgba.resize(width * height * 4, 0);
                pixels.rgba.as_chunks_mut().0.fill(color);
            }
            (None, Some(Mark::Image { transform, image, .. })) if is_pixel_aligned(*transform) => {
                cut(*transform, image, (width, height), &mut pixels.rgba);
            }
            _ => {
                pixels.rgba.clear();
                pixels.rgba.resize(width * height * 4, 0);
                return drawing.marks();
            }
        }
        &drawing.marks()[1..]
    }
}

/// Fills `rgba` with the part of an image that a canvas shows of which it covers all, pixel on pixel.
fn cut(transform: Affine, image: &Pixels, (width, height): (usize, usize), rgba: &mut Vec<u8>) {
    let origin = transform.translation();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it covers all")]
    let (left, top) = (-origin.x as usize, -origin.y as usize);
    rgba.clear();
    rgba.reserve(width * height * 4);
    for y in top..top + height {
        rgba.extend_from_slice(image.row(y, left, left + width));
    }
}
