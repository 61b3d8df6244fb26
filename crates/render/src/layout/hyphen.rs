//! Soft hyphens: places where a word may be broken, seen only where a line ends at one.
//!
//! Deliberately absent: a dictionary. Whoever writes the text says where words may be broken; and
//! scripts that run from right to left, which do not hyphenate.

use std::collections::BTreeMap;

use parley::{Layout, Line};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

use super::typeset::{Run, Stretch};
use crate::drawing::Glyph;

/// Says where a word may be broken.
pub(super) const SOFT_HYPHEN: char = '\u{ad}';
/// Lines that may end in a hyphen.
const HYPHENS_MAX: usize = 200;

/// Leaves room for a hyphen in each line that ends at a soft one.
pub(super) fn make_room(layout: &mut Layout<Stretch>, text: &str, width: f32) {
    let mut rooms: BTreeMap<usize, f32> = BTreeMap::new();
    while rooms.len() < HYPHENS_MAX {
        let found = layout.lines().enumerate().find_map(|(index, line)| {
            let new = !rooms.contains_key(&index) && ends_soft(&line, text);
            new.then(|| (index, line.runs().last().map_or(0.0, |run| hyphen_of(&run).1)))
        });
        let Some((index, room)) = found else { return };
        rooms.insert(index, room);
        let mut lines = layout.break_lines();
        for index in 0.. {
            let room = rooms.get(&index).copied().unwrap_or(0.0);
            let state = lines.state_mut();
            state.set_layout_max_advance(width);
            state.set_line_max_advance((width - room).max(0.0));
            if lines.break_next().is_none() {
                break;
            }
        }
        lines.finish();
    }
}

/// Whether a line ends inside a word, at a soft hyphen.
pub(super) fn ends_soft(line: &Line<'_, Stretch>, text: &str) -> bool {
    let range = line.text_range();
    range.end < text.len() && text.get(range).is_some_and(|line| line.ends_with(SOFT_HYPHEN))
}

/// The hyphen behind the last run of a line.
pub(super) fn hyphen(line: &Line<'_, Stretch>, last: &Run) -> Option<Run> {
    let run = line.runs().last()?;
    let (glyph, advance) = hyphen_of(&run);
    let mut hyphen = last.clone();
    hyphen.origin.x = last.seen.1;
    hyphen.seen = (last.seen.1, last.seen.1 + f64::from(advance));
    hyphen.glyphs = vec![Glyph { id: glyph, x: 0.0, y: 0.0 }];
    Some(hyphen)
}

/// The glyph of a hyphen in a run's font, and its advance in px.
fn hyphen_of(run: &parley::Run<'_, Stretch>) -> (u32, f32) {
    let font = run.font();
    let Ok(font) = FontRef::from_index(font.data.data(), font.index) else {
        return (0, 0.0);
    };
    let coords: Vec<_> = run
        .normalized_coords()
        .iter()
        .map(|coord| skrifa::instance::NormalizedCoord::from_bits(coord.to_bits()))
        .collect();
    let glyph = ['‐', '-'].into_iter().find_map(|char| font.charmap().map(char));
    let metrics = font.glyph_metrics(Size::new(run.font_size()), LocationRef::new(&coords));
    glyph.map_or((0, 0.0), |glyph| (glyph.to_u32(), metrics.advance_width(glyph).unwrap_or(0.0)))
}
