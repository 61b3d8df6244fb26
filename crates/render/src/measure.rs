//! How far marks reach, measured from the outlines of their glyphs.
//!
//! `work` foresees it for any font without reading one, an em or two on every side, which would make
//! most of a card of what is one line of text. Deliberately absent: glyphs with colours of their own,
//! whose pictures may be larger than their outlines; for them the foreseen reach holds.

use std::collections::HashMap;

use kurbo::{Affine, Rect};
use skrifa::instance::{LocationRef, NormalizedCoord, Size};
use skrifa::outline::DrawSettings;
use skrifa::outline::pen::ControlBoundsPen;
use skrifa::raw::TableProvider;
use skrifa::{FontRef, GlyphId, MetadataProvider};

use crate::drawing::{GlyphRun, Mark};
use crate::work::{self, Reach};

/// Glyphs whose bounds are remembered.
const GLYPHS_MAX: usize = 50_000;
/// How far a corner of an outline that grows goes, in lengths that its sides go.
const MITER: f64 = 4.0;

/// Measures marks, and remembers the bounds of glyphs. One thread owns it.
#[derive(Default)]
pub(crate) struct Measure {
    faces: HashMap<Face, Glyphs>,
    glyphs: usize,
}

/// A face at a place on its axes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Face {
    file: u64,
    index: u32,
    coords: Vec<i16>,
}

/// Bounds of outlines, in ems upwards from the baseline.
type Glyphs = HashMap<u32, Rect>;

/// What is known of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub reach: Reach,
    /// The longest side of a glyph in it, in ems.
    pub side: f64,
}

impl Measure {
    /// How far a mark reaches that is no push and no pop.
    pub(crate) fn reach(&mut self, mark: &Mark) -> Reach {
        match mark {
            Mark::Glyphs(run) if !run.colored => {
                self.run(run).map_or_else(|| work::reach(mark), |measured| measured.reach)
            }
            other => work::reach(other),
        }
    }

    /// `None` when the font does not tell.
    pub(crate) fn run(&mut self, run: &GlyphRun) -> Option<Measured> {
        let face =
            Face { file: run.font.data.id(), index: run.font.index, coords: run.coords.clone() };
        if self.glyphs > GLYPHS_MAX {
            *self = Self::default();
        }
        let known = self.faces.entry(face).or_default();
        let mut font = None;
        let size = f64::from(run.size);
        let slant = Affine::skew(-f64::from(run.skew).to_radians().tan(), 0.0);
        let to_px = Affine::scale_non_uniform(size, -size);
        let (mut reach, mut side) = (Reach::default(), 0.0_f64);
        for glyph in &run.glyphs {
            let bounds = match known.get(&glyph.id) {
                Some(bounds) => *bounds,
                None => {
                    if font.is_none() {
                        font = Some(Outlines::of(run)?);
                    }
                    let bounds = font.as_ref()?.bounds(glyph.id)?;
                    known.insert(glyph.id, bounds);
                    self.glyphs += 1;
                    bounds
                }
            };
            if bounds.is_zero_area() {
                continue;
            }
            side = side.max(bounds.width()).max(bounds.height());
            let drawn = (slant * to_px).transform_rect_bbox(bounds);
            reach.add(Reach::of(drawn + kurbo::Vec2::new(glyph.x.into(), glyph.y.into())));
        }
        let rect = reach.rect();
        if rect.is_zero_area() {
            return Some(Measured::default());
        }
        let grown = f64::from(run.embolden) * MITER * size;
        let stroked = run
            .stroke
            .as_ref()
            .map_or(0.0, |stroke| stroke.width / 2.0 * stroke.miter_limit.max(1.5));
        let beyond = grown.abs() + stroked;
        let reach = Reach::of(run.transform.transform_rect_bbox(rect.inflate(beyond, beyond)));
        Some(Measured { reach, side })
    }
}

/// The outlines of a face.
struct Outlines<'a> {
    font: FontRef<'a>,
    coords: Vec<NormalizedCoord>,
    units: f64,
}

impl<'a> Outlines<'a> {
    fn of(run: &'a GlyphRun) -> Option<Self> {
        let font = FontRef::from_index(run.font.data.data(), run.font.index).ok()?;
        let units = font.head().ok()?.units_per_em();
        let coords = run.coords.iter().map(|coord| NormalizedCoord::from_bits(*coord)).collect();
        (units > 0).then_some(Self { font, coords, units: units.into() })
    }

    fn bounds(&self, glyph: u32) -> Option<Rect> {
        let outline = self.font.outline_glyphs().get(GlyphId::new(glyph))?;
        let mut pen = ControlBoundsPen::new();
        let at = LocationRef::new(&self.coords);
        outline.draw(DrawSettings::unhinted(Size::unscaled(), at), &mut pen).ok()?;
        let Some(found) = pen.bounding_box() else { return Some(Rect::ZERO) };
        let [x0, y0, x1, y1] = [found.x_min, found.y_min, found.x_max, found.y_max].map(f64::from);
        Some(Rect::new(x0, y0, x1, y1).scale_from_origin(1.0 / self.units))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::backend::{Painter as _, cpu};
    use crate::drawing::Drawing;
    use crate::picture::testing::lay_out;

    /// Texts reach as far as their ink, and hardly farther.
    #[test]
    fn texts_reach_as_far_as_their_ink() {
        let mut measure = Measure::default();
        let mut check = |properties: serde_json::Value, slack: f64| {
            let mut text = json!({"id": "t", "type": "text", "x": 60, "y": 120, "width": 260,
                "text": "Åpjgÿ, Ťq", "fontSize": 40});
            text.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
            let (drawing, _) = lay_out(&text, 1.0, &[]).unwrap();
            let marks = &drawing.marks()[1..];
            // Up to a pixel is half covered by an outline that ends in it.
            let reach = work::reach_by(marks, |mark| measure.reach(mark), |_, _, _| {});
            let reach = reach.inflate(0.5, 0.5);
            let ink = ink(marks, drawing.width(), drawing.height());
            assert!(reach.contains_rect(ink), "{properties}: {ink:?} is beyond {reach:?}");
            let around = ink.inflate(slack, slack);
            assert!(around.contains_rect(reach), "{properties}: {reach:?} is far from {ink:?}");
        };
        check(json!({}), 2.0);
        check(json!({"rotation": 30}), 40.0);
        check(json!({"fontStyle": "italic"}), 8.0);
        check(json!({"fontWeight": 900}), 8.0);
        check(json!({"stroke": "red", "strokeWidth": 6}), 12.0);
        check(json!({"text": "a b"}), 2.0);
    }

    fn ink(marks: &[Mark], width: u16, height: u16) -> Rect {
        let mut drawing = Drawing::new(width, height);
        marks.iter().for_each(|mark| drawing.push(mark.clone()).unwrap());
        let pixels = Arc::new(cpu::Painter::new().paint(&[drawing]).remove(0).unwrap());
        let mut reach = Reach::default();
        for (at, pixel) in pixels.rgba.as_chunks::<4>().0.iter().enumerate() {
            if pixel[3] > 8 {
                let (x, y) = (at % usize::from(width), at / usize::from(width));
                let (x, y) = (x as f64, y as f64);
                reach.add(Reach::of(Rect::new(x + 0.5, y + 0.5, x + 0.5, y + 0.5)));
            }
        }
        reach.rect()
    }
}
