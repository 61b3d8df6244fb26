//! Glyphs are drawn once, in every way that they have, before anybody paints with them.
//!
//! A glyph that breaks the program that draws it, or keeps it busy without end, is refused here and
//! not met by a render thread. What that costs is bounded for a glyph and for the whole file.
//!
//! Deliberately absent: hinting, which no painter uses.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use pixeldrive_model::limits::FONT_GLYPHS_MAX;
use skrifa::bitmap::BitmapData;
use skrifa::color::{Brush, ColorPainter, CompositeMode, Transform};
use skrifa::instance::{Location, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::raw::TableProvider;
use skrifa::raw::types::{BoundingBox, Tag};
use skrifa::{FontRef, GlyphId, MetadataProvider};

use crate::{Error, Glyphs, charstrings, components, paints};

/// Strokes of one glyph.
const GLYPH_STEPS_MAX: u64 = 100_000;
/// Strokes of all glyphs of a file, wherever on its axes they are drawn.
const FILE_STEPS_MAX: u64 = 100_000_000;
/// Side of a glyph's bitmap in pixels.
const BITMAP_SIDE_PX_MAX: u32 = 2_048;
/// Sizes of bitmaps.
const STRIKES_MAX: usize = 64;
/// Glyphs of one face that are drawn when not all are.
const SOME_GLYPHS: u16 = 512;
/// Tables that glyphs are drawn from.
const GLYPH_TABLES: [&[u8; 4]; 13] = [
    b"CBDT", b"CBLC", b"CFF ", b"CFF2", b"COLR", b"EBDT", b"EBLC", b"avar", b"fvar", b"glyf",
    b"gvar", b"loca", b"sbix",
];

/// What a file may still cost, and what was drawn of it.
pub(crate) struct Work {
    which: Glyphs,
    glyphs: usize,
    steps: u64,
    charstrings: charstrings::Budget,
    /// Faces of a collection share tables: one drawing does for all that share these.
    drawn: BTreeSet<Outlines>,
}

/// What glyphs are drawn from: how many there are, and where each table lies in the file.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Outlines {
    count: u16,
    tables: Vec<(Tag, u32, u32)>,
}

impl Work {
    pub(crate) fn new(which: Glyphs) -> Self {
        Self {
            which,
            glyphs: FONT_GLYPHS_MAX,
            steps: FILE_STEPS_MAX,
            charstrings: charstrings::Budget::default(),
            drawn: BTreeSet::new(),
        }
    }

    /// Draws the glyphs of a face whose tables were checked.
    pub(crate) fn face(&mut self, font: &FontRef<'_>) -> Result<(), Error> {
        let records = font.table_directory().table_records().iter();
        let tables = records
            .filter(|record| GLYPH_TABLES.iter().any(|tag| Tag::new(tag) == record.tag()))
            .map(|record| (record.tag(), record.offset(), record.length()));
        let count = font.maxp().map_or(0, |maxp| maxp.num_glyphs());
        if !self.drawn.insert(Outlines { count, tables: tables.collect() }) {
            return Ok(());
        }
        let left = self.glyphs.checked_sub(count.into());
        self.glyphs = left.ok_or(Error::TooComplex { what: "glyphs" })?;
        let locations = locations(font);
        // What multiplies is refused before it is drawn: drawing would not end.
        components::check(font)?;
        paints::check(font)?;
        let step = match self.which {
            Glyphs::All => 1,
            Glyphs::Some => count.div_ceil(SOME_GLYPHS).max(1),
        };
        let glyphs = (0..count).step_by(step.into()).map(GlyphId::from);
        self.charstrings.check(font, glyphs.clone(), &locations)?;
        for glyph in glyphs {
            let steps = &mut self.steps;
            let drawn = catch_unwind(AssertUnwindSafe(|| draw(font, glyph, &locations, steps)));
            match drawn {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => return Err(broken(glyph, reason)),
                Err(panic) if panic.is::<OutOfSteps>() => {
                    return Err(Error::TooComplex { what: "strokes" });
                }
                Err(_) => return Err(broken(glyph, "it breaks the program that draws it")),
            }
        }
        bitmaps(font, count)
    }
}

