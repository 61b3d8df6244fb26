//! Marks to vello_gpu's scene.
//!
//! Deliberately absent: any decision. A mark that the renderer cannot paint fails the card.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Rect, Stroke};
use peniko::{BlendMode, Fill};
use vello_gpu::filter_effects::Filter;
use vello_gpu::{ImageSource, PaintType, Resources, Scene};

use super::device::Device;
use super::images::Images;
use crate::Error;
use crate::backend::record;
use crate::drawing::{Drawing, GlyphRun};
use crate::pixels::Pixels;

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
        record::record(self, drawing.marks())
    }
}

impl record::Scene for Recorder<'_> {
    fn set_transform(&mut self, transform: Affine) {
        self.scene.set_transform(transform);
    }

    fn set_paint(&mut self, paint: PaintType, transform: Affine) {
        self.scene.set_paint(paint);
        self.scene.set_paint_transform(transform);
    }

    fn set_stroke(&mut self, stroke: Stroke) {
        self.scene.set_stroke(stroke);
    }

    fn set_fill_rule(&mut self, rule: Fill) {
        self.scene.set_fill_rule(rule);
    }

    fn fill_rect(&mut self, rect: &Rect) {
        self.scene.fill_rect(rect);
    }

    fn fill_path(&mut self, path: &BezPath) {
        self.scene.fill_path(path);
    }

    fn stroke_rect(&mut self, rect: &Rect) {
        self.scene.stroke_rect(rect);
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        self.scene.push_clip_rect(rect);
    }

    fn push_clip_path(&mut self, path: &BezPath) {
        self.scene.push_clip_path(path);
    }

    fn pop_clip(&mut self) {
        self.scene.pop_clip();
    }

    fn push_layer(
        &mut self,
        clip: Option<&BezPath>,
        blend: BlendMode,
        opacity: f32,
        filter: Option<Filter>,
    ) {
        self.scene.push_layer(clip, Some(blend), Some(opacity), None, filter);
    }

    fn pop_layer(&mut self) {
        self.scene.pop_layer();
    }

    fn source(&mut self, image: &Arc<Pixels>) -> Result<ImageSource, Error> {
        self.images.paint(self.device, image)
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
        record::glyphs(self.scene.glyph_run(self.resources, &run.font), run)
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
