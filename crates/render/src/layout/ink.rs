//! What lines of text are painted with: highlights and backgrounds below, then shadows, outlines,
//! glyphs, and the lines along them.
//!
//! Deliberately absent: where glyphs stand (`typeset.rs`).

use kurbo::{Affine, Point, Rect, Stroke, Vec2};
use pixeldrive_model::{Color, Element, Shadow, Span, Text, TextDecoration};

use super::glyph_picture::{self, PictureGlyph};
use super::typeset::Run;
use super::{Context, effects, paint};
use crate::Error;
use crate::drawing::{Brush, Glyph, GlyphRun, Layer, Mark, PLACES, Shape, is_upright};

/// Runs that touch are one stretch of line, whatever rounding left between them, in px.
const GAP_PX: f64 = 0.01;

/// What one stretch is painted with.
pub(super) struct Ink {
    brush: Option<Brush>,
    background: Option<Brush>,
    decoration: TextDecoration,
}

impl Ink {
    /// The ink of a stretch; gradients span `area`.
    pub(super) fn new(text: &Text, span: Option<&Span>, area: Rect) -> Self {
        let color = span.and_then(|span| span.color.as_ref()).unwrap_or(&text.color);
        let decoration = span.and_then(|span| span.text_decoration);
        Self {
            brush: paint::brush(color, area),
            background: span.and_then(|span| paint::brush(&span.background, area)),
            decoration: decoration.unwrap_or(text.text_decoration),
        }
    }

    /// The ink of plain text.
    pub(super) fn plain(brush: Brush) -> Self {
        Self { brush: Some(brush), background: None, decoration: TextDecoration::default() }
    }
}

/// Lines to be painted.
pub(super) struct Painting<'a> {
    pub runs: &'a [Run],
    pub inks: &'a [Ink],
    /// From the text's top left to device pixels.
    pub transform: Affine,
    /// From the text's top left to that of its box, in which brushes lie.
    pub to_box: Vec2,
}