fn broken(glyph: GlyphId, reason: impl Into<String>) -> Error {
    Error::Glyph { glyph: glyph.to_u32(), reason: reason.into() }
}

/// Where a variable font is drawn: as it is, and at the two ends of all of its axes.
fn locations(font: &FontRef<'_>) -> Vec<Location> {
    let axes = font.axes();
    if axes.is_empty() {
        return vec![Location::default()];
    }
    let low = axes.location(axes.iter().map(|axis| (axis.tag(), axis.min_value())));
    let high = axes.location(axes.iter().map(|axis| (axis.tag(), axis.max_value())));
    vec![Location::default(), low, high]
}

fn draw(
    font: &FontRef<'_>,
    glyph: GlyphId,
    locations: &[Location],
    file: &mut u64,
) -> Result<(), String> {
    let outlines = font.outline_glyphs();
    // A painter would have nothing to draw.
    if outlines.format().is_some() && outlines.get(glyph).is_none() {
        return Err("it has no outline".to_owned());
    }
    for location in locations {
        if let Some(outline) = outlines.get(glyph) {
            let settings = DrawSettings::unhinted(Size::unscaled(), location);
            let drawn = outline.draw(settings, &mut Steps { glyph: GLYPH_STEPS_MAX, file });
            drawn.map_err(|error| error.to_string())?;
        }
        if let Some(colored) = font.color_glyphs().get(glyph) {
            let painted = colored.paint(location, &mut Steps { glyph: GLYPH_STEPS_MAX, file });
            painted.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Refuses bitmaps that unpack to more than a glyph can need.
fn bitmaps(font: &FontRef<'_>, count: u16) -> Result<(), Error> {
    let strikes = font.bitmap_strikes();
    if strikes.len() > STRIKES_MAX {
        return Err(Error::TooComplex { what: "sizes of bitmaps" });
    }
    for strike in strikes.iter() {
        for glyph in (0..count).map(GlyphId::from) {
            let bitmap = strike.get(glyph);
            let Some(BitmapData::Png(png)) = bitmap.map(|bitmap| bitmap.data) else {
                continue;
            };
            let side = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
            let fits = |side: Option<u32>| side.is_some_and(|px| px <= BITMAP_SIDE_PX_MAX);
            if !(fits(side(16)) && fits(side(20))) {
                let reason = format!("its bitmap is broken or over {BITMAP_SIDE_PX_MAX} px a side");
                return Err(broken(glyph, reason));
            }
        }
    }
    Ok(())
}

/// The steps are used up.
struct OutOfSteps;

/// Counts what a painter would be told, and leaves when it is too much: a pen cannot say no.
struct Steps<'a> {
    glyph: u64,
    file: &'a mut u64,
}

impl Steps<'_> {
    fn step(&mut self) {
        match (self.glyph.checked_sub(1), self.file.checked_sub(1)) {
            (Some(glyph), Some(file)) => (self.glyph, *self.file) = (glyph, file),
            (None, _) | (_, None) => resume_unwind(Box::new(OutOfSteps)),
        }
    }
}

impl OutlinePen for Steps<'_> {
    fn move_to(&mut self, _: f32, _: f32) {
        self.step();
    }

    fn line_to(&mut self, _: f32, _: f32) {
        self.step();
    }

    fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {
        self.step();
    }

    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {
        self.step();
    }

    fn close(&mut self) {
        self.step();
    }
}

impl ColorPainter for Steps<'_> {
    fn push_transform(&mut self, _: Transform) {
        self.step();
    }

    fn pop_transform(&mut self) {}

    fn push_clip_glyph(&mut self, _: GlyphId) {
        self.step();
    }

    fn push_clip_box(&mut self, _: BoundingBox<f32>) {
        self.step();
    }

    fn pop_clip(&mut self) {}

    fn fill(&mut self, _: Brush<'_>) {
        self.step();
    }

    fn push_layer(&mut self, _: CompositeMode) {
        self.step();
    }
}
