//! Shaping: from a text in one style to lines of glyphs, with parley.
//!
//! Sizes are CSS px and nothing is rounded: not baselines, not line heights, not advances. A line is
//! a CSS line box, its half-leading split above and below the ascent and descent of the font.
//!
//! Deliberately absent: the box around the text and what happens when it is too small (`fit.rs`).

use std::borrow::Cow;
use std::collections::HashMap;

use kurbo::{Affine, Vec2};
use parley::fontique::{Blob, SourceCache};
use parley::{
    Alignment, AlignmentOptions, BreakReason, FontContext, FontFamily, FontFamilyName, FontStyle,
    FontWeight, GlyphRun, Layout, LayoutContext, Line, LineHeight, OverflowWrap,
    PositionedLayoutItem, StyleProperty, WhiteSpaceCollapse,
};
use peniko::Color;
use skrifa::FontRef;
use skrifa::raw::TableProvider as _;

use crate::drawing::{self, Mark};
use crate::fonts::{self, FALLBACK, Fonts};

/// Share of the font size by which a synthesized bold grows on every side.
const EMBOLDEN_EM: f32 = 1.0 / 48.0;

/// How text looks, but for its colour and its size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style<'a> {
    pub family: &'a str,
    pub weight: f64,
    pub italic: bool,
    /// Multiple of the font size.
    pub line_height: f64,
    /// In px.
    pub letter_spacing: f64,
}

/// Fonts and scratch memory for shaping.
pub(crate) struct Typesetter {
    fonts: FontContext,
    layouts: LayoutContext<()>,
    /// In the order in which they were added, which is the order in which they stand in.
    families: Vec<String>,
    /// Family by the id of the file.
    owners: HashMap<u64, String>,
}

/// A text broken into lines.
pub(crate) struct Lines {
    layout: Layout<()>,
}

/// What a typeset text is not quite as asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// Characters that no font has.
    pub missing: Vec<char>,
    /// Families that stand in for characters that the family lacks.
    pub stand_ins: Vec<String>,
    /// Whether a bold or italic was made from a face that is not.
    pub synthesized: bool,
}

impl Typesetter {
    pub(crate) fn new(fonts: &Fonts) -> Self {
        let mut context =
            FontContext { collection: fonts::collection(), source_cache: SourceCache::default() };
        let mut families: Vec<String> = Vec::new();
        let mut owners = HashMap::new();
        for file in fonts.files() {
            for (id, _) in context.collection.register_fonts(Blob::clone(file), None) {
                let Some(name) = context.collection.family_name(id) else {
                    continue;
                };
                owners.insert(file.id(), name.to_owned());
                if !families.iter().any(|family| family == name) {
                    families.push(name.to_owned());
                }
            }
        }
        Self { fonts: context, layouts: LayoutContext::new(), families, owners }
    }

    /// Whether there is a family of this name.
    pub(crate) fn has(&mut self, family: &str) -> bool {
        self.fonts.collection.family_id(family).is_some()
    }

