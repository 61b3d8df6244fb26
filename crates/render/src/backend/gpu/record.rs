//! Marks to vello_gpu's scene: one call or few for each.
//!
//! Deliberately absent: any decision. A mark that the renderer cannot paint fails the card.

use std::sync::Arc;

use glifo::FontEmbolden;
use kurbo::{Affine, Diagonal2, Rect, RoundedRect, RoundedRectRadii, Shape as _};
use peniko::{ImageQuality, ImageSampler};
use vello_gpu::{Image, PaintType, Resources, Scene};

use super::device::Device;
use super::images::Images;
use crate::Error;
use crate::drawing::{Brush, Drawing, GlyphRun, Mark, Shape};
use crate::pixels::Pixels;

/// How far the corners of an image may lie from the true ones, in its pixels.
const TOLERANCE: f64 = 0.02;

/// A push that waits for its pop.
enum Open {
    Clip,
    Layer,
}

/// Where marks go.
pub(super) struct Recorder<'a> {
    pub(super) device: &'a Device,
    pub(super) images: &'a mut Images,
    pub(super) resources: &'a mut Resources,
    pub(super) scene: &'a mut Scene,
}

impl Recorder<'_> {
    pub(super) fn record(&mut self, drawing: &Drawing) -> Result<(), Error> {
        self.images.begin_card();
        self.scene.reset_and_resize(drawing.width(), drawing.height());
        let mut open = Vec::new();
        for mark in drawing.marks() {
            self.mark(mark, &mut open)?;
        }
        if open.is_empty() { Ok(()) } else { Err(unbalanced()) }
    }

    fn mark(&mut self, mark: &Mark, open: &mut Vec<Open>) -> Result<(), Error> {
        match mark {
            Mark::Fill { transform, shape, brush } => {
                self.scene.set_transform(*transform);
                self.scene.set_paint(paint(brush));
                match shape {
                    Shape::Rect(rect) => self.scene.fill_rect(rect),
                    Shape::Path(path) => self.scene.fill_path(path),
                }
            }
            Mark::Stroke { transform, shape, stroke, brush } => {
                self.scene.set_transform(*transform);
                self.scene.set_paint(paint(brush));
                self.scene.set_stroke(stroke.clone());
                match shape {
                    Shape::Rect(rect) => self.scene.stroke_rect(rect),
                    Shape::Path(path) => self.scene.stroke_path(path),
                }
            }
            Mark::Glyphs(run) => self.glyphs(run)?,
            Mark::Image { transform, image, corners } => {
                self.image(*transform, image, *corners)?;
            }
            Mark::PushClip { transform, shape } => {
                self.scene.set_transform(*transform);
                match shape {
                    Shape::Rect(rect) => self.scene.push_clip_rect(rect),
                    Shape::Path(path) => self.scene.push_clip_path(path),
                }
                open.push(Open::Clip);
            }
            Mark::PushLayer { opacity, effect } => {
                let filter = effect.as_ref().map(crate::backend::filter);
                self.scene.set_transform(Affine::IDENTITY);
                self.scene.push_layer(None, None, Some(*opacity), None, filter);
                open.push(Open::Layer);
            }
            Mark::Pop => match open.pop().ok_or_else(unbalanced)? {
                Open::Clip => self.scene.pop_clip(),
                Open::Layer => self.scene.pop_layer(),
            },
        }
        Ok(())
    }

    fn image(
        &mut self,
        transform: Affine,
        image: &Arc<Pixels>,
        corners: RoundedRectRadii,
    ) -> Result<(), Error> {
        let source = self.images.paint(self.device, image)?;
        // The renderer takes the nearest pixel where the image's pixels fall on the canvas's.
        let sampler = ImageSampler { quality: ImageQuality::Medium, ..ImageSampler::default() };
        self.scene.set_transform(transform);
        self.scene.set_paint(PaintType::Image(Image { image: source, sampler }));
        let area = Rect::new(0.0, 0.0, image.width.into(), image.height.into());
        if corners == RoundedRectRadii::from_single_radius(0.0) {
            self.scene.fill_rect(&area);
        } else {
            let rounded = RoundedRect::from_rect(area, corners);
            self.scene.fill_path(&rounded.to_path(TOLERANCE));
        }
        Ok(())
    }

    fn glyphs(&mut self, run: &GlyphRun) -> Result<(), Error> {
        // The renderer panics on glyphs that are pictures.
        if has_pictures(run.font.data.data(), run.font.index) {
            return Err(Error::Paint {
                reason:
                    "a font keeps its glyphs as pictures (CBDT or sbix), which the GPU painter \
                         cannot paint; use a font with outlines or COLR, or gpu.mode = off"
                        .to_owned(),
            });
        }
        self.scene.set_transform(run.transform);
        self.scene.set_paint(paint(&run.brush));
        if let Some(stroke) = &run.stroke {
            self.scene.set_stroke(stroke.clone());
        }
        let mut glyphs = self
            .scene
            .glyph_run(self.resources, &run.font)
            .font_size(run.size)
            .hint(false)
            .normalized_coords(&run.coords);
        if run.skew != 0.0 {
            let slant = f64::from(run.skew).to_radians().tan();
            glyphs = glyphs.glyph_transform(Affine::skew(-slant, 0.0));
        }
        if run.embolden != 0.0 {
            let amount = f64::from(run.embolden);
            glyphs = glyphs.font_embolden(FontEmbolden::new(Diagonal2::new(amount, amount)));
        }
        let placed = run.glyphs.iter().map(|g| glifo::Glyph { id: g.id, x: g.x, y: g.y });
        let painted = match &run.stroke {
            Some(_) => glyphs.stroke_glyphs(placed),
            None => glyphs.fill_glyphs(placed),
        };
        painted.map_err(|e| Error::Paint { reason: e.to_string() })
    }
}

