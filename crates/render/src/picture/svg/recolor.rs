//! The colours of a document: some replaced by others in its text, and what `currentColor` means, before
//! it is parsed for good.
//!
//! Deliberately absent: colours inside of embedded pictures, and paint servers as such; the colours of
//! their stops are replaced like any other.

use std::ops::Range;
use std::str::FromStr;

use pixeldrive_model::Color;
use resvg::usvg::roxmltree::{Document, Node};

/// Properties whose value is a colour.
const PROPERTIES: &[&str] =
    &["fill", "stroke", "stop-color", "flood-color", "lighting-color", "color"];

/// A document in other colours.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Recolored {
    /// Its text; `None` when that is as it was.
    pub(super) text: Option<String>,
    /// The colours that it does not have.
    pub(super) unmatched: Vec<Color>,
}

/// Replaces each first colour of `colors` by its second, and writes `color` on the root, where
/// `currentColor` inherits it from, unless the document gives one itself.
pub(super) fn recolor(
    document: &Document<'_>,
    color: Color,
    colors: &[(Color, Color)],
) -> Recolored {
    let text = document.input_text();
    let matched = vec![false; colors.len()];
    let mut edits = Edits { text, colors, found: Vec::new(), matched };
    edits.root(document.root_element(), color);
    if !colors.is_empty() {
        document.descendants().for_each(|node| edits.node(node));
    }
    let pairs = edits.colors.iter().zip(&edits.matched);
    let unmatched = pairs.filter(|(_, matched)| !**matched).map(|((old, _), _)| *old).collect();
    Recolored { text: edits.apply(), unmatched }
}

/// A colour as documents write it.
pub(super) fn css(Color { r, g, b, a }: Color) -> String {
    match a {
        255 => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => format!("rgba({r},{g},{b},{})", f64::from(a) / 255.0),
    }
}

struct Edits<'a> {
    text: &'a str,
    colors: &'a [(Color, Color)],
    /// Ranges of the text and what takes their place.
    found: Vec<(Range<usize>, String)>,
    /// Which of the colours were found.
    matched: Vec<bool>,
}

