//! Texts of a row as stamps: what its letters look like in the file is kept from row to row.
//!
//! Where a text stands on plain ground and nothing is above it, its letters have the same bits wherever
//! they stand (`encode::stamps`), and need not be painted. Letters that reach into one another are
//! a stamp together. Deliberately absent: which texts those are, see [`super::Canvas`].

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use skrifa::FontRef;
use skrifa::raw::TableProvider as _;

use crate::Error;
use crate::backend::cpu::glyphs::{Box4, Face, Glyphs, Picture, Stand, around};
use crate::drawing::GlyphRun;
use crate::encode::Master;
use crate::encode::stamps::{Codes, Composition, Sample, Stamp, Stretch};
use crate::pixels::Pixels;

/// Bytes of stamps that are kept.
const BYTES_MAX: usize = 16 << 20;
/// About what a sheet takes on the heap before it has letters, and what a letter takes there besides its stamp.
const SHEET_BYTES: usize = 1 << 10;
const LETTER_BYTES: usize = 128;
/// Letters of a face from which codes are made.
const SAMPLES: u32 = 64;
/// Letters that are one stamp at most.
const LIGATURE: usize = 12;

/// Letters as a file has them. One canvas owns them.
pub(super) struct Stamps {
    /// Whether their styles have codes that pictures share.
    shares_codes: bool,
    sheets: HashMap<Vec<Style>, Sheet>,
    bytes: usize,
}

/// What texts stand on.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub pixels: &'a Pixels,
    /// Its encoding, if it is what rows share.
    pub master: Option<&'a Master>,
}

/// How letters look.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Style {
    face: Face,
    /// Premultiplied.
    ink: [u8; 4],
    ground: [u8; 3],
}

/// The stamps of some styles.
struct Sheet {
    /// What they share, if they are kept in bits.
    codes: Option<Arc<Codes>>,
    /// One letter, by style, glyph and place; `None` for those of which nothing is seen.
    letters: HashMap<(usize, u32, u8), Option<Kept>>,
    /// Letters that reach into one another, from where the first one stands.
    ligatures: HashMap<(usize, Vec<Stand>), Option<Kept>>,
}

/// A stamp, and where its upper left pixel lies from the pixel where its letter stands.
#[derive(Clone)]
struct Kept {
    x: i64,
    y: i64,
    stamp: Arc<Stamp>,
    /// Around what the letters cover, from where the first one stands.
    covered: Box4,
}

/// A text with what is known of it.
struct Text<'a> {
    run: &'a GlyphRun,
    style: Style,
    stands: Vec<Stand>,
}

impl Stamps {
    /// For rows of plans.
    pub(super) fn of_rows() -> Self {
        Self { shares_codes: true, sheets: HashMap::new(), bytes: 0 }
    }

    /// For pictures of any kind, each with codes of its own.
    pub(super) fn of_pictures() -> Self {
        Self { shares_codes: false, ..Self::of_rows() }
    }

    /// Those of `rows` that these runs touch, with them over `ground`; `None` when they are better painted.
    ///
    /// # Errors
    /// As painting.
    pub(super) fn stretch(
        &mut self,
        runs: &[&GlyphRun],
        rows: Range<usize>,
        ground: Ground<'_>,
        glyphs: &mut Glyphs,
    ) -> Result<Option<Stretch>, Error> {
        let base = ground.pixels;
        let (width, height) = (base.width as usize, base.height as usize);
        let mut texts = Vec::with_capacity(runs.len());
        for run in runs {
            let Some((face, ink, stands)) = Glyphs::tell(run) else { return Ok(None) };
            let Some(first) = stands.first() else { continue };
            let on = |at: i64, side: usize| usize::try_from(at).unwrap_or_default().min(side - 1);
            let (x, y) = (on(first.x, width), on(first.y, height));
            let Some([r, g, b, _]) = base.row(y, x, x + 1).first_chunk() else { return Ok(None) };
            // Where the ground is not flat it is so most often in any row.
            if y > 0 && !ground.is_flat(y..y + 1) {
                return Ok(None);
            }
            let style = Style { face, ink, ground: [*r, *g, *b] };
            texts.push(Text { run, style, stands });
        }
        // Those on the left come first.
        texts.sort_by_key(|text| text.stands.iter().map(|stand| stand.x).min());
        let mut styles: Vec<_> = texts.iter().map(|text| text.style.clone()).collect();
        styles.sort_unstable();
        styles.dedup();
        if texts.is_empty() || !ground.stays_rich(&styles) {
            return Ok(None);
        }
        if self.bytes > BYTES_MAX {
            self.sheets.clear();
            self.bytes = 0;
        }
        let Self { shares_codes, sheets, bytes } = self;
        let sheet = match sheets.get_mut(&styles) {
            Some(sheet) => sheet,
            None => {
                let codes = shares_codes.then(|| Arc::new(codes(&styles, &texts, glyphs)));
                *bytes += size_of::<Codes>() + SHEET_BYTES + styles.len() * size_of::<Style>();
                sheets.entry(styles.clone()).or_insert(Sheet::of(codes))
            }
        };
        let mut composition = Composition::new(rows, width);
        for text in &texts {
            let style = styles.binary_search(&text.style).unwrap_or_default();
            match sheet.put(text, style, &mut composition, glyphs, bytes)? {
                Put::Nothing => {}
                // Where letters are as the ground it must be the ground, too.
                Put::All(covered) if ground.is_plain(covered, text.style.ground) => {}
                Put::All(_) | Put::Not => return Ok(None),
            }
        }
        let stretch = composition.finish(sheet.codes.as_ref());
        // Also between texts, where others may stand.
        Ok(stretch.filter(|stretch| ground.is_flat(stretch.rows.clone())))
    }
}

