//! The CPU painter: vello_cpu on the calling thread.
//!
//! The u8 pipeline, at one fixed SIMD level: pixels are the same on every machine that has AVX2, and
//! AVX-512 would be slower. Run one painter per core instead of threads inside one painter.
//!
//! Upright text is painted last with masks of its glyphs, unless something lies over it.

pub(crate) mod glyphs;
mod ground;
mod units;

use std::sync::{Arc, Weak};

use kurbo::{Affine, BezPath, Rect, Stroke, Vec2};
use peniko::{BlendMode, Fill, ImageAlphaType};
use vello_cpu::filter_effects::Filter;
use vello_cpu::{
    ImageSource, PaintType, PixelMetadata, Pixmap, PixmapMut, RasterizerSettings, RenderContext,
    RenderMode, RenderSettings, Resources, TargetInit,
};

use self::glyphs::Glyphs;
pub(crate) use self::ground::Surface;
pub(crate) use self::units::Text;
use self::units::Unit;
use super::record::{self, Scene};
use crate::Error;
use crate::areas;
use crate::drawing::{Drawing, GlyphRun, Layer, Mark, blends};
use crate::pixels::{Area, Pixels};
use crate::simd::level;

/// Bytes of pictures kept in vello's form.
const IMAGES_BYTES_MAX: usize = 32 << 20;
/// Things that are looked at one by one for where they are painted.
const JOINED_MAX: usize = 100;
/// The part of a canvas beyond which it is painted in one go.
const PAINTED_MAX: f64 = 0.6;

