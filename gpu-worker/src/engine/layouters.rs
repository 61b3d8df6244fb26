//! A render thread's layouters: one for each set of uploaded fonts that came up lately.
//!
//! A layouter knows its fonts from its beginning, and making one reads all of them; rows of one batch
//! share theirs. What is kept is bounded, in number and in bytes of uploaded fonts, since each thread
//! keeps its own.

use std::collections::VecDeque;
use std::sync::Arc;

use pixeldrive_model::FontHash;
use pixeldrive_render::{Font, Fonts, Layouter, Scaled};

/// Sets of uploaded fonts that a thread keeps a layouter for.
const SETS_MAX: usize = 8;
/// Bytes of uploaded fonts in them; one set may have more.
const BYTES_MAX: usize = 64 << 20;

/// The layouters of one thread.
pub(super) struct Layouters {
    fonts: Fonts,
    scaled: Arc<Scaled>,
    /// Without uploaded fonts: what most pictures need.
    plain: Layouter,
    /// The last one used is the last one.
    sets: VecDeque<Set>,
}

struct Set {
    hashes: Vec<FontHash>,
    bytes: usize,
    layouter: Layouter,
}

impl Layouters {
    /// Layouters that know `fonts` besides what is uploaded.
    pub(super) fn new(fonts: Fonts, scaled: Arc<Scaled>) -> Self {
        let plain = Layouter::new(&fonts, Arc::clone(&scaled));
        Self { fonts, scaled, plain, sets: VecDeque::new() }
    }

    /// The layouter that knows these uploaded fonts too.
    pub(super) fn of(&mut self, uploaded: &[Font]) -> &mut Layouter {
        if uploaded.is_empty() {
            return &mut self.plain;
        }
        let mut hashes: Vec<_> = uploaded.iter().map(Font::hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let known = self.sets.iter().position(|set| set.hashes == hashes);
        let set = known.and_then(|at| self.sets.remove(at)).unwrap_or_else(|| Set {
            bytes: uploaded.iter().map(Font::bytes).sum(),
            layouter: Layouter::new(&self.fonts.with(uploaded), Arc::clone(&self.scaled)),
            hashes,
        });
        let mut room = BYTES_MAX.saturating_sub(set.bytes);
        let mut kept = 1;
        // From the last used on, as many as there is room for.
        let fits = |old: &&Set| {
            kept += 1;
            let fits = kept <= SETS_MAX && old.bytes <= room;
            room = room.saturating_sub(old.bytes);
            fits
        };
        let keep = self.sets.iter().rev().take_while(fits).count();
        self.sets.drain(..self.sets.len() - keep);
        self.sets.push_back(set);
        let last = self.sets.len() - 1;
        &mut self.sets[last].layouter
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const BARS: &[u8] = include_bytes!("../../../crates/fonts/tests/fixtures/PixelBars.otf");

    #[test]
    fn the_sets_used_last_are_kept() {
        let mut layouters = Layouters::new(Fonts::bundled(), Arc::new(Scaled::new(1_000)));
        let font =
            |number: u8| Font::new(FontHash([number; 32]), Bytes::from_static(BARS)).unwrap();
        let fonts: Vec<_> = (0..20).map(font).collect();
        layouters.of(&[]);
        assert!(layouters.sets.is_empty(), "no uploaded fonts, no set");
        for font in &fonts {
            layouters.of(std::slice::from_ref(font));
            layouters.of(&fonts[..1]);
        }
        let kept = |layouters: &Layouters| -> Vec<_> {
            layouters.sets.iter().map(|set| set.hashes[0].0[0]).collect()
        };
        assert_eq!(kept(&layouters), [13, 14, 15, 16, 17, 18, 19, 0], "the last ones");
        layouters.of(&[fonts[16].clone(), fonts[16].clone()]);
        assert_eq!(kept(&layouters), [13, 14, 15, 17, 18, 19, 0, 16], "used again, not made again");
        layouters.of(&fonts[..2]);
        layouters.of(&[fonts[1].clone(), fonts[0].clone()]);
        assert_eq!(kept(&layouters), [14, 15, 17, 18, 19, 0, 16, 0], "the order does not matter");
        layouters.sets[3].bytes = BYTES_MAX;
        layouters.of(&fonts[..1]);
        assert_eq!(kept(&layouters), [19, 16, 0, 0], "a heavy one takes the room of those before");
    }
}
