//! Shaping: from a text in one or more styles to lines of glyphs, with parley.
//!
//! Sizes are CSS px and nothing is rounded: not baselines, not line heights, not advances. A line is
//! a CSS line box, its half-leading split above and below the ascent and descent of the font.
//!
//! Deliberately absent: the box around the text and what happens when it is too small (`fit.rs`),
//! and what the glyphs are painted with (`ink.rs`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use kurbo::Vec2;
use parley::fontique::{Blob, FontWidth, GenericFamily, SourceCache};
use parley::setting::Tag;
use parley::{
    Alignment, AlignmentOptions, BaseDirection, BreakReason, CHROMIUM_LINE_BREAK_OVERRIDE,
    FontContext, FontFamily, FontFamilyName, FontFeature, FontFeatures, FontStyle, FontVariation,
    FontVariations, FontWeight, GlyphRun, Language, Layout, LayoutContext, Line, LineHeight,
    OverflowWrap, PositionedLayoutItem, StyleProperty, TextWrapMode, WhiteSpaceCollapse, WordBreak,
};
use peniko::FontData;

use super::glyph_picture;
use super::hyphen::{self, SOFT_HYPHEN};
use super::standin::{self, StandIns, is_invisible};
use crate::drawing::Glyph;
use crate::fonts::{self, Fonts};

/// Share of the font size by which a synthesized bold grows on every side.
const EMBOLDEN_EM: f32 = 1.0 / 48.0;
/// The axis of optical sizes.
const OPTICAL_SIZE: Tag = Tag::new(b"opsz");
/// Lines that are balanced at most; more of them are a page, where nobody sees the difference.
const BALANCED_LINES_MAX: usize = 12;

/// How a stretch of text looks, but for its colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style<'a> {
    pub family: &'a str,
    pub weight: f64,
    pub italic: bool,
    /// In px.
    pub size: f64,
    /// In px.
    pub letter_spacing: f64,
}

/// What a whole text has in common.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    /// Multiple of the font size.
    pub line_height: f64,
    /// In px.
    pub word_spacing: f64,
    /// Percent of the normal width.
    pub stretch: f64,
    /// Whether lines are broken elsewhere than at `\n`.
    pub wraps: bool,
    pub word_break: WordBreak,
    pub direction: BaseDirection,
    /// Language tag.
    pub lang: String,
    pub features: Vec<FontFeature>,
    pub variations: Vec<FontVariation>,
}

/// A text in one or more styles.
#[derive(Clone, Debug)]
pub(crate) struct Styled<'a> {
    pub text: String,
    /// Where each stretch ends in the text, and its style; the last one ends with the text.
    pub stretches: Vec<(usize, Style<'a>)>,
    pub common: &'a Common,
}

/// Which stretch of its text a glyph belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Stretch(pub u16);

/// Fonts and scratch memory for shaping.
pub(crate) struct Typesetter {
    fonts: FontContext,
    layouts: LayoutContext<Stretch>,
    stand_ins: StandIns,
    /// By the id of their file and their place in it.
    faces: HashMap<(u64, u32), Face>,
}

/// A face of a family.
struct Face {
    family: String,
    colored: bool,
    /// Whether glyphs have outlines; else they have pictures, or nothing to be drawn.
    outlined: bool,
    /// How many glyphs there are; characters and ligatures may name others, which no painter takes.
    glyphs: u32,
    /// Its weight, unless it has them all.
    weight: Option<f64>,
}

/// A text broken into lines.
pub(crate) struct Lines {
    layout: Layout<Stretch>,
    /// Whether lines may end in a hyphen.
    hyphens: bool,
    /// What balanced lines leave free of the width that they stand in.
    spare: f64,
    /// How far right of it alignment moves them.
    shift: f64,
}

/// Glyphs of one font in one stretch of a line.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub stretch: usize,
    /// Index of its line.
    pub line: usize,
    /// Where it begins, on the baseline.
    pub origin: Vec2,
    /// From where to where it is seen: spaces that hang at the end of its line are not.
    pub seen: (f64, f64),
    /// Whether its font is of the stretch's own family.
    pub own: bool,
    /// Whether its font has glyphs with colours of their own.
    pub colored: bool,
    pub metrics: Metrics,
    pub font: FontData,
    /// In px.
    pub size: f32,
    /// Slant for a synthesized italic in degrees, or 0.
    pub skew: f32,
    /// Growth for a synthesized bold in ems, or 0.
    pub embolden: f32,
    /// Variation coordinates, 2.14 fixed point.
    pub coords: Vec<i16>,
    /// Positions from the origin.
    pub glyphs: Vec<Glyph>,
}

