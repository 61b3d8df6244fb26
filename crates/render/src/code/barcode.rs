//! Linear barcodes: text to bars.
//!
//! The patterns come from `barcoders`, the rules for characters, lengths and check digits from the
//! model; what is chosen here is the sets of Code 128. Deliberately absent: GS1 application
//! identifiers.

use std::ops::Range;

use barcoders::sym::{code39::Code39, code128::Code128, ean13::EAN13};
use pixeldrive_model::{Symbology, ean13_digits};

/// A barcode in modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bars {
    /// Which modules are dark, without the quiet zones.
    pub modules: Vec<bool>,
    /// Modules to leave empty on the left.
    pub quiet_left: usize,
    /// Modules to leave empty on the right.
    pub quiet_right: usize,
    /// What people read below, and below which modules, quiet zones counted.
    pub captions: Vec<(String, Range<usize>)>,
    /// Modules whose bars reach down into the text.
    pub guards: &'static [Range<usize>],
}

impl Bars {
    /// Modules from side to side, quiet zones included.
    pub(crate) fn width(&self) -> usize {
        self.quiet_left + self.modules.len() + self.quiet_right
    }

    /// The dark runs, as first module and the one after the last.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = at + self.modules[at..].iter().position(|dark| *dark)?;
            let len = self.modules[start..].iter().position(|dark| !dark);
            at = len.map_or(self.modules.len(), |len| start + len);
            Some((start, at))
        })
    }
}

/// Encodes `text`, or says which rule of the symbology it breaks.
pub(crate) fn encode(symbology: Symbology, text: &str) -> Result<Bars, String> {
    symbology.check(text)?;
    match symbology {
        Symbology::Code128 => Ok(plain(&code128(text)?, text)),
        Symbology::Code39 => Ok(plain(&code39(text)?, text)),
        Symbology::Ean13 => ean13(&ean13_digits(text)?),
    }
}

/// A code with quiet zones of ten modules and its text in the middle.
fn plain(modules: &[u8], text: &str) -> Bars {
    // Control characters have no glyphs.
    let caption = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (quiet_left, quiet_right) = (10, 10);
    Bars {
        modules: dark(modules),
        quiet_left,
        quiet_right,
        captions: vec![(caption, 0..quiet_left + modules.len() + quiet_right)],
        guards: &[],
    }
}

/// The first digit stands in the quiet zone, six each below their bars.
fn ean13(digits: &str) -> Result<Bars, String> {
    let modules = EAN13::new(digits).map_err(|error| error.to_string())?.encode();
    let caption = |digits: &str, span| (digits.to_owned(), span);
    Ok(Bars {
        modules: dark(&modules),
        quiet_left: 11,
        quiet_right: 7,
        captions: vec![
            caption(&digits[..1], 1..10),
            caption(&digits[1..7], 14..56),
            caption(&digits[7..], 61..103),
        ],
        guards: &[0..3, 45..50, 92..95],
    })
}

fn dark(modules: &[u8]) -> Vec<bool> {
    modules.iter().map(|module| *module == 1).collect()
}

fn code39(text: &str) -> Result<Vec<u8>, String> {
    Ok(Code39::new(text).map_err(|error| error.to_string())?.encode())
}

/// A set of Code 128, and the sign with which `barcoders` has it chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    /// Capitals, digits and control characters.
    A,
    /// Capitals, small letters and digits.
    B,
    /// Pairs of digits.
    C,
}

impl Set {
    const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    fn sign(self) -> char {
        match self {
            Self::A => '\u{c0}',
            Self::B => '\u{181}',
            Self::C => '\u{106}',
        }
    }

    /// How many characters at the start of `rest` one symbol of this set takes; 0 when none does.
    fn takes(self, rest: &[u8]) -> usize {
        match (self, rest) {
            (Self::A, [c, ..]) if *c < 0x60 => 1,
            (Self::B, [c, ..]) if *c >= 0x20 => 1,
            (Self::C, [a, b, ..]) if a.is_ascii_digit() && b.is_ascii_digit() => 2,
            _ => 0,
        }
    }
}

