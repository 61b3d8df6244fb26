//! Linear barcodes: text to bars.
//!
//! The patterns come from `barcoders`, the rules for characters, lengths and check digits from the
//! model; what is chosen here is the sets of Code 128. Codabar and Code 93 are drawn here: `barcoders`
//! 2.0 exchanges B and C of the one, draws its plus sign wrong, and cannot draw the last check character
//! of the other. Deliberately absent: GS1 application identifiers.

use std::ops::Range;

use barcoders::sym::code11::Code11;
use barcoders::sym::code39::Code39;
use barcoders::sym::code128::Code128;
use barcoders::sym::ean_supp::EANSUPP;
use barcoders::sym::ean8::EAN8;
use barcoders::sym::ean13::EAN13;
use barcoders::sym::tf::TF;
use pixeldrive_model::Symbology;

/// Modules between an EAN-13 or UPC-A and its supplement.
const SUPPLEMENT_GAP: usize = 9;
/// Modules to leave empty beside a code that has no rule of its own.
const QUIET: usize = 10;

/// A barcode in modules. Places count from the left end of the quiet zone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bars {
    /// Modules from side to side, quiet zones included.
    pub width: usize,
    /// The bars, from the left.
    pub bars: Vec<Bar>,
    /// What people read.
    pub captions: Vec<Caption>,
}

/// A run of dark modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub modules: Range<usize>,
    pub reach: Reach,
}

/// From where to where a bar reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Down to the text.
    Text,
    /// Down into the text.
    Guard,
    /// The same from below the text that stands above the bars of a supplement.
    Supplement,
}

/// A text of a barcode.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Caption {
    pub text: String,
    /// What it stands in the middle of.
    pub modules: Range<usize>,
    /// Its size in comparison with the others.
    pub scale: f64,
    /// Whether it stands above the bars.
    pub above: bool,
}

/// Encodes `text`, or says which rule of the symbology it breaks.
pub(crate) fn encode(symbology: Symbology, text: &str) -> Result<Bars, String> {
    let complete = symbology.complete(text)?;
    let (main, supplement) = complete.split_once('+').unwrap_or((&complete, ""));
    match symbology {
        Symbology::Code128 => Ok(plain(&code128(text)?, text)),
        Symbology::Code39 => Ok(plain(&made(Code39::new(text))?.encode(), text)),
        Symbology::Code93 => Ok(plain(&code93(text), text)),
        Symbology::Code11 => Ok(plain(&made(Code11::new(text))?.encode(), text)),
        Symbology::Codabar => Ok(plain(&codabar(&complete), text)),
        Symbology::Itf => Ok(plain(&made(TF::interleaved(main))?.encode(), &carton(main))),
        Symbology::Ean8 => Ok(ean8(&made(EAN8::new(main))?.encode(), main)),
        Symbology::Ean13 => ean13(main)?.supplemented(supplement),
        Symbology::Upca => upca(main)?.supplemented(supplement),
    }
}

/// The model has checked the text, so `barcoders` has nothing to object to.
fn made<T>(code: barcoders::error::Result<T>) -> Result<T, String> {
    code.map_err(|error| error.to_string())
}

/// A code with its text in the middle.
fn plain(modules: &[u8], text: &str) -> Bars {
    // Control characters have no glyphs.
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let width = QUIET + modules.len() + QUIET;
    let caption = Caption { text, modules: 0..width, scale: 1.0, above: false };
    Bars { width, bars: bars(modules, QUIET, |_| Reach::Text), captions: vec![caption] }
}

/// The dark runs of modules that begin at the place `at`; `reach` is asked for each, by its place
/// in the code.
fn bars(modules: &[u8], at: usize, reach: impl Fn(usize) -> Reach) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for (index, _) in modules.iter().enumerate().filter(|(_, module)| **module == 1) {
        match bars.last_mut() {
            Some(bar) if bar.modules.end == at + index => bar.modules.end += 1,
            _ => bars.push(Bar { modules: at + index..at + index + 1, reach: reach(index) }),
        }
    }
    bars
}