/// Distances from the baseline in px; down is positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Metrics {
    pub top: f64,
    pub bottom: f64,
    /// Upper edge and thickness of a line below the glyphs.
    pub underline: (f64, f64),
    /// The same of one through them.
    pub line_through: (f64, f64),
}

/// What a typeset text is not quite as asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notes {
    /// Characters that no font has.
    pub missing: Vec<char>,
    /// Families that know a character and have nothing to draw for it, and the character.
    pub undrawn: Vec<(String, char)>,
    /// Families that stand in for characters that another lacks: the latter, then the former.
    pub stand_ins: Vec<(String, String)>,
    /// Families of which a bold or italic was made from a face that is not.
    pub synthesized: Vec<String>,
    /// Families with a weight that they lack, and the one that they have instead.
    pub weights: Vec<(String, f64, f64)>,
}

impl<'a> Styled<'a> {
    /// The stretches with the range that each has in the text.
    fn ranges(&self) -> impl Iterator<Item = (Range<usize>, &Style<'a>)> {
        let starts = std::iter::once(0).chain(self.stretches.iter().map(|(end, _)| *end));
        starts.zip(&self.stretches).map(|(start, (end, style))| (start..*end, style))
    }

    /// The text up to `end` without the spaces there, and then `tail` in the style of what was cut.
    pub(crate) fn cut(&self, end: usize, tail: &str) -> Self {
        let kept = self.text.get(..end).unwrap_or_default().trim_end();
        let text = format!("{kept}{tail}");
        let last = self.stretches.partition_point(|(stretch, _)| *stretch <= end);
        let last = last.min(self.stretches.len().saturating_sub(1));
        let mut stretches: Vec<_> = self.stretches.get(..=last).unwrap_or_default().to_vec();
        for (end, _) in &mut stretches {
            *end = (*end).min(kept.len());
        }
        if let Some((end, _)) = stretches.last_mut() {
            *end = text.len();
        }
        Self { text, stretches, common: self.common }
    }
}

impl Typesetter {
    pub(crate) fn new(fonts: &Fonts) -> Self {
        let mut context =
            FontContext { collection: fonts::collection(), source_cache: SourceCache::default() };
        let mut stand_ins = StandIns::default();
        let mut faces = HashMap::new();
        for file in fonts.files() {
            for (id, infos) in fonts::register(&mut context.collection, file) {
                let Some(name) = context.collection.family_name(id).map(str::to_owned) else {
                    continue;
                };
                for info in infos {
                    let data = FontData::new(Blob::clone(file), info.index());
                    let colored = standin::is_colored(&data);
                    let weight = (!info.has_weight_axis()).then(|| info.weight().value().into());
                    let outlined = standin::is_outlined(&data);
                    let glyphs = standin::glyph_count(&data);
                    let face = Face { family: name.clone(), colored, outlined, glyphs, weight };
                    faces.insert((file.id(), info.index()), face);
                    stand_ins.add(&name, data, colored);
                }
            }
        }
        let emoji: Vec<_> =
            stand_ins.emoji().filter_map(|name| context.collection.family_id(name)).collect();
        context.collection.set_generic_families(GenericFamily::Emoji, emoji.into_iter());
        Self { fonts: context, layouts: LayoutContext::new(), stand_ins, faces }
    }

    /// Whether there is a family of this name.
    pub(crate) fn has(&mut self, family: &str) -> bool {
        self.fonts.collection.family_id(family).is_some()
    }