impl Ground<'_> {
    /// Whether all of these rows are opaque and equal to the one above.
    fn is_flat(&self, rows: Range<usize>) -> bool {
        if let Some(master) = self.master {
            return master.can_be_stamped(rows);
        }
        let row = |y: usize| self.pixels.row(y, 0, self.pixels.width as usize);
        let (is_in, opaque) = (rows.end <= self.pixels.height as usize, self.pixels.opaque);
        opaque && is_in && rows.into_iter().all(|y| y > 0 && row(y) == row(y - 1))
    }

    /// Whether letters that cover so much, with a pixel around them, stand on nothing but this colour, in
    /// rows that are flat down to the one below them.
    fn is_plain(&self, [x0, y0, x1, y1]: Box4, [r, g, b]: [u8; 3]) -> bool {
        let on = |at: i64| usize::try_from(at).ok();
        let (Some(left), Some(top)) = (on(x0 - 1), on(y0)) else { return false };
        let (Some(right), Some(bottom)) = (on(x1 + 1), on(y1 + 1)) else { return false };
        let is_color = |row: &[u8]| row.as_chunks::<4>().0.iter().all(|at| *at == [r, g, b, 255]);
        right <= self.pixels.width as usize
            && self.is_flat(top..bottom)
            && is_color(self.pixels.row(top, left, right))
    }

    /// Whether texts of these styles leave it a picture of many colours. Of a picture that is no
    /// row's, that is seen when it is encoded.
    fn stays_rich(&self, styles: &[Style]) -> bool {
        let Some(master) = self.master else { return true };
        let mut pairs: Vec<_> = styles.iter().map(|style| (style.ground, style.full())).collect();
        pairs.sort_unstable();
        pairs.dedup();
        master.stays_rich(&pairs)
    }
}

impl Style {
    /// The colour where a letter covers all of a pixel.
    fn full(&self) -> [u8; 3] {
        let [r, g, b, alpha] = self.ink.map(u16::from);
        let over = |ink: u16, ground: u8| {
            u8::try_from((u16::from(ground) * (255 - alpha) + ink * 255 + 127) / 255)
        };
        let [ground_r, ground_g, ground_b] = self.ground;
        let mixed = [over(r, ground_r), over(g, ground_g), over(b, ground_b)];
        mixed.map(|part| part.unwrap_or(u8::MAX))
    }
}

/// What became of the letters of a text.
enum Put {
    /// They cover this, seen or not.
    All(Box4),
    /// They cover nothing.
    Nothing,
    /// They cannot be put beside each other.
    Not,
}

/// Glyphs of a run's font.
fn glyph_count(run: &GlyphRun) -> u32 {
    let font = FontRef::from_index(run.font.data.data(), run.font.index);
    font.and_then(|font| font.maxp()).map_or(0, |maxp| maxp.num_glyphs().into())
}

