//! Upright glyphs as masks: what a glyph covers is worked out once for each place within a pixel that
//! layout gives it, and is laid over the picture as often as the glyph occurs.
//!
//! A mask is painted by the same painter as everything else, and laid on in its arithmetic. Deliberately
//! absent: glyphs that are turned, stroked, shaded, or have colours of their own; they are painted
//! from their outlines.

use std::collections::HashMap;
use std::ops::Range;

use fearless_simd::dispatch;
use kurbo::Affine;
use peniko::Color;
use vello_cpu::{
    PixmapMut, RasterizerSettings, RenderContext, RenderMode, RenderSettings, Resources,
};

use super::super::record;
use crate::Error;
use crate::drawing::{Brush, Glyph, GlyphRun, Mark, PLACES, is_upright};
use crate::measure::{Measure, Measured};
use crate::pixels::{Area, Pixels};
use crate::simd::level;
use crate::work::{self, Reach};

/// Glyphs of more device pixels an em are painted from their outlines.
const EM_PX_MAX: f64 = 256.0;
/// And those that are longer, whatever they are to an em: a mask has all of a glyph, seen or not.
const SIDE_PX_MAX: f64 = 1024.0;
/// How far from one of them a glyph may stand, in such places: numbers are rounded on the way.
const NEAR: f64 = 0.01;
/// Bytes of masks that are kept.
const BYTES_MAX: usize = 16 << 20;
/// Pixels that are blended at once.
const LANES: usize = 8;

/// Masks of glyphs. One painter owns them.
pub(crate) struct Glyphs {
    context: RenderContext,
    resources: Resources,
    measure: Measure,
    faces: HashMap<Face, Masks>,
    bytes: usize,
}

/// By glyph and place.
type Masks = HashMap<(u32, u8), Mask>;

/// A face at one size and place on its axes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Face {
    file: u64,
    index: u32,
    coords: Vec<i16>,
    em_px: u64,
    skew: u32,
    embolden: u32,
}

/// What a glyph covers.
#[derive(Debug, Default)]
struct Mask {
    /// From the whole pixel where the glyph stands to its first pixel.
    left: i64,
    top: i64,
    /// Pixels of a row, in whole groups of [`LANES`].
    width: usize,
    coverage: Vec<u8>,
    /// Around what is covered at all, from where the glyph stands: left, top, right and bottom.
    covered: Box4,
}

/// Left, top, right and bottom in whole pixels.
pub(crate) type Box4 = [i64; 4];

/// Around two of them.
pub(crate) fn around([x0, y0, x1, y1]: Box4, other: Box4) -> Box4 {
    [x0.min(other[0]), y0.min(other[1]), x1.max(other[2]), y1.max(other[3])]
}

/// Glyphs on a ground.
pub(crate) struct Picture {
    /// Where its upper left pixel lies.
    pub x: i64,
    pub y: i64,
    pub pixels: Pixels,
    /// Of each row the pixels that they cover, even where that is not seen.
    pub rows: Vec<Range<usize>>,
    /// Around all of them: left, top, right and bottom.
    pub covered: Box4,
}

/// A glyph that stands in a whole pixel, and at one of the places in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stand {
    pub glyph: u32,
    pub place: u8,
    pub x: i64,
    pub y: i64,
}

impl Stand {
    /// `None` when it stands beside all places, or out of the world.
    fn of(glyph: &Glyph, transform: Affine) -> Option<Self> {
        let at = transform * kurbo::Point::new(glyph.x.into(), glyph.y.into());
        let split = |at: f64| {
            let places = (at * PLACES).round();
            let is_near = (at * PLACES - places).abs() < NEAR && places.abs() < 1e6;
            #[expect(clippy::cast_possible_truncation, reason = "less than a million")]
            let places = is_near.then_some(places as i64)?;
            Some((places.div_euclid(4), places.rem_euclid(4)))
        };
        let ((x, across), (y, down)) = (split(at.x)?, split(at.y)?);
        let place = u8::try_from(down * 4 + across).unwrap_or_default();
        Some(Self { glyph: glyph.id, place, x, y })
    }
}

impl Face {
    fn of(run: &GlyphRun) -> Self {
        Self {
            file: run.font.data.id(),
            index: run.font.index,
            coords: run.coords.clone(),
            em_px: em_px(run).to_bits(),
            skew: run.skew.to_bits(),
            embolden: run.embolden.to_bits(),
        }
    }
}

/// Device pixels of an em of an upright run.
fn em_px(run: &GlyphRun) -> f64 {
    let [scale, ..] = run.transform.as_coeffs();
    f64::from(run.size) * scale
}

