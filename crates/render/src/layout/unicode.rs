//! Text against Unicode's own tests of line breaking (UAX 14) and of the bidirectional algorithm
//! (UAX 9), as far as lines and clusters tell.
//!
//! The samples are under the Unicode licence: <https://www.unicode.org/license.txt>. Deliberately
//! absent: their cases with line separators, which are other lines here.

use std::collections::HashSet;

use parley::{BaseDirection, WordBreak};

use super::typeset::{Common, Style, Styled, Typesetter};
use crate::Fonts;

/// Cases of line breaking that may differ. Parley lets a line end after any space, even before a closing
/// mark, never between a space and a mark that combines with it, and has its own words of South East
/// Asia; the rest are rules that are newer than its data.
const LINE_BREAK_DIFFERENT_MAX: usize = 150;
const BIDI: &str = include_str!("unicode/BidiCharacterTest.sample.txt");
const LINE_BREAK: &str = include_str!("unicode/LineBreakTest.sample.txt");

fn common(direction: BaseDirection) -> Common {
    Common {
        line_height: 1.0,
        word_spacing: 0.0,
        stretch: 100.0,
        wraps: true,
        word_break: WordBreak::Normal,
        direction,
        lang: "en".to_owned(),
        features: Vec::new(),
        variations: Vec::new(),
    }
}

fn styled<'a>(text: &str, common: &'a Common) -> Styled<'a> {
    let style =
        Style { family: "Inter", weight: 400.0, italic: false, size: 16.0, letter_spacing: 0.0 };
    Styled { text: text.to_owned(), stretches: vec![(text.len(), style)], common }
}

fn char_of(hex: &str) -> char {
    char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap()
}

fn cases(sample: &str) -> impl Iterator<Item = &str> {
    sample.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn characters_stand_in_the_order_of_unicode_s_bidirectional_test() {
    let mut typesetter = Typesetter::new(&Fonts::bundled());
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in cases(BIDI) {
        let fields: Vec<&str> = case.split(';').collect();
        let chars: Vec<char> = fields[0].split(' ').map(char_of).collect();
        let direction = match fields[1] {
            "0" => BaseDirection::Ltr,
            "1" => BaseDirection::Rtl,
            _ => BaseDirection::Auto,
        };
        let expected: Vec<usize> = fields[4]
            .split(' ')
            .filter(|at| !at.is_empty())
            .map(|at| at.parse().unwrap())
            .collect();
        let text: String = chars.iter().collect();
        let common = common(direction);
        let lines = typesetter.set(&styled(&text, &common), 1.0, None);
        let shown: HashSet<usize> = expected.iter().copied().collect();
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let order = lines.visual_order();
        // A cluster of several characters does not tell how they stand.
        if order.iter().any(|range| text[range.clone()].chars().count() != 1) {
            continue;
        }
        count += 1;
        let found: Vec<usize> = order
            .iter()
            .map(|range| starts.binary_search(&range.start).unwrap())
            .filter(|at| shown.contains(at))
            .collect();
        if found != expected {
            wrong.push(format!("{case}: {found:?}"));
        }
    }
    assert!(count > 400, "{count} cases tell");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn lines_break_where_unicode_s_test_lets_them() {
    let mut typesetter = Typesetter::new(&Fonts::bundled());
    let common = common(BaseDirection::Ltr);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in cases(LINE_BREAK) {
        let (mut text, mut expected) = (String::new(), Vec::new());
        for word in case.split_whitespace() {
            match word {
                "÷" => expected.push(text.len()),
                "×" => {}
                hex => text.push(char_of(hex)),
            }
        }
        // The end of the text is no opportunity, and between letters of ASCII Chromium decides.
        expected.retain(|at| *at < text.len());
        let lines = typesetter.set(&styled(&text, &common), 1.0, Some(0.5));
        let found = lines.opportunities();
        let ascii = |at: &usize| {
            let before = text[..*at].chars().next_back().is_some_and(|char| char.is_ascii());
            before && text[*at..].starts_with(|char: char| char.is_ascii())
        };
        let (found, expected): (Vec<usize>, Vec<usize>) = (
            found.into_iter().filter(|at| !ascii(at)).collect(),
            expected.into_iter().filter(|at| !ascii(at)).collect(),
        );
        count += 1;
        if found != expected {
            wrong.push(format!("{case}: {found:?} instead of {expected:?}"));
        }
    }
    assert!(count > 850, "{count} cases");
    let different = wrong.len();
    assert!(different <= LINE_BREAK_DIFFERENT_MAX, "{different} of {count}:\n{}", wrong.join("\n"));
}