/// Paints on the CPU.
pub struct Painter {
    context: RenderContext,
    resources: Resources,
    images: Images,
    pub(crate) glyphs: Glyphs,
    /// Where the canvas's top left lies in what is painted.
    origin: Vec2,
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
            glyphs: Glyphs::default(),
            origin: Vec2::ZERO,
        }
    }

    fn paint_one(&mut self, drawing: &Drawing) -> Result<Pixels, Error> {
        let mut surface = Surface::default();
        let texts = self.paint_but_texts(drawing, &mut surface)?;
        texts.iter().try_for_each(|text| self.paint_text(text, &mut surface))?;
        Ok(surface.into_pixels())
    }

    /// Paints all of a drawing but the texts that are painted last, and answers those.
    ///
    /// # Errors
    /// As [`super::Painter::paint`].
    pub(crate) fn paint_but_texts<'a>(
        &mut self,
        drawing: &'a Drawing,
        surface: &mut Surface,
    ) -> Result<Vec<Text<'a>>, Error> {
        if drawing.width() == 0 || drawing.height() == 0 {
            return Err(Error::Paint { reason: "the canvas is empty".to_owned() });
        }
        let mut marks: Vec<_> = surface.lay_ground(drawing).iter().collect();
        let pixels = &mut surface.pixels;
        let canvas = Area { x0: 0, y0: 0, x1: pixels.width, y1: pixels.height };
        let mut areas = vec![canvas];
        if blends(marks.iter().copied()) {
            // They need to see the ground among what is painted with them.
            pixels.fill_area([0; 4], canvas);
            surface.touch([canvas]);
            marks = drawing.marks().iter().collect();
        }
        let units = units::units(&marks, &mut self.glyphs)?;
        // What is painted of a layer with an effect depends on where it ends.
        if !marks.iter().any(|mark| has_effect(mark))
            && let Some(touched) = areas_of(&units, drawing.area())
        {
            areas = touched;
        }
        // Before it is painted: should that fail, anything may be there.
        surface.touch(areas.iter().copied());
        for area in areas {
            self.paint_early(&units, &mut surface.pixels, area)?;
        }
        Ok(units.iter().filter_map(|unit| unit.text(drawing.area())).collect())
    }

    /// Paints a text that was left for the end.
    ///
    /// # Errors
    /// [`Error::Paint`], and then some of it may be painted.
    pub(crate) fn paint_text(
        &mut self,
        text: &Text<'_>,
        surface: &mut Surface,
    ) -> Result<(), Error> {
        let Text { run, area: Some(area) } = *text else { return Ok(()) };
        surface.touch([area]);
        self.glyphs.paint(run, &mut surface.pixels, area)
    }

    /// Paints marks over an area of what is in `pixels`, as if they followed what painted those. None of
    /// them may blend with what is below in another way than over it, unless it stands in a layer.
    ///
    /// # Errors
    /// [`Error::Paint`], and then the area may hold anything.
    pub(crate) fn paint_over<'a>(
        &mut self,
        marks: impl IntoIterator<Item = &'a Mark>,
        pixels: &mut Pixels,
        area: Area,
    ) -> Result<(), Error> {
        let marks: Vec<_> = marks.into_iter().collect();
        let units = units::units(&marks, &mut self.glyphs)?;
        self.paint_early(&units, pixels, area)?;
        let late = units.iter().filter(|unit| unit.late);
        let mut marks = late.flat_map(|unit| unit.marks.iter());
        marks.try_for_each(|mark| match mark {
            Mark::Glyphs(run) => self.glyphs.paint(run, pixels, area),
            _ => Ok(()),
        })
    }

    /// Paints what of an area is not left for the end.
    fn paint_early(
        &mut self,
        units: &[Unit<'_, '_>],
        pixels: &mut Pixels,
        area: Area,
    ) -> Result<(), Error> {
        let seen = Rect::new(area.x0.into(), area.y0.into(), area.x1.into(), area.y1.into());
        let early = units.iter().filter(|unit| !unit.late && unit.reach_touches(seen));
        let marks: Vec<_> = early.flat_map(|unit| unit.marks.iter().copied()).collect();
        if marks.is_empty() {
            return Ok(());
        }
        let wrong = || Error::Paint { reason: "an area that no canvas has".to_owned() };
        let side = |side: u32| u16::try_from(side).map_err(|_| wrong());
        let (x, y, width, height) =
            (side(area.x0)?, side(area.y0)?, side(area.x1 - area.x0)?, side(area.y1 - area.y0)?);
        self.context.reset_and_resize(width, height);
        self.origin = -Vec2::new(area.x0.into(), area.y0.into());
        record::record(self, marks)?;
        let opaque = pixels.opaque;
        let (canvas_width, canvas_height) = (side(pixels.width)?, side(pixels.height)?);
        let target =
            PixmapMut::new(canvas_width, canvas_height, &mut pixels.rgba).ok_or_else(wrong)?;
        let settings = RasterizerSettings {
            render_mode: RenderMode::OptimizeSpeed,
            target_init: TargetInit::SrcOver,
            offset: (x, y),
            ..Default::default()
        };
        self.context.flush();
        self.context.render_with(target, &mut self.resources, settings);
        if opaque {
            let row = pixels.width as usize * 4;
            let (left, right) = (area.x0 as usize * 4, area.x1 as usize * 4);
            let rows = pixels.rgba.chunks_exact_mut(row);
            rows.skip(area.y0 as usize)
                .take((area.y1 - area.y0) as usize)
                .for_each(|row| make_opaque(&mut row[left..right]));
        }
        Ok(())
    }
}

fn has_effect(mark: &Mark) -> bool {
    matches!(mark, Mark::PushLayer(Layer { effect: Some(_), .. }))
}

/// The areas that early units touch; `None` when that is most of the canvas.
fn areas_of(units: &[Unit<'_, '_>], canvas: Rect) -> Option<Vec<Area>> {
    let early: Vec<_> = units.iter().filter(|unit| !unit.late).collect();
    if early.len() > JOINED_MAX {
        return None;
    }
    let touched = |unit: &&Unit<'_, '_>| {
        let area = areas::area(unit.reach, canvas)?;
        // Vello makes as many lines of a glyph's curves as its place on the canvas says, at the limit of what
        // numbers tell apart: they are painted where they stand.
        let has_glyphs = unit.marks.iter().any(|mark| matches!(mark, Mark::Glyphs(_)));
        Some(if has_glyphs { Area { x0: 0, y0: 0, ..area } } else { area })
    };
    let areas = areas::join(early.iter().filter_map(touched));
    let painted: u64 = areas.iter().map(Area::count).sum();
    (painted as f64 <= canvas.area() * PAINTED_MAX).then_some(areas)
}