fn unbalanced() -> Error {
    Error::Paint { reason: "a push without its pop, or the other way round".to_owned() }
}

fn paint(brush: &Brush) -> PaintType {
    match brush {
        Brush::Solid(color) => PaintType::Solid(*color),
        Brush::Gradient(gradient) => PaintType::Gradient(gradient.as_ref().clone()),
    }
}

/// Whether the font's table directory names a table of glyph pictures.
fn has_pictures(file: &[u8], index: u32) -> bool {
    let word = |at: usize| file.get(at..at + 4);
    let number = |at: usize| {
        word(at).map(|b| usize::try_from(u32::from_be_bytes([b[0], b[1], b[2], b[3]])).unwrap_or(0))
    };
    // A collection starts with the offsets of its fonts' directories.
    let directory =
        if word(0) == Some(b"ttcf") { number(12 + 4 * index as usize) } else { Some(0) };
    let Some(directory) = directory else {
        return false;
    };
    let tables = number(directory + 4).unwrap_or(0) >> 16;
    (0..tables)
        .filter_map(|table| word(directory + 12 + 16 * table))
        .any(|tag| tag == b"CBDT" || tag == b"sbix")
}

#[cfg(test)]
mod tests {
    use super::has_pictures;

    /// A font file of nothing but its table directory.
    fn directory(tags: &[&[u8; 4]]) -> Vec<u8> {
        let mut file = vec![0, 1, 0, 0, 0, u8::try_from(tags.len()).unwrap(), 0, 0, 0, 0, 0, 0];
        for tag in tags {
            file.extend_from_slice(*tag);
            file.extend_from_slice(&[0; 12]);
        }
        file
    }

    #[test]
    fn fonts_of_pictures_are_told_by_their_tables() {
        let mut collection = b"ttcf\0\x01\0\0\0\0\0\x02\0\0\0\x14\0\0\0\x40".to_vec();
        collection.extend(directory(&[b"glyf", b"head"]));
        collection.resize(0x40, 0);
        collection.extend(directory(&[b"CBDT"]));

        let check = |file: &[u8], index, expected| {
            assert_eq!(has_pictures(file, index), expected, "{file:?} {index}");
        };
        check(&directory(&[b"glyf", b"head"]), 0, false);
        check(&directory(&[b"glyf", b"sbix"]), 0, true);
        check(&directory(&[b"CBDT"])[..14], 0, false);
        check(&collection, 0, false);
        check(&collection, 1, true);
        check(&collection, 9, false);
        check(b"", 0, false);
    }
}