/// Codes follow from the styles alone, so that a row's bytes do.
fn codes(styles: &[Style], texts: &[Text<'_>], glyphs: &mut Glyphs) -> Codes {
    let mut sample = Sample::default();
    for style in styles {
        let Some(text) = texts.iter().find(|text| text.style == *style) else { continue };
        let count = glyph_count(text.run);
        for at in 0..count.min(SAMPLES) {
            let glyph = u32::try_from(u64::from(at) * u64::from(count) / u64::from(SAMPLES));
            let glyph = if count <= SAMPLES { at } else { glyph.unwrap_or_default() };
            let stand = Stand { glyph, place: 0, x: 0, y: 0 };
            // A face need not have an outline for each of its glyphs.
            if let Ok(Some(picture)) = glyphs.picture(text.run, &[stand], style.ground) {
                sample.add((&picture.pixels, &picture.rows), style.ground);
            }
        }
    }
    sample.codes()
}

impl Sheet {
    fn of(codes: Option<Arc<Codes>>) -> Self {
        Self { codes, letters: HashMap::new(), ligatures: HashMap::new() }
    }

    /// Puts the letters of a text.
    fn put(
        &mut self,
        text: &Text<'_>,
        style: usize,
        composition: &mut Composition,
        glyphs: &mut Glyphs,
        bytes: &mut usize,
    ) -> Result<Put, Error> {
        let mut all: Option<Box4> = None;
        // The letters of each stamp.
        let mut put: Vec<Range<usize>> = Vec::new();
        for (at, stand) in text.stands.iter().enumerate() {
            let key = (style, stand.glyph, stand.place);
            let kept = match self.letters.get(&key) {
                Some(kept) => kept,
                None if !glyphs.has_mask(text.run, stand.glyph) => return Ok(Put::Not),
                None => {
                    let alone = [Stand { x: 0, y: 0, ..*stand }];
                    let kept = self.make(text, &alone, glyphs, bytes)?;
                    self.letters.entry(key).or_insert(kept)
                }
            };
            let Some(kept) = kept else { continue };
            let [x0, y0, x1, y1] = kept.covered;
            let covered = [stand.x + x0, stand.y + y0, stand.x + x1, stand.y + y1];
            all = Some(all.map_or(covered, |all| around(all, covered)));
            if composition.put(&kept.stamp, stand.x + kept.x, stand.y + kept.y) {
                put.push(at..at + 1);
                continue;
            }
            // It reaches into what came before it.
            loop {
                let Some(before) = put.pop().filter(|before| at - before.start < LIGATURE) else {
                    return Ok(Put::Not);
                };
                composition.take();
                let letters = before.start..at + 1;
                let kept = self.ligature(text, style, letters.clone(), glyphs, bytes)?;
                let Some(kept) = kept else { return Ok(Put::Not) };
                let origin = text.stands[letters.start];
                if composition.put(&kept.stamp, origin.x + kept.x, origin.y + kept.y) {
                    put.push(letters);
                    break;
                }
            }
        }
        Ok(all.map_or(Put::Nothing, Put::All))
    }

    fn ligature(
        &mut self,
        text: &Text<'_>,
        style: usize,
        letters: Range<usize>,
        glyphs: &mut Glyphs,
        bytes: &mut usize,
    ) -> Result<Option<Kept>, Error> {
        let stands = &text.stands[letters];
        let Some(origin) = stands.first() else { return Ok(None) };
        let moved =
            |stand: &Stand| Stand { x: stand.x - origin.x, y: stand.y - origin.y, ..*stand };
        let stands: Vec<_> = stands.iter().map(moved).collect();
        let key = (style, stands);
        if let Some(kept) = self.ligatures.get(&key) {
            return Ok(kept.clone());
        }
        let kept = self.make(text, &key.1, glyphs, bytes)?;
        *bytes += key.1.len() * size_of::<Stand>();
        self.ligatures.insert(key, kept.clone());
        Ok(kept)
    }

    fn make(
        &self,
        text: &Text<'_>,
        stands: &[Stand],
        glyphs: &mut Glyphs,
        bytes: &mut usize,
    ) -> Result<Option<Kept>, Error> {
        *bytes += LETTER_BYTES;
        let picture = glyphs.picture(text.run, stands, text.style.ground)?;
        Ok(picture.map(|Picture { x, y, pixels, rows, covered }| {
            let stamp =
                Arc::new(Stamp::new((&pixels, &rows), text.style.ground, self.codes.as_deref()));
            *bytes += stamp.bytes();
            Kept { x, y, stamp, covered }
        }))
    }
}