impl Scene for Painter {
    fn set_transform(&mut self, transform: Affine) {
        self.context.set_transform(transform.then_translate(self.origin));
    }

    fn set_paint(&mut self, paint: PaintType, transform: Affine) {
        self.context.set_paint(paint);
        self.context.set_paint_transform(transform);
    }

    fn set_stroke(&mut self, stroke: Stroke) {
        self.context.set_stroke(stroke);
    }

    fn set_fill_rule(&mut self, rule: Fill) {
        self.context.set_fill_rule(rule);
    }

    fn fill_rect(&mut self, rect: &Rect) {
        self.context.fill_rect(rect);
    }

    fn fill_path(&mut self, path: &BezPath) {
        self.context.fill_path(path);
    }

    fn stroke_rect(&mut self, rect: &Rect) {
        self.context.stroke_rect(rect);
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        self.context.push_clip_rect(rect);
    }

    fn push_clip_path(&mut self, path: &BezPath) {
        self.context.push_clip_path(path);
    }

    fn pop_clip(&mut self) {
        self.context.pop_clip();
    }

    fn push_layer(
        &mut self,
        clip: Option<&BezPath>,
        blend: BlendMode,
        opacity: f32,
        filter: Option<Filter>,
    ) {
        self.context.push_layer(clip, Some(blend), Some(opacity), None, filter);
    }

    fn pop_layer(&mut self) {
        self.context.pop_layer();
    }

    fn source(&mut self, image: &Arc<Pixels>) -> Result<ImageSource, Error> {
        Ok(ImageSource::Pixmap(self.images.get(image)?))
    }

    fn glyphs(&mut self, run: &GlyphRun) -> Result<(), Error> {
        record::glyphs(self.context.glyph_run(&mut self.resources, &run.font), run)
    }
}

impl super::Painter for Painter {
    fn paint(&mut self, drawings: &[Drawing]) -> Vec<Result<Pixels, Error>> {
        drawings.iter().map(|drawing| self.paint_one(drawing)).collect()
    }
}