    /// Breaks the text into lines of at most `width` px; without a width only `\n` breaks. Font
    /// sizes are multiplied by `scale`.
    pub(crate) fn set(&mut self, styled: &Styled<'_>, scale: f64, width: Option<f64>) -> Lines {
        let Styled { text, common, .. } = styled;
        let needed = self.stand_ins.needed(styled);
        let families = self.stand_ins.stacks(styled, &needed);
        let emoji = self.stand_ins.emoji_ranges(text);
        let mut builder = self.layouts.ranged_builder(&mut self.fonts, text, 1.0, false);
        builder.set_base_direction(common.direction);
        // Designers see their texts in a browser first. Where any letter may end a line, there is
        // nothing to override.
        let like_chromium = common.word_break != WordBreak::BreakAll;
        builder.set_line_break_override(like_chromium.then_some(CHROMIUM_LINE_BREAK_OVERRIDE));
        let wrap = if common.wraps { TextWrapMode::Wrap } else { TextWrapMode::NoWrap };
        let properties = [
            StyleProperty::WordSpacing(narrow(common.word_spacing)),
            StyleProperty::FontWidth(FontWidth::from_percentage(narrow(common.stretch))),
            StyleProperty::FontFeatures(FontFeatures::List(Cow::Borrowed(&common.features))),
            StyleProperty::Locale(Language::parse(&common.lang).ok()),
            StyleProperty::OverflowWrap(OverflowWrap::Anywhere),
            StyleProperty::TextWrapMode(wrap),
            StyleProperty::WordBreak(common.word_break),
            // Spaces at the end of a line hang outside of it and do not count.
            StyleProperty::WhiteSpaceCollapse(WhiteSpaceCollapse::PreserveBreaks),
        ];
        for property in properties {
            builder.push_default(property);
        }
        for (index, ((range, style), families)) in styled.ranges().zip(&families).enumerate() {
            let slope = if style.italic { FontStyle::Italic } else { FontStyle::Normal };
            let size = style.size * scale;
            let stretch = Stretch(u16::try_from(index).unwrap_or(u16::MAX));
            // A font with optical sizes is set in the one that is meant, as CSS has it.
            let optical = FontVariation { tag: OPTICAL_SIZE, value: narrow(size) };
            let own = common.variations.iter().copied();
            let variations: Vec<FontVariation> = std::iter::once(optical).chain(own).collect();
            let properties = [
                StyleProperty::FontFamily(FontFamily::List(Cow::Borrowed(families))),
                StyleProperty::FontSize(narrow(size)),
                StyleProperty::FontWeight(FontWeight::new(narrow(style.weight))),
                StyleProperty::FontStyle(slope),
                StyleProperty::LineHeight(LineHeight::Absolute(narrow(size * common.line_height))),
                StyleProperty::LetterSpacing(narrow(style.letter_spacing)),
                StyleProperty::FontVariations(FontVariations::List(Cow::Owned(variations))),
                StyleProperty::Brush(stretch),
            ];
            for property in properties {
                if styled.stretches.len() == 1 {
                    builder.push_default(property);
                } else {
                    builder.push(property, range.clone());
                }
            }
        }
        for range in emoji {
            let families: Vec<_> = self.stand_ins.emoji().map(FontFamilyName::named).collect();
            let families = FontFamily::List(Cow::Owned(families));
            builder.push(StyleProperty::FontFamily(families), range);
        }
        let mut layout = builder.build(text);
        layout.break_all_lines(width.map(narrow));
        let hyphens = text.contains(SOFT_HYPHEN) && !layout.is_rtl();
        if let (true, Some(width)) = (hyphens, width) {
            hyphen::make_room(&mut layout, text, narrow(width));
        }
        Lines { layout, hyphens, spare: 0.0, shift: 0.0 }
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

    /// Breaks the lines anew so that they are about equally wide, and no more of them. They are still
    /// aligned in `width`.
    pub(crate) fn balance(&mut self, width: f64) {
        let count = self.count();
        if !(2..=BALANCED_LINES_MAX).contains(&count) || self.breaks_words() || self.hyphens {
            return;
        }
        // No width below the average can do.
        #[expect(clippy::cast_precision_loss, reason = "a few lines")]
        let (mut under, mut over) = (self.width() / count as f64, width);
        while over - under > 0.5 {
            let middle = f64::midpoint(under, over);
            self.layout.break_all_lines(Some(narrow(middle)));
            if self.count() <= count && !self.breaks_words() {
                over = middle;
            } else {
                under = middle;
            }
        }
        self.layout.break_all_lines(Some(narrow(over)));
        self.spare = width - over;
    }

    /// Aligns the lines in the width that they were broken for, or in the widest line.
    pub(crate) fn align(&mut self, alignment: Alignment) {
        // A line that is too long runs over at the end, as in CSS.
        self.layout.align(alignment, AlignmentOptions::default());
        let right = match alignment {
            Alignment::Start | Alignment::Justify => self.layout.is_rtl(),
            Alignment::End => !self.layout.is_rtl(),
            Alignment::Right => true,
            Alignment::Left | Alignment::Center => false,
        };
        self.shift = match alignment {
            Alignment::Center => self.spare / 2.0,
            _ if right => self.spare,
            _ => 0.0,
        };
    }

    /// The clusters of the first line, from left to right.
    #[cfg(test)]
    pub(super) fn visual_order(&self) -> Vec<Range<usize>> {
        let line = self.layout.lines().next();
        let runs = line.into_iter().flat_map(|line| line.runs().collect::<Vec<_>>());
        let clusters = runs.flat_map(|run| {
            run.visual_clusters().map(|cluster| cluster.text_range()).collect::<Vec<_>>()
        });
        clusters.collect()
    }

    /// Where lines end that ended by choice.
    #[cfg(test)]
    pub(super) fn opportunities(&self) -> Vec<usize> {
        let lines = self.layout.lines();
        let chosen = lines.filter(|line| line.break_reason() == BreakReason::Regular);
        chosen.map(|line| line.text_range().end).collect()
    }

    /// What each of the first `count` lines says, and how wide it is without the spaces that hang.
    pub(crate) fn told(&self, styled: &Styled<'_>, count: usize) -> Vec<(String, f64)> {
        let lines = self.layout.lines().take(count).map(|line| {
            let said = styled.text.get(line.text_range()).unwrap_or_default();
            let metrics = line.metrics();
            (said.to_owned(), (metrics.advance - metrics.hanging_advance).into())
        });
        lines.collect()
    }

    /// The runs of the first `count` lines, in the order in which they stand on each.
    pub(crate) fn runs(
        &self,
        styled: &Styled<'_>,
        typesetter: &Typesetter,
        count: usize,
    ) -> Vec<Run> {
        let mut runs = Vec::new();
        for (index, line) in self.layout.lines().take(count).enumerate() {
            let from = runs.len();
            runs.extend(glyph_runs(&line).map(|run| {
                let mut read = read(&run, index, self.shift);
                let font = run.run().font();
                let face = typesetter.faces.get(&(font.data.id(), font.index));
                let style = styled.stretches.get(read.stretch).map(|(_, style)| style);
                if let (Some(face), Some(style)) = (face, style) {
                    read.own = face.family.eq_ignore_ascii_case(style.family);
                    read.colored = face.colored;
                }
                read
            }));
            let hanging = f64::from(line.metrics().hanging_advance);
            hang(&mut runs[from..], hanging, self.layout.is_rtl());
            if self.hyphens && hyphen::ends_soft(&line, &styled.text) {
                let hyphen = runs.last().and_then(|last| hyphen::hyphen(&line, last));
                runs.extend(hyphen);
            }
            for run in &mut runs[from..] {
                let face = typesetter.faces.get(&(run.font.data.id(), run.font.index));
                let count = face.map_or(0, |face| face.glyphs);
                run.glyphs.retain(|glyph| glyph.id < count);
            }
        }
        runs
    }

    /// What is not as asked in the first `count` lines.
    pub(crate) fn notes(
        &self,
        styled: &Styled<'_>,
        typesetter: &Typesetter,
        count: usize,
    ) -> Notes {
        let mut notes = Notes::default();
        let lines = self.layout.lines().take(count);
        for run in lines.flat_map(|line| line.runs().collect::<Vec<_>>()) {
            let font = run.font();
            let Some(face) = typesetter.faces.get(&(font.data.id(), font.index)) else { continue };
            // What is found of one cluster goes for all of a stretch that are drawn.
            let mut seen = None;
            for cluster in run.clusters() {
                let stretch = cluster.style().brush;
                let drawable = |id| face.outlined || glyph_picture::has(font, id);
                let has = |id| id != 0 && id < face.glyphs && drawable(id);
                let drawn = cluster.glyphs().all(|glyph| has(glyph.id));
                if drawn && seen == Some(stretch) {
                    continue;
                }
                let said = styled.text.get(cluster.text_range()).unwrap_or_default();
                let Some((_, style)) = styled.stretches.get(usize::from(stretch.0)) else {
                    continue;
                };
                if said.chars().all(is_invisible) {
                    continue;
                }
                if drawn {
                    notes.look(&run, style, face);
                    seen = Some(stretch);
                } else if cluster.glyphs().any(|glyph| glyph.id == 0) {
                    notes.miss(said);
                } else {
                    notes.leave(said, face);
                }
            }
        }
        notes
    }
}

impl Notes {
    fn look(&mut self, run: &parley::Run<'_, Stretch>, style: &Style<'_>, face: &Face) {
        let synthesis = run.synthesis();
        let synthesized = synthesis.embolden() || synthesis.skew().is_some();
        if synthesized && !self.synthesized.contains(&face.family) {
            self.synthesized.push(face.family.clone());
        }
        let own = face.family.eq_ignore_ascii_case(style.family);
        let pair = (!own).then(|| (style.family.to_owned(), face.family.clone()));
        if let Some(pair) = pair.filter(|pair| !self.stand_ins.contains(pair)) {
            self.stand_ins.push(pair);
        }
        if let Some(weight) = face.weight.filter(|weight| own && *weight != style.weight)
            && !synthesis.embolden()
        {
            let replaced = (face.family.clone(), style.weight, weight);
            if !self.weights.contains(&replaced) {
                self.weights.push(replaced);
            }
        }
    }

