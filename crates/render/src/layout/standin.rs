//! Stand-ins: which families have the characters that a text's own family lacks.
//!
//! The order of the files decides, but for three rules: a family for the reader's script comes before
//! one for another (the name of Noto's CJK families says which), a sans serif before a serif, since
//! the bundled family is one, and a family of coloured glyphs comes first for emoji and last for all
//! else. Deliberately absent: shaping, and the families that a template names.

use std::collections::HashMap;
use std::ops::Range;

use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, EmojiPresentation};
use parley::FontFamilyName;
use peniko::FontData;
use skrifa::raw::TableProvider as _;
use skrifa::{FontRef, MetadataProvider as _};

use super::typeset::Styled;
use crate::fonts::FALLBACK;

/// Characters whose families are remembered.
const KNOWN_MAX: usize = 1 << 14;
/// The character that asks for an emoji where a text glyph would do as well.
const EMOJI_SELECTOR: char = '\u{fe0f}';

/// The families, and what was found out about characters.
#[derive(Default)]
pub(super) struct StandIns {
    families: Vec<Family>,
    /// Families that have a character, best first; none for one that is never seen.
    known: HashMap<(char, Reader), Box<[usize]>>,
}

/// Whose forms of the characters that several scripts share are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reader {
    Japanese,
    Korean,
    SimplifiedChinese,
    TraditionalChinese,
    HongKong,
    Other,
}

struct Family {
    name: String,
    /// Its first face stands for all: the faces of a family have the same characters.
    face: FontData,
    colored: bool,
    sans: bool,
}

impl StandIns {
    /// Adds a face of a family.
    pub(super) fn add(&mut self, name: &str, face: FontData, colored: bool) {
        if self.families.iter().any(|family| family.name == name) {
            return;
        }
        let sans = name.contains("Sans");
        self.families.push(Family { name: name.to_owned(), face, colored, sans });
    }

    /// The families of coloured glyphs.
    pub(super) fn emoji(&self) -> impl Iterator<Item = &str> {
        self.families.iter().filter(|family| family.colored).map(|family| family.name.as_str())
    }

    /// For each stretch of the text, the families to look through: its own, the bundled one, and
    /// those that are [`Self::needed`].
    pub(super) fn stacks<'a>(
        &'a self,
        styled: &Styled<'a>,
        needed: &[usize],
    ) -> Vec<Vec<FontFamilyName<'a>>> {
        let needed: Vec<&str> =
            needed.iter().map(|index| self.families[*index].name.as_str()).collect();
        let stack = |family| {
            let stack = [family, FALLBACK].into_iter().chain(needed.iter().copied());
            stack.map(FontFamilyName::named).collect()
        };
        styled.stretches.iter().map(|(_, style)| stack(style.family)).collect()
    }

    /// Families for the characters that neither the text's families nor the bundled one have.
    pub(super) fn needed(&mut self, styled: &Styled<'_>) -> Vec<usize> {
        if styled.text.is_ascii() {
            return Vec::new();
        }
        let mut own: Vec<&str> = styled.stretches.iter().map(|(_, style)| style.family).collect();
        own.push(FALLBACK);
        own.dedup();
        let same = |name: &str| own.iter().any(|family| family.eq_ignore_ascii_case(name));
        let own: Vec<usize> =
            (0..self.families.len()).filter(|index| same(&self.families[*index].name)).collect();
        let reader = Reader::of(&styled.common.lang);
        let mut needed = Vec::new();
        for char in styled.text.chars().filter(|char| !char.is_ascii()) {
            let having = self.having(char, reader);
            if let Some(best) = having.first()
                && !own.iter().all(|index| having.contains(index))
                && !needed.contains(best)
            {
                needed.push(*best);
            }
        }
        needed
    }

    /// The families that have `char`, best first. A text asks for the same ones at every size that
    /// it is tried in, and so do the rows of a batch.
    fn having(&mut self, char: char, reader: Reader) -> &[usize] {
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&(char, reader)) {
            self.known.clear();
        }
        let families = &self.families;
        self.known.entry((char, reader)).or_insert_with(|| {
            if is_invisible(char) {
                return Box::default();
            }
            let emoji = CodePointSetData::new::<EmojiPresentation>().contains(char);
            let mut having: Box<[usize]> =
                (0..families.len()).filter(|index| families[*index].has(char)).collect();
            having.sort_by_key(|index| {
                let family = &families[*index];
                (family.colored != emoji, !reader.reads(&family.name), !family.sans)
            });
            having
        })
    }

    /// Where the text asks for emoji in place of text glyphs, by a selector behind the character.
    pub(super) fn emoji_ranges(&self, text: &str) -> Vec<Range<usize>> {
        if text.is_ascii() || self.emoji().next().is_none() {
            return Vec::new();
        }
        let selectors = text.match_indices(EMOJI_SELECTOR);
        let ranges = selectors.filter_map(|(at, selector)| {
            let char = text.get(..at)?.chars().next_back()?;
            Some(at - char.len_utf8()..at + selector.len())
        });
        ranges.collect()
    }
}

impl Reader {
    fn of(lang: &str) -> Self {
        let parts: Vec<&str> = lang.split('-').collect();
        match parts.as_slice() {
            ["ja", ..] => Self::Japanese,
            ["ko", ..] => Self::Korean,
            ["zh", rest @ ..] if rest.contains(&"HK") || rest.contains(&"MO") => Self::HongKong,
            ["zh", rest @ ..] if rest.contains(&"Hant") || rest.contains(&"TW") => {
                Self::TraditionalChinese
            }
            ["zh", ..] => Self::SimplifiedChinese,
            _ => Self::Other,
        }
    }

    /// Whether a family is made for him, which the names of the common ones say at their end.
    fn reads(self, family: &str) -> bool {
        family.ends_with(match self {
            Self::Japanese => " JP",
            Self::Korean => " KR",
            Self::SimplifiedChinese => " SC",
            Self::TraditionalChinese => " TC",
            Self::HongKong => " HK",
            Self::Other => return false,
        })
    }
}

/// Whether a font has glyphs with colours of their own.
pub(super) fn is_colored(face: &FontData) -> bool {
    let font = FontRef::from_index(face.data.data(), face.index);
    font.is_ok_and(|font| {
        font.colr().is_ok() || font.cbdt().is_ok() || font.sbix().is_ok() || font.svg().is_ok()
    })
}

/// Whether a font draws its glyphs with outlines.
pub(super) fn is_outlined(face: &FontData) -> bool {
    let font = FontRef::from_index(face.data.data(), face.index);
    font.is_ok_and(|font| font.outline_glyphs().format().is_some())
}

/// How many glyphs a font has.
pub(super) fn glyph_count(face: &FontData) -> u32 {
    let font = FontRef::from_index(face.data.data(), face.index).and_then(|font| font.maxp());
    font.map_or(0, |maxp| maxp.num_glyphs().into())
}

/// Whether a character is never seen, such as a mark of direction, so that no font need have it.
pub(crate) fn is_invisible(char: char) -> bool {
    if char.is_ascii() {
        return !char.is_ascii_graphic();
    }
    char.is_control()
        || char.is_whitespace()
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(char)
}

impl Family {
    fn has(&self, char: char) -> bool {
        let font = FontRef::from_index(self.face.data.data(), self.face.index);
        font.is_ok_and(|font| font.charmap().map(char).is_some_and(|glyph| glyph.to_u32() != 0))
    }
}