fn caption(text: &str, modules: Range<usize>, scale: f64) -> Caption {
    Caption { text: text.to_owned(), modules, scale, above: false }
}

/// The bars of a trade number, of which some reach into the text.
fn guarded(modules: &[u8], at: usize, guards: &[Range<usize>]) -> Vec<Bar> {
    let guard = |index| guards.iter().any(|guard| guard.contains(&index));
    bars(modules, at, |index| if guard(index) { Reach::Guard } else { Reach::Text })
}

/// The first digit stands in the quiet zone, six each below their bars.
fn ean13(digits: &str) -> Result<Bars, String> {
    let modules = made(EAN13::new(digits))?.encode();
    let captions = vec![
        caption(&digits[..1], 1..10, 1.0),
        caption(&digits[1..7], 14..56, 1.0),
        caption(&digits[7..], 61..103, 1.0),
    ];
    let bars = guarded(&modules, 11, &[0..3, 45..50, 92..95]);
    Ok(Bars { width: 11 + modules.len() + 7, bars, captions })
}

/// An EAN-13 that begins with 0. Its first and last digit stand small in the quiet zones, and their
/// bars reach down as the guards do.
fn upca(digits: &str) -> Result<Bars, String> {
    let modules = made(EAN13::new(format!("0{digits}")))?.encode();
    let captions = vec![
        caption(&digits[..1], 1..8, 0.75),
        caption(&digits[1..6], 20..55, 1.0),
        caption(&digits[6..11], 60..95, 1.0),
        caption(&digits[11..], 105..112, 0.75),
    ];
    let bars = guarded(&modules, 9, &[0..10, 45..50, 85..95]);
    Ok(Bars { width: 9 + modules.len() + 9, bars, captions })
}

/// Four digits each below their bars.
fn ean8(modules: &[u8], digits: &str) -> Bars {
    let captions = vec![caption(&digits[..4], 10..38, 1.0), caption(&digits[4..], 43..71, 1.0)];
    let bars = guarded(modules, 7, &[0..3, 31..36, 64..67]);
    Bars { width: 7 + modules.len() + 7, bars, captions }
}

impl Bars {
    /// The code with the bars of a supplement on its right, whose digits stand above them.
    fn supplemented(mut self, digits: &str) -> Result<Self, String> {
        let Some(last) = self.bars.last().filter(|_| !digits.is_empty()) else { return Ok(self) };
        let modules = made(EANSUPP::new(digits))?.encode();
        let start = last.modules.end + SUPPLEMENT_GAP;
        let end = start + modules.len();
        self.bars.extend(bars(&modules, start, |_| Reach::Supplement));
        let text = digits.to_owned();
        self.captions.push(Caption { text, modules: start..end, scale: 1.0, above: true });
        self.width = end + 5;
        Ok(self)
    }
}

/// Fourteen digits are the number of a carton, written in its parts.
fn carton(digits: &str) -> String {
    match digits.len() {
        14 => [&digits[..1], &digits[1..3], &digits[3..8], &digits[8..13], &digits[13..]].join(" "),
        _ => digits.to_owned(),
    }
}

/// The characters of Codabar, and which of the four bars and three spaces of each are wide.
const CODABAR: (&str, [u8; 20]) = (
    "0123456789-$:/.+ABCD",
    [
        0x03, 0x06, 0x09, 0x60, 0x12, 0x42, 0x21, 0x24, 0x30, 0x48, 0x0c, 0x18, 0x45, 0x51, 0x54,
        0x15, 0x1a, 0x29, 0x0b, 0x0e,
    ],
);

fn codabar(text: &str) -> Vec<u8> {
    let mut modules = Vec::new();
    for wide in text.chars().filter_map(|c| Some(CODABAR.1[CODABAR.0.find(c)?])) {
        for element in 0..7 {
            let count = if wide >> (6 - element) & 1 == 1 { 2 } else { 1 };
            let dark = if element % 2 == 0 { 1 } else { 0 };
            modules.extend(std::iter::repeat_n(dark, count));
        }
        modules.push(0);
    }
    modules.pop();
    modules
}