    fn leave(&mut self, said: &str, face: &Face) {
        for char in said.chars().filter(|char| !is_invisible(*char)) {
            let undrawn = (face.family.clone(), char);
            if !self.undrawn.contains(&undrawn) {
                self.undrawn.push(undrawn);
            }
        }
    }

    fn miss(&mut self, said: &str) {
        for char in said.chars().filter(|char| !is_invisible(*char)) {
            if !self.missing.contains(&char) {
                self.missing.push(char);
            }
        }
    }
}

fn glyph_runs<'a>(line: &Line<'a, Stretch>) -> impl Iterator<Item = GlyphRun<'a, Stretch>> {
    line.items().filter_map(|item| match item {
        PositionedLayoutItem::GlyphRun(run) => Some(run),
        PositionedLayoutItem::InlineBox(_) => None,
    })
}

/// Takes the spaces that hang at the end of a line out of what is seen of it.
fn hang(line: &mut [Run], hanging: f64, rtl: bool) {
    let left = line.iter().map(|run| run.seen.0).fold(f64::INFINITY, f64::min);
    let right = line.iter().map(|run| run.seen.1).fold(f64::NEG_INFINITY, f64::max);
    let (left, right) = if rtl { (left + hanging, right) } else { (left, right - hanging) };
    for run in line {
        run.seen = (run.seen.0.max(left).min(right), run.seen.1.min(right).max(left));
    }
}