impl Default for Glyphs {
    fn default() -> Self {
        let settings = RenderSettings { level: level(), num_threads: 0 };
        Self {
            context: RenderContext::new_with(1, 1, settings),
            resources: Resources::new(),
            measure: Measure::default(),
            faces: HashMap::new(),
            bytes: 0,
        }
    }
}

impl Glyphs {
    /// Whether a run can be painted with masks, as far as that is seen without its outlines.
    pub(crate) fn can_paint(run: &GlyphRun) -> bool {
        is_upright(run.transform)
            && matches!(run.brush, Brush::Solid(_))
            && run.stroke.is_none()
            && !run.colored
            && em_px(run) <= EM_PX_MAX
            && run.glyphs.iter().all(|glyph| Stand::of(glyph, run.transform).is_some())
    }

    /// How far a run is seen that it paints; `None` when it is not to be painted with masks.
    pub(super) fn reach(&mut self, run: &GlyphRun) -> Option<kurbo::Rect> {
        Self::can_paint(run).then(|| self.measure(run)).flatten()
    }

    /// Whether a glyph of a run is small enough for a mask.
    pub(crate) fn has_mask(&mut self, run: &GlyphRun, glyph: u32) -> bool {
        let alone = GlyphRun { glyphs: vec![Glyph { id: glyph, x: 0.0, y: 0.0 }], ..run.clone() };
        self.measure(&alone).is_some()
    }

    /// How far a mark may be seen that is no push and no pop: as is foreseen of any font, and as its own tells.
    pub(super) fn foresee(&mut self, mark: &Mark) -> Reach {
        let mut reach = work::reach(mark);
        reach.add(self.measure.reach(mark));
        reach
    }

    /// How far a run is seen; `None` when the font does not tell, or has glyphs too large for masks.
    fn measure(&mut self, run: &GlyphRun) -> Option<kurbo::Rect> {
        let Measured { reach, side } = self.measure.run(run)?;
        (side * em_px(run) <= SIDE_PX_MAX).then(|| reach.rect())
    }

    /// Paints a run over an area of what is in `pixels`.
    ///
    /// # Errors
    /// [`Error::Paint`], and then some of it may be painted.
    pub(super) fn paint(
        &mut self,
        run: &GlyphRun,
        pixels: &mut Pixels,
        area: Area,
    ) -> Result<(), Error> {
        let Some(color) = color(run) else { return Ok(()) };
        let ink = Ink::new(color, pixels.opaque);
        let stands = run.glyphs.iter().filter_map(|glyph| Stand::of(glyph, run.transform));
        self.with_masks(run, stands, |stand, mask| mask.lay(stand, &ink, pixels, area))
    }

    /// The face of a run that can be painted with masks, its colour, premultiplied, and its glyphs.
    pub(crate) fn tell(run: &GlyphRun) -> Option<(Face, [u8; 4], Vec<Stand>)> {
        let stands = run.glyphs.iter().map(|glyph| Stand::of(glyph, run.transform));
        Some((Face::of(run), color(run)?, stands.collect::<Option<_>>()?))
    }

    /// Glyphs of a run's face in its colour on a ground, wherever they stand in it; `None` when they cover
    /// nothing.
    ///
    /// # Errors
    /// As [`Self::paint`].
    pub(crate) fn picture(
        &mut self,
        run: &GlyphRun,
        stands: &[Stand],
        ground: [u8; 3],
    ) -> Result<Option<Picture>, Error> {
        let Some(color) = color(run) else { return Ok(None) };
        let mut boxes: Option<(Box4, Box4)> = None;
        self.with_masks(run, stands.iter().copied(), |stand, mask| {
            if mask.width > 0 {
                let (x, y) = (stand.x + mask.left, stand.y + mask.top);
                let own = [x, y, x + mask.width as i64, y + mask.height() as i64];
                let [left, top, right, bottom] = mask.covered;
                let covered = [stand.x + left, stand.y + top, stand.x + right, stand.y + bottom];
                let (all, seen) = boxes.unwrap_or((own, covered));
                boxes = Some((around(all, own), around(seen, covered)));
            }
        })?;
        let Some(([x0, y0, x1, y1], covered)) = boxes else { return Ok(None) };
        let (width, height) = (u32::try_from(x1 - x0), u32::try_from(y1 - y0));
        let (Ok(width), Ok(height)) = (width, height) else { return Ok(None) };
        let [r, g, b] = ground;
        let rgba = [r, g, b, 255].repeat(width as usize * height as usize);
        let mut pixels = Pixels { width, height, rgba, opaque: true };
        let (ink, area) = (Ink::new(color, true), Area { x0: 0, y0: 0, x1: width, y1: height });
        let moved = stands.iter().map(|stand| Stand { x: stand.x - x0, y: stand.y - y0, ..*stand });
        let mut rows = vec![width as usize..0; height as usize];
        self.with_masks(run, moved, |stand, mask| {
            mask.lay(stand, &ink, &mut pixels, area);
            mask.cover(stand, &mut rows);
        })?;
        Ok(Some(Picture { x: x0, y: y0, pixels, rows, covered }))
    }

