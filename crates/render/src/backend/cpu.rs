//! The CPU painter: vello_cpu on the calling thread.
//!
//! The u8 pipeline, at one fixed SIMD level: pixels are the same on every machine that has AVX2, and
//! AVX-512 would be slower. Run one painter per core instead of threads inside one painter.
//!
//! Deliberately absent: the glyph atlas, which moves glyphs to quarter pixels.

use std::sync::{Arc, Weak};

use kurbo::{Affine, BezPath, Diagonal2, Rect, RoundedRect, Shape as _};
use peniko::{ImageAlphaType, ImageQuality, ImageSampler};
use vello_cpu::{
    Glyph, Image, ImageSource, PaintType, PixelMetadata, Pixmap, PixmapMut, RasterizerSettings,
    RenderContext, RenderMode, RenderSettings, Resources,
};

use crate::Error;
use crate::drawing::{Brush, Drawing, GlyphRun, Mark, Shape};
use crate::pixels::Pixels;
use crate::simd::level;

/// Bytes of pictures kept in vello's form.
const IMAGES_BYTES_MAX: usize = 32 << 20;
/// How far the corners of an image may lie from the true ones, in its pixels.
const TOLERANCE: f64 = 0.02;

/// Paints on the CPU.
pub struct Painter {
    context: RenderContext,
    resources: Resources,
    images: Images,
}

/// What a [`Mark::Pop`] ends.
#[derive(Clone, Copy)]
enum Open {
    Clip,
    Layer,
}

impl Default for Painter {
    fn default() -> Self {
        Self::new()
    }
}

impl Painter {
    /// A painter with nothing in its caches.
    #[must_use]
    pub fn new() -> Self {
        let settings = RenderSettings { level: level(), num_threads: 0 };
        Self {
            context: RenderContext::new_with(1, 1, settings),
            resources: Resources::new(),
            images: Images::default(),
        }
    }

    fn paint_one(&mut self, drawing: &Drawing) -> Result<Pixels, Error> {
        let (width, height) = (drawing.width(), drawing.height());
        if width == 0 || height == 0 {
            return Err(Error::Paint { reason: "the canvas is empty".to_owned() });
        }
        self.context.reset_and_resize(width, height);
        self.record(drawing)?;
        let mut rgba = vec![0; usize::from(width) * usize::from(height) * 4];
        let target = PixmapMut::new(width, height, &mut rgba).ok_or_else(|| Error::Paint {
            reason: "the canvas and its memory differ in size".to_owned(),
        })?;
        let settings =
            RasterizerSettings { render_mode: RenderMode::OptimizeSpeed, ..Default::default() };
        self.context.flush();
        self.context.render_with(target, &mut self.resources, settings);
        let opaque = drawing.is_opaque();
        if opaque {
            // Blending in 8 bits may leave an alpha of 254 under anti-aliased edges.
            rgba.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel[3] = 255);
        }
        Ok(Pixels { width: width.into(), height: height.into(), rgba, opaque })
    }

    fn record(&mut self, drawing: &Drawing) -> Result<(), Error> {
        let unbalanced = || Error::Paint { reason: "a push without its pop".to_owned() };
        let mut open = Vec::new();
        for mark in drawing.marks() {
            match mark {
                Mark::Fill { transform, shape, brush } => {
                    self.prepare(*transform, brush);
                    match shape {
                        Shape::Rect(rect) => self.context.fill_rect(rect),
                        Shape::Path(path) => self.context.fill_path(path),
                    }
                }
                Mark::Stroke { transform, shape, stroke, brush } => {
                    self.prepare(*transform, brush);
                    self.context.set_stroke(stroke.clone());
                    match shape {
                        Shape::Rect(rect) => self.context.stroke_rect(rect),
                        Shape::Path(path) => self.context.stroke_path(path),
                    }
                }
                Mark::Glyphs(run) => self.glyphs(run)?,
                Mark::Image { transform, image, corners } => {
                    self.image(*transform, image, *corners)?;
                }
                Mark::PushClip { transform, shape } => {
                    self.context.set_transform(*transform);
                    match shape {
                        Shape::Rect(rect) => self.context.push_clip_rect(rect),
                        Shape::Path(path) => self.context.push_clip_path(path),
                    }
                    open.push(Open::Clip);
                }
                Mark::PushLayer { opacity, effect } => {
                    let filter = effect.as_ref().map(super::filter);
                    self.context.set_transform(Affine::IDENTITY);
                    self.context.push_layer(None, None, Some(*opacity), None, filter);
                    open.push(Open::Layer);
                }
                Mark::Pop => match open.pop().ok_or_else(unbalanced)? {
                    Open::Clip => self.context.pop_clip(),
                    Open::Layer => self.context.pop_layer(),
                },
            }
        }
        if open.is_empty() { Ok(()) } else { Err(unbalanced()) }
    }

    fn prepare(&mut self, transform: Affine, brush: &Brush) {
        self.context.set_transform(transform);
        match brush {
            Brush::Solid(color) => self.context.set_paint(*color),
            Brush::Gradient(gradient) => self.context.set_paint(gradient.as_ref().clone()),
        }
    }

    fn glyphs(&mut self, run: &GlyphRun) -> Result<(), Error> {
        self.prepare(run.transform, &run.brush);
        if let Some(stroke) = &run.stroke {
            self.context.set_stroke(stroke.clone());
        }
        let mut builder = self
            .context
            .glyph_run(&mut self.resources, &run.font)
            .font_size(run.size)
            .hint(false)
            .normalized_coords(&run.coords);
        if run.skew != 0.0 {
            let slant = f64::from(run.skew).to_radians().tan();
            builder = builder.glyph_transform(Affine::skew(-slant, 0.0));
        }
        if run.embolden != 0.0 {
            let amount = f64::from(run.embolden);
            let embolden = glifo::FontEmbolden::new(Diagonal2::new(amount, amount));
            builder = builder.font_embolden(embolden);
        }
        let glyphs = run.glyphs.iter().map(|glyph| Glyph { id: glyph.id, x: glyph.x, y: glyph.y });
        let painted = match &run.stroke {
            Some(_) => builder.stroke_glyphs(glyphs),
            None => builder.fill_glyphs(glyphs),
        };
        painted.map_err(|error| Error::Paint { reason: error.to_string() })
    }

    fn image(
        &mut self,
        transform: Affine,
        image: &Arc<Pixels>,
        corners: kurbo::RoundedRectRadii,
    ) -> Result<(), Error> {
        let quality =
            if is_pixel_aligned(transform) { ImageQuality::Low } else { ImageQuality::Medium };
        let sampler = ImageSampler { quality, ..Default::default() };
        let image_source = ImageSource::Pixmap(self.images.get(image)?);
        self.context.set_transform(transform);
        self.context.set_paint(PaintType::Image(Image { image: image_source, sampler }));
        let area = Rect::new(0.0, 0.0, image.width.into(), image.height.into());
        if corners == kurbo::RoundedRectRadii::from_single_radius(0.0) {
            self.context.fill_rect(&area);
        } else {
            let mut path = BezPath::new();
            path.extend(RoundedRect::from_rect(area, corners).path_elements(TOLERANCE));
            self.context.fill_path(&path);
        }
        Ok(())
    }
}