    /// Breaks `text` into lines of at most `width` px; without a width only `\n` breaks.
    pub(crate) fn set(
        &mut self,
        text: &str,
        style: &Style<'_>,
        size: f64,
        width: Option<f64>,
    ) -> Lines {
        let names: Vec<FontFamilyName<'_>> = [style.family, FALLBACK]
            .into_iter()
            .chain(self.families.iter().map(String::as_str))
            .map(FontFamilyName::named)
            .collect();
        let mut builder = self.layouts.ranged_builder(&mut self.fonts, text, 1.0, false);
        let slope = if style.italic { FontStyle::Italic } else { FontStyle::Normal };
        let properties = [
            StyleProperty::FontFamily(FontFamily::List(Cow::Borrowed(&names))),
            StyleProperty::FontSize(narrow(size)),
            StyleProperty::FontWeight(FontWeight::new(narrow(style.weight))),
            StyleProperty::FontStyle(slope),
            StyleProperty::LineHeight(LineHeight::Absolute(narrow(size * style.line_height))),
            StyleProperty::LetterSpacing(narrow(style.letter_spacing)),
            StyleProperty::OverflowWrap(OverflowWrap::Anywhere),
            // Spaces at the end of a line hang outside of it and do not count.
            StyleProperty::WhiteSpaceCollapse(WhiteSpaceCollapse::PreserveBreaks),
        ];
        for property in properties {
            builder.push_default(property);
        }
        if style.letter_spacing != 0.0 {
            // Spaced letters are not joined, as in CSS.
            builder.push_default(StyleProperty::FontFeatures(r#""liga" 0, "clig" 0"#.into()));
        }
        let mut layout = builder.build(text);
        layout.break_all_lines(width.map(narrow));
        Lines { layout }
    }
}

impl Lines {
    /// How many lines there are.
    pub(crate) fn count(&self) -> usize {
        self.layout.len()
    }

    /// Width of the widest line without the spaces that hang.
    pub(crate) fn width(&self) -> f64 {
        self.layout.width().into()
    }

    /// Height of the first `count` lines.
    pub(crate) fn height(&self, count: usize) -> f64 {
        let last = count.min(self.count()).checked_sub(1).and_then(|index| self.layout.get(index));
        last.map_or(0.0, |line| line.metrics().block_max_coord.into())
    }

    /// Whether a word had to be broken to fit the width.
    pub(crate) fn breaks_words(&self) -> bool {
        self.layout.lines().any(|line| line.break_reason() == BreakReason::Emergency)
    }

    /// Places in the text between which nothing can be cut, from the line `from` to the line `to`.
    pub(crate) fn cuts(&self, from: usize, to: usize) -> Vec<usize> {
        let lines = self.layout.lines().skip(from).take(to + 1 - from);
        let runs = lines.flat_map(|line| line.runs().collect::<Vec<_>>());
        let mut cuts: Vec<usize> = runs
            .flat_map(|run| {
                run.clusters().map(|cluster| cluster.text_range().start).collect::<Vec<_>>()
            })
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// Aligns the lines in the width that they were broken for, or in the widest line.
    pub(crate) fn align(&mut self, alignment: Alignment) {
        // A line that is too long runs over at the end, as in CSS.
        self.layout.align(alignment, AlignmentOptions::default());
    }

    /// The glyphs of the first `count` lines, with `transform` mapping the text's top left.
    pub(crate) fn marks(
        &self,
        transform: Affine,
        count: usize,
        color: Color,
    ) -> impl Iterator<Item = Mark> {
        self.layout.lines().take(count).flat_map(move |line| {
            let runs = glyph_runs(&line).map(|run| mark(&run, transform, color));
            runs.collect::<Vec<_>>()
        })
    }

    /// What is not as asked in the first `count` lines.
    pub(crate) fn notes(
        &self,
        text: &str,
        family: &str,
        typesetter: &Typesetter,
        count: usize,
    ) -> Notes {
        let mut notes = Notes::default();
        for line in self.layout.lines().take(count) {
            for run in line.runs() {
                let synthesis = run.synthesis();
                notes.synthesized |= synthesis.embolden() || synthesis.skew().is_some();
                let mut missing = false;
                for cluster in run.clusters() {
                    let absent = cluster.glyphs().any(|glyph| glyph.id == 0);
                    let chars = text.get(cluster.text_range()).unwrap_or_default().chars();
                    if absent {
                        let shown =
                            chars.filter(|char| !char.is_control() && !char.is_whitespace());
                        let unknown: Vec<char> =
                            shown.filter(|char| !notes.missing.contains(char)).collect();
                        notes.missing.extend(unknown);
                        missing = true;
                    }
                }
                if let Some(owner) = typesetter.owners.get(&run.font().data.id())
                    && !missing
                    && !owner.eq_ignore_ascii_case(family)
                    && !notes.stand_ins.contains(owner)
                {
                    notes.stand_ins.push(owner.clone());
                }
            }
        }
        notes
    }
}

fn glyph_runs<'a>(line: &Line<'a, ()>) -> impl Iterator<Item = GlyphRun<'a, ()>> {
    line.items().filter_map(|item| match item {
        PositionedLayoutItem::GlyphRun(run) => Some(run),
        PositionedLayoutItem::InlineBox(_) => None,
    })
}

/// A run as a mark. Its origin is its own start on the baseline.
fn mark(run: &GlyphRun<'_, ()>, transform: Affine, color: Color) -> Mark {
    let (start, baseline) = (run.offset(), run.baseline());
    let origin = Vec2::new(start.into(), baseline.into());
    let synthesis = run.run().synthesis();
    let size = run.run().font_size();
    let glyphs = run.positioned_glyphs();
    Mark::Glyphs(drawing::GlyphRun {
        transform: transform * Affine::translate(origin),
        skew: synthesis.skew().unwrap_or(0.0),
        embolden: if synthesis.embolden() { units_per_em(run) * EMBOLDEN_EM } else { 0.0 },
        font: run.run().font().clone(),
        size,
        coords: run.run().normalized_coords().iter().map(|coord| coord.to_bits()).collect(),
        color,
        glyphs: glyphs
            .map(|glyph| drawing::Glyph { id: glyph.id, x: glyph.x - start, y: glyph.y - baseline })
            .collect(),
    })
}

fn units_per_em(run: &GlyphRun<'_, ()>) -> f32 {
    let font = run.run().font();
    let head = FontRef::from_index(font.data.data(), font.index).and_then(|font| font.head());
    head.map_or(0.0, |head| head.units_per_em().into())
}

/// Layout coordinates are f32 inside parley; limits keep them where that is exact enough.
#[expect(clippy::cast_possible_truncation, reason = "sizes are limited to 32,768 px")]
fn narrow(value: f64) -> f32 {
    value as f32
}