    /// Shows `each` the mask of each glyph, made where there is none yet.
    fn with_masks(
        &mut self,
        run: &GlyphRun,
        stands: impl Iterator<Item = Stand>,
        mut each: impl FnMut(&Stand, &Mask),
    ) -> Result<(), Error> {
        let face = Face::of(run);
        let mut masks = self.faces.remove(&face).unwrap_or_default();
        let mut shown = Ok(());
        for stand in stands {
            let key = (stand.glyph, stand.place);
            let mask = match masks.get(&key) {
                Some(mask) => mask,
                None => {
                    let mask = match self.mask(run, stand) {
                        Ok(mask) => mask,
                        Err(error) => {
                            shown = Err(error);
                            break;
                        }
                    };
                    if self.bytes > BYTES_MAX {
                        (self.bytes, masks) = (0, Masks::new());
                        self.faces.clear();
                    }
                    self.bytes += mask.coverage.len() + size_of::<Mask>();
                    masks.entry(key).or_insert(mask)
                }
            };
            each(&stand, mask);
        }
        self.faces.insert(face, masks);
        shown
    }

    /// Works out what a glyph covers.
    fn mask(&mut self, run: &GlyphRun, stand: Stand) -> Result<Mask, Error> {
        let within = |place: u8| f64::from(place) / PLACES;
        #[expect(clippy::cast_possible_truncation, reason = "a size in px")]
        let alone = GlyphRun {
            transform: Affine::translate((within(stand.place % 4), within(stand.place / 4))),
            size: em_px(run) as f32,
            glyphs: vec![Glyph { id: stand.glyph, x: 0.0, y: 0.0 }],
            ..run.clone()
        };
        let Some(reach) = self.measure(&alone) else {
            return Err(Error::Paint { reason: "a glyph has no mask".to_owned() });
        };
        if reach.is_zero_area() {
            return Ok(Mask::default());
        }
        let seen = reach.inflate(1.0, 1.0).expand();
        let side = |side: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            let px = (1.0..=2.0 * SIDE_PX_MAX).contains(&side).then_some(side as u16);
            px.ok_or_else(|| Error::Paint { reason: "a glyph is too large".to_owned() })
        };
        let lanes = LANES as f64;
        let (width, height) = (side((seen.width() / lanes).ceil() * lanes)?, side(seen.height())?);
        self.context.reset_and_resize(width, height);
        self.context.set_transform(alone.transform.then_translate(-seen.origin().to_vec2()));
        self.context.set_paint(Color::WHITE);
        self.context.set_paint_transform(Affine::IDENTITY);
        record::glyphs(self.context.glyph_run(&mut self.resources, &alone.font), &alone)?;
        let mut rgba = vec![0; usize::from(width) * usize::from(height) * 4];
        let target = PixmapMut::new(width, height, &mut rgba).ok_or_else(|| Error::Paint {
            reason: "a glyph and its memory differ in size".to_owned(),
        })?;
        let settings =
            RasterizerSettings { render_mode: RenderMode::OptimizeSpeed, ..Default::default() };
        self.context.flush();
        self.context.render_with(target, &mut self.resources, settings);
        let coverage: Vec<u8> = rgba.as_chunks::<4>().0.iter().map(|[.., alpha]| *alpha).collect();
        #[expect(clippy::cast_possible_truncation, reason = "a glyph is less than 32,767 px away")]
        let (left, top) = (seen.x0 as i64, seen.y0 as i64);
        let places = coverage.iter().enumerate().filter(|(_, covered)| **covered > 0);
        let boxes = places.map(|(at, _)| {
            let (x, y) = (at % usize::from(width), at / usize::from(width));
            let (x, y) = (left + x as i64, top + y as i64);
            [x, y, x + 1, y + 1]
        });
        Ok(match boxes.reduce(around) {
            Some(covered) => Mask { left, top, width: width.into(), coverage, covered },
            None => Mask::default(),
        })
    }
}