impl super::Painter for Painter {
    fn paint(&mut self, drawings: &[Drawing]) -> Vec<Result<Pixels, Error>> {
        drawings.iter().map(|drawing| self.paint_one(drawing)).collect()
    }
}

/// Whether the image's pixels fall on the canvas's pixels.
fn is_pixel_aligned(transform: Affine) -> bool {
    let [scale_x, skew_y, skew_x, scale_y, x, y] = transform.as_coeffs();
    [scale_x, scale_y] == [1.0, 1.0]
        && [skew_x, skew_y] == [0.0, 0.0]
        && x.fract() == 0.0
        && y.fract() == 0.0
}

/// Pictures in vello's form, kept as long as somebody holds the picture itself. The last used stand
/// last.
#[derive(Default)]
struct Images {
    kept: Vec<(Weak<Pixels>, Arc<Pixmap>)>,
}

impl Images {
    fn get(&mut self, image: &Arc<Pixels>) -> Result<Arc<Pixmap>, Error> {
        let same = |(kept, _): &(Weak<Pixels>, _)| std::ptr::eq(kept.as_ptr(), Arc::as_ptr(image));
        if let Some(index) = self.kept.iter().position(same) {
            let hit = self.kept.remove(index);
            let pixmap = Arc::clone(&hit.1);
            self.kept.push(hit);
            return Ok(pixmap);
        }
        let pixmap = Arc::new(pixmap(image)?);
        self.kept.retain(|(kept, _)| kept.strong_count() > 0);
        self.kept.push((Arc::downgrade(image), Arc::clone(&pixmap)));
        let bytes = |(_, pixmap): &(_, Arc<Pixmap>)| pixmap.data_as_u8_slice().len();
        let mut total: usize = self.kept.iter().map(bytes).sum();
        while total > IMAGES_BYTES_MAX {
            total -= bytes(&self.kept.remove(0));
        }
        Ok(pixmap)
    }
}

fn pixmap(image: &Pixels) -> Result<Pixmap, Error> {
    let wrong = || Error::Paint {
        reason: format!(
            "an image of {} x {} px in {} bytes",
            image.width,
            image.height,
            image.bytes()
        ),
    };
    let width = u16::try_from(image.width).map_err(|_| wrong())?;
    let height = u16::try_from(image.height).map_err(|_| wrong())?;
    if image.bytes() != usize::from(width) * usize::from(height) * 4 {
        return Err(wrong());
    }
    let metadata = PixelMetadata::new(ImageAlphaType::AlphaPremultiplied, !image.opaque);
    Ok(Pixmap::from_parts(image.rgba.clone(), width, height, metadata))
}

#[cfg(test)]
mod tests {
    use peniko::Color;

    use super::super::Painter as _;
    use super::*;

    const NONE: kurbo::RoundedRectRadii = kurbo::RoundedRectRadii {
        top_left: 0.0,
        top_right: 0.0,
        bottom_right: 0.0,
        bottom_left: 0.0,
    };