impl Edits<'_> {
    /// What the root says for all that say nothing themselves.
    fn root(&mut self, root: Node<'_, '_>, color: Color) {
        let mut added = String::new();
        // It is black by itself.
        if color != Color::BLACK && !root.has_attribute("color") {
            added.push_str(&format!(" color=\"{}\"", css(color)));
        }
        // Shapes are black where nothing says otherwise.
        let black = self.colors.iter().position(|(old, _)| [old.r, old.g, old.b] == [0; 3]);
        if let Some(index) = black.filter(|_| !root.has_attribute("fill")) {
            added.push_str(&format!(" fill=\"{}\"", css(self.colors[index].1)));
            self.matched[index] = true;
        }
        if added.is_empty() {
            return;
        }
        let start = root.range().start;
        let name = self.text[start..]
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
            .map_or(self.text.len(), |len| start + len);
        self.found.push((name..name, added));
    }

    /// The text with all of that; `None` when there is nothing.
    fn apply(mut self) -> Option<String> {
        if self.found.is_empty() {
            return None;
        }
        self.found.sort_unstable_by_key(|(range, _)| range.start);
        let mut to = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, new) in self.found {
            to.push_str(&self.text[at..range.start]);
            to.push_str(&new);
            at = range.end;
        }
        to.push_str(&self.text[at..]);
        Some(to)
    }

    fn node(&mut self, node: Node<'_, '_>) {
        for attribute in node.attributes() {
            let range = attribute.range_value();
            if PROPERTIES.contains(&attribute.name()) {
                self.value(range);
            } else if attribute.name() == "style" {
                self.declarations(range);
            }
        }
        if node.is_text() && node.parent().is_some_and(|parent| parent.has_tag_name("style")) {
            self.declarations(node.range());
        }
    }

    /// Declarations of CSS, whatever selectors stand around them.
    fn declarations(&mut self, range: Range<usize>) {
        let mut start = range.start;
        for piece in self.text[range].split(['{', '}', ';']) {
            if let Some((name, value)) = piece.split_once(':')
                && PROPERTIES.contains(&name.trim())
            {
                let from = start + name.len() + 1;
                self.value(from..from + value.len());
            }
            start += piece.len() + 1;
        }
    }

    fn value(&mut self, range: Range<usize>) {
        let value = &self.text[range.clone()];
        let own = value.split('!').next().unwrap_or_default();
        let Ok(found) = svgtypes::Color::from_str(own.trim()) else {
            return;
        };
        let same = |(old, _): &(Color, Color)| {
            [old.r, old.g, old.b] == [found.red, found.green, found.blue]
        };
        if let Some(index) = self.colors.iter().position(same) {
            let start = range.start + (own.len() - own.trim_start().len());
            self.found.push((start..start + own.trim().len(), css(self.colors[index].1)));
            self.matched[index] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLORS: [(Color, Color); 2] = [
        (Color::rgb(255, 0, 0), Color::rgb(0, 0, 255)),
        (Color::rgb(0, 0, 255), Color { r: 1, g: 2, b: 3, a: 51 }),
    ];

    fn recolored(text: &str, color: Color, colors: &[(Color, Color)]) -> Recolored {
        recolor(&Document::parse(text).unwrap(), color, colors)
    }

    #[track_caller]
    fn check(inside: &str, expected: &str) {
        let around =
            |inside: &str| format!("<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>");
        let text = around(inside);
        let found = recolored(&text, Color::BLACK, &COLORS).text;
        assert_eq!(found.unwrap_or(text), around(expected), "{inside}");
    }

    #[test]
    fn colours_are_replaced_however_they_are_written() {
        check("<path fill='#f00'/>", "<path fill='#0000ff'/>");
        check("<path fill=' red ' stroke='none'/>", "<path fill=' #0000ff ' stroke='none'/>");
        check("<path fill='rgb(255, 0, 0)'/>", "<path fill='#0000ff'/>");
        check("<path stroke='#0000FF'/>", "<path stroke='rgba(1,2,3,0.2)'/>");
        check(
            "<g style='opacity:1;fill: red !important;stroke:blue'/>",
            "<g style='opacity:1;fill: #0000ff !important;stroke:rgba(1,2,3,0.2)'/>",
        );
        check(
            "<style>.red, #b { fill: #FF0000 } text{stroke:green}</style>",
            "<style>.red, #b { fill: #0000ff } text{stroke:green}</style>",
        );
        check("<stop stop-color='red'/>", "<stop stop-color='#0000ff'/>");
    }

    #[test]
    fn what_is_no_such_colour_stays() {
        for inside in [
            "<path fill='url(#red)'/>",
            "<path id='red' class='#f00'/>",
            "<text>fill: red</text>",
            "<path fill='#fe0000'/>",
            "<path fill='currentColor'/>",
        ] {
            check(inside, inside);
        }
    }
    #[test]
    fn the_root_says_what_holds_for_all() {
        let red = Color::rgb(255, 0, 0);
        #[track_caller]
        fn check(text: &str, color: Color, colors: &[(Color, Color)], expected: &str) {
            let found = recolored(text, color, colors);
            assert_eq!(found, Recolored { text: Some(expected.to_owned()), unmatched: vec![] });
        }
        check("<svg a='1'/>", red, &[], "<svg color=\"#ff0000\" a='1'/>");
        check("<s:svg xmlns:s='x'/>", red, &[], "<s:svg color=\"#ff0000\" xmlns:s='x'/>");
        let colors = [(Color::BLACK, red)];
        check("<svg/>", Color::BLACK, &colors, "<svg fill=\"#ff0000\"/>");
        check("<svg fill='#000'/>", Color::BLACK, &colors, "<svg fill='#ff0000'/>");
        assert_eq!(recolored("<svg/>", Color::BLACK, &[]), Recolored::default(), "as it was");
        assert_eq!(recolored("<svg color='red'/>", red, &[]), Recolored::default(), "its own");
    }

    #[test]
    fn colours_that_are_not_there_are_told() {
        let unmatched = |text| recolored(text, Color::BLACK, &COLORS).unmatched;
        assert_eq!(unmatched("<svg><path fill='red'/><path fill='blue'/></svg>"), []);
        assert_eq!(unmatched("<svg><path fill='red'/></svg>"), [COLORS[1].0]);
        assert_eq!(unmatched("<svg/>"), [COLORS[0].0, COLORS[1].0]);
    }
}