/// The characters of Code 93 by their values; four signs without a character of their own follow.
const CODE93: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
/// Their nine modules each.
const CODE93_MODULES: [u16; 47] = [
    0x114, 0x148, 0x144, 0x142, 0x128, 0x124, 0x122, 0x150, 0x112, 0x10a, 0x1a8, 0x1a4, 0x1a2,
    0x194, 0x192, 0x18a, 0x168, 0x164, 0x162, 0x134, 0x11a, 0x158, 0x14c, 0x146, 0x12c, 0x116,
    0x1b4, 0x1b2, 0x1ac, 0x1a6, 0x196, 0x19a, 0x16c, 0x166, 0x136, 0x13a, 0x12e, 0x1d4, 0x1d2,
    0x1ca, 0x16e, 0x176, 0x1ae, 0x126, 0x1da, 0x1d6, 0x132,
];
/// The modules at both ends.
const CODE93_END: u16 = 0x15e;

fn code93(text: &str) -> Vec<u8> {
    let mut values: Vec<usize> = text.chars().filter_map(|c| CODE93.find(c)).collect();
    // Two check characters, each of all before it, weighted from the last one on.
    for weights in [20, 15] {
        let weights = (1..=weights).cycle();
        let sum: usize =
            values.iter().rev().zip(weights).map(|(value, weight)| value * weight).sum();
        values.push(sum % CODE93_MODULES.len());
    }
    let ends = [CODE93_END];
    let inner = values.into_iter().map(|value| CODE93_MODULES[value]);
    let all = ends.into_iter().chain(inner).chain(ends);
    let bits =
        all.flat_map(|modules| (0..9).rev().map(move |bit| u8::from(modules >> bit & 1 == 1)));
    bits.chain([1]).collect()
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
    Ok(made(Code128::new(code128_sets(text.as_bytes())))?.encode())
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
            Ok(bars) => bars.captions.into_iter().map(|caption| caption.text).collect(),
            Err(rule) => rule,
        };
        assert!(found.contains(expected), "found {found}");
    }

    #[test]
    fn captions_are_what_people_type() {
        check(Symbology::Ean13, "978030640615", "9780306406157");
        check(Symbology::Ean13, "9780306406157+51299", "978030640615751299");
        check(Symbology::Ean8, "5512345", "55123457");
        check(Symbology::Upca, "03600029145", "036000291452");
        check(Symbology::Itf, "123", "1236");
        check(Symbology::Itf, "1540014128876", "1 54 00141 28876 3");
        check(Symbology::Codabar, "40156", "40156");
        check(Symbology::Code39, "PIXEL-1", "PIXEL-1");
        check(Symbology::Code128, "ticket\t1", "ticket 1");
    }

    #[test]
    fn a_broken_rule_is_named() {
        check(Symbology::Ean13, "9780306406158", "check digit of 978030640615 is 7, not 8");
        check(Symbology::Code128, "Zoë", "but not 'ë'");
    }

    #[test]
    fn a_supplement_of_two_digits_has_the_bars_of_its_standard() {
        let bars = encode(Symbology::Ean13, "9771473968012+34").unwrap().bars;
        let mut modules = String::new();
        let supplement = bars.iter().filter(|bar| bar.reach == Reach::Supplement);
        let mut end = supplement.clone().next().unwrap().modules.start;
        for bar in supplement {
            modules.push_str(&"0".repeat(bar.modules.start - end));
            modules.push_str(&"1".repeat(bar.modules.len()));
            end = bar.modules.end;
        }
        assert_eq!(modules, "10110100001010100011");
    }

    #[test]
    fn guards_reach_down() {
        let reach = |symbology, text| {
            let bars = encode(symbology, text).unwrap().bars;
            bars.iter().filter(|bar| bar.reach == Reach::Guard).count()
        };
        assert_eq!(reach(Symbology::Ean13, "590123412345"), 6, "two each");
        assert_eq!(reach(Symbology::Ean8, "5512345"), 6, "two each");
        assert_eq!(reach(Symbology::Upca, "03600029145"), 10, "and the first and last digit");
        assert_eq!(reach(Symbology::Code39, "A"), 0);
    }
}