fn code128(text: &str) -> Result<Vec<u8>, String> {
    let code = Code128::new(code128_sets(text.as_bytes())).map_err(|error| error.to_string())?;
    Ok(code.encode())
}

/// The text with its changes of set, in as few symbols as can be: from the end backwards, the cheapest
/// way on from each character in each set.
fn code128_sets(text: &[u8]) -> String {
    const FAR: usize = usize::MAX / 2;
    let mut costs = vec![[0; 3]; text.len() + 1];
    // At each place in each set: whether to change first, and to which.
    let mut next = vec![Set::ALL; text.len()];
    for at in (0..text.len()).rev() {
        let stay = Set::ALL.map(|set| match set.takes(&text[at..]) {
            0 => FAR,
            taken => 1 + costs[at + taken][set as usize],
        });
        for set in Set::ALL {
            let there = |to: Set| stay[to as usize] + usize::from(to != set);
            // Staying wins a tie; after it B does, whose characters are the common ones.
            let ways = [set, Set::B, Set::A, Set::C];
            let best = ways.into_iter().min_by_key(|to| there(*to)).unwrap_or(set);
            next[at][set as usize] = best;
            costs[at][set as usize] = there(best);
        }
    }
    let mut signs = String::new();
    // The start sign names any set at the same price.
    let ways = [Set::B, Set::A, Set::C];
    let mut set = ways.into_iter().min_by_key(|set| costs[0][*set as usize]).unwrap_or(Set::B);
    signs.push(set.sign());
    let mut at = 0;
    while at < text.len() {
        let to = next[at][set as usize];
        if to != set {
            set = to;
            signs.push(set.sign());
        }
        let taken = set.takes(&text[at..]);
        for byte in &text[at..at + taken] {
            // `barcoders` has the delete character of set B under this sign.
            signs.push(if *byte == 0x7f { '\u{f7}' } else { char::from(*byte) });
        }
        at += taken;
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_sets(text: &str, expected: &str) {
        let signs = code128_sets(text.as_bytes());
        let plain =
            signs.replace('\u{c0}', "[A]").replace('\u{181}', "[B]").replace('\u{106}', "[C]");
        assert_eq!(plain, expected);
    }

    #[test]
    fn code128_takes_the_fewest_symbols() {
        check_sets("PixelDrive", "[B]PixelDrive");
        check_sets("1234567890", "[C]1234567890");
        check_sets("123", "[B]123");
        check_sets("12345", "[B]1[C]2345");
        check_sets("AB1234CD", "[B]AB1234CD");
        check_sets("AB123456CD", "[B]AB[C]123456[B]CD");
        check_sets("AB1234", "[B]AB[C]1234");
        check_sets("A\tB", "[A]A\tB");
        check_sets("a\tb", "[B]a[A]\t[B]b");
        check_sets("\u{7f}", "[B]\u{f7}");
    }

    #[track_caller]
    fn check(symbology: Symbology, text: &str, expected: &str) {
        let found = match encode(symbology, text) {
            Ok(bars) => bars.captions.into_iter().map(|(text, _)| text).collect(),
            Err(rule) => rule,
        };
        assert!(found.contains(expected), "found {found}");
    }

    #[test]
    fn rules_are_named_when_they_are_broken() {
        check(Symbology::Ean13, "978030640615", "9780306406157");
        check(Symbology::Ean13, "9780306406157", "9780306406157");
        check(Symbology::Ean13, "9780306406158", "check digit of 978030640615 is 7, not 8");
        check(Symbology::Ean13, "12345", "this has 5");
        check(Symbology::Ean13, "12345678901a", "digits alone, not 'a'");
        check(Symbology::Code39, "PIXEL-1", "PIXEL-1");
        check(Symbology::Code39, "Pixel", "but not 'i'");
        check(Symbology::Code128, "ticket\t1", "ticket 1");
        check(Symbology::Code128, "Zoë", "but not 'ë'");
    }
}