/// Blending in 8 bits may leave an alpha of 254 under anti-aliased edges.
fn make_opaque(rgba: &mut [u8]) {
    rgba.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel[3] = 255);
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
    use crate::drawing::{Brush, Layer, Mark, Shape};

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
        let layer = Mark::PushLayer(Layer { opacity: 0.5, ..Layer::default() });
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

    fn text(properties: &serde_json::Value) -> Vec<Mark> {
        let mut text = serde_json::json!({"id": "t", "type": "text", "x": 7.3, "y": 8.6, "text":
            "Åffinity, ÄVÄTÄR", "fontSize": 23, "color": "#d04"});
        text.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        let (drawing, _) = crate::picture::testing::lay_out(&text, 1.0, &[]).unwrap();
        drawing.marks()[1..].to_vec()
    }

    fn paint_on(canvas: (u16, u16), marks: &[Mark]) -> Pixels {
        let mut drawing = Drawing::new(canvas.0, canvas.1);
        marks.iter().for_each(|mark| drawing.push(mark.clone()).unwrap());
        Painter::new().paint(&[drawing]).remove(0).unwrap()
    }

    /// Masks cover what outlines do, on any ground and cut by any edge.
    #[test]
    fn texts_look_the_same_by_masks_and_by_outlines() {
        let canvas = (190, 40);
        let all = Shape::Rect(Rect::new(0.0, 0.0, canvas.0.into(), canvas.1.into()));
        let clip = Mark::PushClip { transform: Affine::IDENTITY, shape: all.clone() };
        for properties in [
            serde_json::json!({}),
            serde_json::json!({"x": -9, "y": -6, "color": "rgba(0, 90, 200, 0.4)"}),
            serde_json::json!({"x": 90, "y": 25, "fontStyle": "italic", "fontWeight": 900}),
        ] {
            for ground in [Color::from_rgba8(240, 240, 200, 255), Color::from_rgba8(9, 9, 9, 90)] {
                let brush = Brush::Solid(ground);
                let ground = Mark::Fill { transform: Affine::IDENTITY, shape: all.clone(), brush };
                let masked = [vec![ground.clone()], text(&properties)].concat();
                let clipped =
                    [vec![ground, clip.clone()], text(&properties), vec![Mark::Pop]].concat();
                let marks: Vec<_> = masked.iter().collect();
                let units = units::units(&marks, &mut Glyphs::default()).unwrap();
                assert!(units[1].late, "{properties}: by masks");
                let (masked, clipped) = (paint_on(canvas, &masked), paint_on(canvas, &clipped));
                let apart = masked.rgba.iter().zip(&clipped.rgba).map(|(a, b)| a.abs_diff(*b));
                assert!(apart.max() <= Some(2), "{properties}");
            }
        }
    }

    #[test]
    fn what_lies_over_a_text_is_painted_over_it() {
        let white = Color::from_rgba8(255, 255, 255, 255);
        let cover = |x0: f64, x1: f64| {
            let shape = Shape::Rect(Rect::new(x0, 0.0, x1, 40.0));
            Mark::Fill { transform: Affine::IDENTITY, shape, brush: Brush::Solid(white) }
        };
        let marks = |cover: Mark| [text(&serde_json::json!({})), vec![cover]].concat();
        let hidden = paint_on((190, 40), &marks(cover(0.0, 190.0)));
        assert!(hidden.rgba.iter().all(|byte| *byte == 255), "all of it");
        let half = paint_on((190, 40), &marks(cover(0.0, 60.0)));
        let is_white = |x: usize| (0..40).all(|y| half.row(y, x, x + 1) == [255; 4]);
        assert!((0..60).all(is_white), "the left");
        assert!(
            (60..190).any(|x| (0..40).any(|y| half.row(y, x, x + 1)[3] != 0)),
            "the right stays"
        );
    }

    /// What covers the canvas is filled or copied; the rest is painted over it.
    #[test]
    fn grounds_are_what_painting_makes_of_them() {
        let rgba: Vec<u8> = (0..6 * 5).flat_map(|at| [at, 2 * at, 200, 255]).collect();
        let picture = Arc::new(Pixels { width: 6, height: 5, rgba, opaque: true });
        let at = |x: f64, y: f64| Mark::Image {
            transform: Affine::translate((x, y)),
            image: Arc::clone(&picture),
            corners: NONE,
        };
        let red = fill(1.0, 2.0, Color::from_rgba8(255, 0, 0, 255));
        let row = |from: u8| [from, 2 * from, 200, 255];
        check(&[at(-2.0, -3.0)], true, [row(20), row(21), row(22)]);
        check(&[at(-2.0, -3.0), red.clone()], true, [row(20), RED, row(22)]);
        check(&[at(-4.0, -3.0)], false, [row(22), row(23), CLEAR]);
        check(&[at(1.0, -3.0)], false, [CLEAR, row(18), row(19)]);
        let blend = BlendMode::new(peniko::Mix::Multiply, peniko::Compose::SrcOver);
        let layer = Mark::PushLayer(Layer { blend, ..Layer::default() });
        let multiplied = [at(-2.0, -3.0), layer, red, Mark::Pop];
        check(&multiplied, true, [row(20), [21, 0, 0, 255], row(22)]);
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
        paint(&mut painter, &[Mark::PushLayer(Layer::default())]).unwrap_err();
        let pixels = paint(&mut painter, &[fill(0.0, 3.0, red)]).unwrap();
        assert_eq!(pixels.rgba.as_chunks().0, [RED; 3], "nothing is left of it");
    }
}