impl Painting<'_> {
    /// Paints the glyphs alone.
    pub(super) fn fill(&self, context: &mut Context<'_>, element: &Element) -> Result<(), Error> {
        for run in self.runs {
            if let Some(brush) = self.brush(run) {
                self.glyphs(context, element, run, brush, None)?;
            }
        }
        Ok(())
    }

    /// Paints everything.
    pub(super) fn draw(
        &self,
        context: &mut Context<'_>,
        element: &Element,
        text: &Text,
        area: Rect,
    ) -> Result<(), Error> {
        self.highlight(context, text, area)?;
        self.backgrounds(context)?;
        for shadow in text.text_shadow.iter().rev() {
            self.shadow(context, element, text, shadow)?;
        }
        self.foreground(context, element, text, area)
    }

    fn foreground(
        &self,
        context: &mut Context<'_>,
        element: &Element,
        text: &Text,
        area: Rect,
    ) -> Result<(), Error> {
        if text.stroke_width > 0.0
            && let Some(brush) = paint::brush(&text.stroke, area)
        {
            let stroke = Stroke::new(text.stroke_width)
                .with_join(kurbo::Join::Round)
                .with_caps(kurbo::Cap::Round);
            for run in self.runs {
                self.glyphs(context, element, run, &brush, Some(&stroke))?;
            }
        }
        self.decorations(context, |decoration, run| {
            let (underline, thickness) = run.metrics.underline;
            let overline = (run.metrics.top, thickness);
            let lines = [
                decoration.underline.then_some((underline, thickness)),
                decoration.overline.then_some(overline),
            ];
            lines.into_iter().flatten().collect()
        })?;
        self.fill(context, element)?;
        self.decorations(context, |decoration, run| {
            decoration.line_through.then_some(run.metrics.line_through).into_iter().collect()
        })
    }

    fn brush(&self, run: &Run) -> Option<&Brush> {
        self.inks.get(run.stretch).and_then(|ink| ink.brush.as_ref())
    }

    /// Pushes the glyphs of a run, and its glyphs that are pictures.
    fn glyphs(
        &self,
        context: &mut Context<'_>,
        element: &Element,
        run: &Run,
        brush: &Brush,
        stroke: Option<&Stroke>,
    ) -> Result<(), Error> {
        let mut origin = Vec2::new(run.origin.x, self.baseline(run));
        let mut glyphs = run.glyphs.clone();
        // Only fonts with colours of their own have pictures.
        let pictures = if run.colored { glyph_picture::take(run, &mut glyphs) } else { Vec::new() };
        if !glyphs.is_empty() {
            if is_upright(self.transform) {
                origin = self.place(origin, &mut glyphs);
            }
            context.drawing.push(Mark::Glyphs(GlyphRun {
                transform: self.transform * Affine::translate(origin),
                skew: run.skew,
                embolden: run.embolden,
                font: run.font.clone(),
                size: run.size,
                coords: run.coords.clone(),
                brush: brush.shifted(-(self.to_box + origin)),
                stroke: stroke.cloned(),
                colored: run.colored,
                glyphs,
            }))?;
        }
        // A picture has no outline to be stroked.
        let transform = self.transform * Affine::translate((run.origin.x, self.baseline(run)));
        let pictures: Vec<PictureGlyph> = if stroke.is_none() { pictures } else { Vec::new() };
        for picture in pictures {
            let mark = picture.mark(context, element, transform)?;
            context.drawing.push(mark)?;
        }
        Ok(())
    }

    /// The baseline of a run. Upright ones lie at whole pixels, as in browsers, so that all lines
    /// of a text are equally sharp.
    fn baseline(&self, run: &Run) -> f64 {
        if !is_upright(self.transform) {
            return run.origin.y;
        }
        (self.transform.inverse() * (self.transform * run.origin.to_point()).round()).y
    }

    /// Moves the glyphs of an upright run to quarters of a pixel, as browsers do, and its origin, which
    /// is answered, to a whole one. So a glyph looks one of a few ways wherever it stands, and need not
    /// be worked out anew each time.
    fn place(&self, origin: Vec2, glyphs: &mut [Glyph]) -> Vec2 {
        let [scale, ..] = self.transform.as_coeffs();
        let at = self.transform * origin.to_point();
        let whole = Point::new(at.x.floor(), at.y.round());
        for glyph in glyphs {
            #[expect(clippy::cast_possible_truncation, reason = "a place on a canvas")]
            let place = |start: f64, offset: f32| {
                let px = ((start + f64::from(offset) * scale) * PLACES).round() / PLACES;
                (px / scale) as f32
            };
            glyph.x = place(at.x - whole.x, glyph.x);
            glyph.y = place(at.y - whole.y, glyph.y);
        }
        (self.transform.inverse() * whole).to_vec2()
    }

    fn shadow(
        &self,
        context: &mut Context<'_>,
        element: &Element,
        text: &Text,
        shadow: &Shadow,
    ) -> Result<(), Error> {
        if shadow.color.a == 0 {
            return Ok(());
        }
        // A layer is cast as a whole, so what is in it may have any colour.
        let black = || Brush::Solid(paint::color(Color::BLACK));
        let inks: Vec<Ink> = self
            .inks
            .iter()
            .map(|ink| Ink {
                brush: ink.brush.as_ref().map(|_| black()),
                background: None,
                decoration: ink.decoration,
            })
            .collect();
        let inside = Painting {
            runs: self.runs,
            inks: &inks,
            transform: self.transform,
            to_box: self.to_box,
        };
        let effect = effects::shadow(self.transform, shadow);
        let layer = Layer { effect: Some(effect), ..Layer::default() };
        context.drawing.push(Mark::PushLayer(layer))?;
        inside.foreground(context, element, text, Rect::ZERO)?;
        context.drawing.push(Mark::Pop)
    }

    /// Fills the bars that `bars` gives for each run: offset from the baseline and thickness.
    fn decorations(
        &self,
        context: &mut Context<'_>,
        bars: impl Fn(TextDecoration, &Run) -> Vec<(f64, f64)>,
    ) -> Result<(), Error> {
        let mut joined: Vec<(usize, Rect)> = Vec::new();
        for run in self.runs {
            let ink = self.inks.get(run.stretch);
            let Some(ink) = ink.filter(|ink| ink.decoration != TextDecoration::default()) else {
                continue;
            };
            // One line goes on below the glyphs of other fonts.
            let own = self.runs.iter().find(|other| other.stretch == run.stretch && other.own);
            for (top, thickness) in bars(ink.decoration, own.unwrap_or(run)) {
                let y = self.baseline(run) + top;
                let bar = Rect::new(run.seen.0, y, run.seen.1, y + thickness.max(GAP_PX));
                join(&mut joined, run.stretch, bar);
            }
        }
        for (stretch, bar) in joined {
            if let Some(brush) = self.inks.get(stretch).and_then(|ink| ink.brush.as_ref()) {
                self.bar(context, bar, brush)?;
            }
        }
        Ok(())
    }

    fn backgrounds(&self, context: &mut Context<'_>) -> Result<(), Error> {
        let mut joined: Vec<(usize, Rect)> = Vec::new();
        for run in self.runs {
            if self.inks.get(run.stretch).is_none_or(|ink| ink.background.is_none()) {
                continue;
            }
            let y = run.origin.y;
            let (top, bottom) = (y + run.metrics.top, y + run.metrics.bottom);
            join(&mut joined, run.stretch, Rect::new(run.seen.0, top, run.seen.1, bottom));
        }
        for (stretch, area) in joined {
            if let Some(brush) = self.inks.get(stretch).and_then(|ink| ink.background.as_ref()) {
                self.bar(context, area, brush)?;
            }
        }
        Ok(())
    }

    fn bar(&self, context: &mut Context<'_>, bar: Rect, brush: &Brush) -> Result<(), Error> {
        context.drawing.push(Mark::Fill {
            transform: self.transform,
            shape: Shape::Rect(bar),
            brush: brush.shifted(-self.to_box),
        })
    }

    /// Paints a box behind each line, as wide as its glyphs and as high as their font.
    fn highlight(&self, context: &mut Context<'_>, text: &Text, area: Rect) -> Result<(), Error> {
        let Some(brush) = paint::brush(&text.highlight, area) else {
            return Ok(());
        };
        let [top, right, bottom, left] = text.highlight_padding.0;
        let mut lines: Vec<(usize, Rect)> = Vec::new();
        for run in self.runs.iter().filter(|run| run.seen.1 > run.seen.0) {
            let y = run.origin.y;
            let (top, bottom) = (y + run.metrics.top, y + run.metrics.bottom);
            let reach = Rect::new(run.seen.0, top, run.seen.1, bottom);
            match lines.last_mut() {
                Some((line, whole)) if *line == run.line => *whole = whole.union(reach),
                _ => lines.push((run.line, reach)),
            }
        }
        for (_, line) in lines {
            let padded =
                Rect::new(line.x0 - left, line.y0 - top, line.x1 + right, line.y1 + bottom);
            context.drawing.push(Mark::Fill {
                transform: self.transform,
                shape: paint::rounded(padded, text.highlight_radius),
                brush: brush.shifted(-self.to_box),
            })?;
        }
        Ok(())
    }
}

/// Adds a bar to those there are, lengthening the last one when it goes on where that one ends.
fn join(bars: &mut Vec<(usize, Rect)>, stretch: usize, bar: Rect) {
    match bars.last_mut() {
        Some((same, last))
            if *same == stretch
                && (last.y0, last.y1) == (bar.y0, bar.y1)
                && (bar.x0 - last.x1).abs() <= GAP_PX =>
        {
            last.x1 = bar.x1;
        }
        _ => bars.push((stretch, bar)),
    }
}