    fn fill(x0: f64, x1: f64, color: Color) -> Mark {
        let shape = Shape::Rect(Rect::new(x0, 0.0, x1, 1.0));
        Mark::Fill { transform: Affine::IDENTITY, shape, brush: Brush::Solid(color) }
    }

    fn image(rgba: [u8; 4], opaque: bool) -> Arc<Pixels> {
        Arc::new(Pixels { width: 1, height: 1, rgba: rgba.to_vec(), opaque })
    }

    fn paint(painter: &mut Painter, marks: &[Mark]) -> Result<Pixels, Error> {
        let mut drawing = Drawing::new(3, 1);
        marks.iter().for_each(|mark| drawing.push(mark.clone()).unwrap());
        painter.paint(&[drawing]).remove(0)
    }

    #[track_caller]
    fn check(marks: &[Mark], opaque: bool, expected: [[u8; 4]; 3]) {
        let pixels = paint(&mut Painter::new(), marks).unwrap();
        assert_eq!(pixels.rgba.as_chunks().0, expected, "{marks:?}");
        assert_eq!(pixels.opaque, opaque, "{marks:?}");
    }

    const RED: [u8; 4] = [255, 0, 0, 255];
    const CLEAR: [u8; 4] = [0; 4];

    #[test]
    fn marks_are_painted_in_order_on_nothing() {
        let red = Color::from_rgba8(255, 0, 0, 255);
        let blue = Color::from_rgba8(0, 0, 255, 255);
        check(&[], false, [CLEAR; 3]);
        check(&[fill(0.0, 2.0, red)], false, [RED, RED, CLEAR]);
        check(&[fill(0.0, 3.0, blue), fill(0.0, 3.0, red)], true, [RED; 3]);
        check(&[fill(0.0, 1.5, red)], false, [RED, [128, 0, 0, 128], CLEAR]);
    }

    #[test]
    fn clips_and_layers_end_with_their_pop() {
        let red = Color::from_rgba8(255, 0, 0, 255);
        let shape = Shape::Rect(Rect::new(0.0, 0.0, 1.0, 1.0));
        let clip = Mark::PushClip { transform: Affine::IDENTITY, shape };
        let layer = Mark::PushLayer { opacity: 0.5, effect: None };
        let half = [128, 0, 0, 128];
        check(&[clip.clone(), fill(0.0, 3.0, red), Mark::Pop], false, [RED, CLEAR, CLEAR]);
        let layered = [layer.clone(), fill(0.0, 3.0, red), Mark::Pop, fill(2.0, 3.0, red)];
        check(&layered, false, [half, half, RED]);
        let both =
            [clip.clone(), layer, fill(0.0, 3.0, red), Mark::Pop, Mark::Pop, fill(2.0, 3.0, red)];
        check(&both, false, [half, CLEAR, RED]);
        for marks in [vec![clip], vec![Mark::Pop]] {
            let error = paint(&mut Painter::new(), &marks).unwrap_err();
            assert_eq!(error.code(), "paint_failed", "{marks:?}");
        }
    }

    #[test]
    fn images_are_copied_or_sampled() {
        let at = |transform, image: &Arc<Pixels>| Mark::Image {
            transform,
            image: Arc::clone(image),
            corners: NONE,
        };
        let red = image(RED, true);
        check(&[at(Affine::translate((1.0, 0.0)), &red)], false, [CLEAR, RED, CLEAR]);
        check(&[at(Affine::scale_non_uniform(3.0, 1.0), &red)], true, [RED; 3]);
        let clear = image([64, 0, 0, 64], false);
        check(&[at(Affine::scale_non_uniform(3.0, 1.0), &clear)], false, [[64, 0, 0, 64]; 3]);
    }

    #[test]
    fn a_painter_forgets_pictures_that_nobody_holds() {
        let mut painter = Painter::new();
        for shade in 0..100 {
            // A new picture is likely to lie where the last one lay.
            let picture = image([shade, 0, 0, 255], true);
            let mark = Mark::Image {
                transform: Affine::scale_non_uniform(3.0, 1.0),
                image: Arc::clone(&picture),
                corners: NONE,
            };
            let first = paint(&mut painter, std::slice::from_ref(&mark)).unwrap();
            let again = paint(&mut painter, &[mark]).unwrap();
            assert_eq!(first.rgba[0], shade, "the new picture is shown");
            assert_eq!(first, again, "and shown again");
            assert!(painter.images.kept.len() <= 2, "the old ones are gone");
        }
    }

    #[test]
    fn a_painter_goes_on_after_a_drawing_that_it_refused() {
        let mut painter = Painter::new();
        let red = Color::from_rgba8(255, 0, 0, 255);
        paint(&mut painter, &[Mark::PushLayer { opacity: 0.5, effect: None }]).unwrap_err();
        let pixels = paint(&mut painter, &[fill(0.0, 3.0, red)]).unwrap();
        assert_eq!(pixels.rgba.as_chunks().0, [RED; 3], "nothing is left of it");
    }
}