/// A run in the terms of a drawing. Its origin is its own start on the baseline.
fn read(run: &GlyphRun<'_, Stretch>, line: usize, shift: f64) -> Run {
    let (start, baseline) = (run.offset(), run.baseline());
    let left = f64::from(start) + shift;
    let synthesis = run.run().synthesis();
    let metrics = run.run().font_metrics();
    Run {
        stretch: run.style().brush.0.into(),
        line,
        origin: Vec2::new(left, baseline.into()),
        seen: (left, left + f64::from(run.advance())),
        own: true,
        colored: false,
        metrics: Metrics {
            top: (-metrics.ascent).into(),
            bottom: metrics.descent.into(),
            underline: ((-metrics.underline_offset).into(), metrics.underline_size.into()),
            line_through: (
                (-metrics.strikethrough_offset).into(),
                metrics.strikethrough_size.into(),
            ),
        },
        font: run.run().font().clone(),
        size: run.run().font_size(),
        skew: synthesis.skew().unwrap_or(0.0),
        embolden: if synthesis.embolden() { EMBOLDEN_EM } else { 0.0 },
        coords: run.run().normalized_coords().iter().map(|coord| coord.to_bits()).collect(),
        glyphs: run
            .positioned_glyphs()
            .map(|glyph| Glyph { id: glyph.id, x: glyph.x - start, y: glyph.y - baseline })
            .collect(),
    }
}

/// Layout coordinates are f32 inside parley; limits keep them where that is exact enough.
#[expect(clippy::cast_possible_truncation, reason = "sizes are limited to 32,768 px")]
fn narrow(value: f64) -> f32 {
    value as f32
}