/// The colour of a run that has one, premultiplied.
fn color(run: &GlyphRun) -> Option<[u8; 4]> {
    match &run.brush {
        Brush::Solid(color) => Some(color.premultiply().to_rgba8().to_u8_array()),
        Brush::Gradient { .. } | Brush::Image { .. } => None,
    }
}

impl Mask {
    fn height(&self) -> usize {
        self.coverage.len() / self.width.max(1)
    }

    /// Widens what is covered of the rows of a picture, in which all of the mask stands.
    fn cover(&self, stand: &Stand, rows: &mut [Range<usize>]) {
        let index = |at: i64| usize::try_from(at).unwrap_or_default();
        let (left, top) = (index(stand.x + self.left), index(stand.y + self.top));
        let coverage = self.coverage.chunks_exact(self.width.max(1));
        for (row, coverage) in rows.iter_mut().skip(top).zip(coverage) {
            let covers = |covered: &u8| *covered > 0;
            if let (Some(first), Some(last)) =
                (coverage.iter().position(covers), coverage.iter().rposition(covers))
            {
                *row = row.start.min(left + first)..row.end.max(left + last + 1);
            }
        }
    }

    /// Lays a colour over an area of a picture, where the mask covers it.
    fn lay(&self, stand: &Stand, ink: &Ink, pixels: &mut Pixels, area: Area) {
        if self.width == 0 {
            return;
        }
        let (left, top) = (stand.x + self.left, stand.y + self.top);
        let (width, height) = (self.width as i64, self.height() as i64);
        // In pixels of the mask.
        let from = |start: i64, area: u32| (i64::from(area) - start).max(0);
        let (x0, y0) = (from(left, area.x0), from(top, area.y0));
        let (x1, y1) = (from(left, area.x1).min(width), from(top, area.y1).min(height));
        if x0 >= x1 || y0 >= y1 {
            return;
        }
        let index = |at: i64| usize::try_from(at).unwrap_or_default();
        let row = pixels.width as usize * 4;
        let start = index(left + x0) * 4;
        let seen = start..start + index(x1 - x0) * 4;
        let rows = pixels.rgba.chunks_exact_mut(row).skip(index(top + y0)).take(index(y1 - y0));
        let masks = self.coverage.chunks_exact(self.width).skip(index(y0));
        dispatch!(level(), _ => {
            for (row, mask) in rows.zip(masks) {
                ink.over_row(&mut row[seen.clone()], &mask[index(x0)..index(x1)]);
            }
        });
    }
}

/// A colour as it is laid over pixels, for [`LANES`] of them.
struct Ink {
    color: [u16; LANES * 4],
    alpha: u16,
    /// Bits that are set whatever comes of it: in an opaque picture those of alpha, of which blending in 8
    /// bits may leave 254.
    set: [u8; LANES * 4],
}

impl Ink {
    fn new(color: [u8; 4], opaque: bool) -> Self {
        let alpha_set = if opaque { 255 } else { 0 };
        Self {
            color: std::array::from_fn(|at| color[at % 4].into()),
            alpha: color[3].into(),
            set: std::array::from_fn(|at| if at % 4 == 3 { alpha_set } else { 0 }),
        }
    }

    /// Lays it over pixels where a mask covers them, as vello does it: of a product of two bytes, 255 is
    /// added to it and its lower byte dropped.
    #[inline(always)]
    fn over(&self, pixels: &mut [u8; LANES * 4], mask: &[u8; LANES]) {
        for at in 0..LANES * 4 {
            let covered = u16::from(mask[at / 4]);
            let hidden = (self.alpha * covered + 255) >> 8;
            let sum = u16::from(pixels[at]) * (255 - hidden) + self.color[at] * covered;
            pixels[at] = ((sum + 255) >> 8) as u8 | self.set[at];
        }
    }

    #[inline(always)]
    fn over_row(&self, row: &mut [u8], mask: &[u8]) {
        let (groups, rest) = row.as_chunks_mut::<{ LANES * 4 }>();
        let (masks, mask_rest) = mask.as_chunks::<LANES>();
        for (group, mask) in groups.iter_mut().zip(masks) {
            if *mask != [0; LANES] {
                self.over(group, mask);
            }
        }
        if !rest.is_empty() {
            let (mut group, mut mask) = ([0; LANES * 4], [0; LANES]);
            group[..rest.len()].copy_from_slice(rest);
            mask[..mask_rest.len()].copy_from_slice(mask_rest);
            self.over(&mut group, &mask);
            rest.copy_from_slice(&group[..rest.len()]);
        }
    }
}
