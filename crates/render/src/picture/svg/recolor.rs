//! Colours of a document replaced by others, in its text, before it is parsed for good.
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

/// The document's text with each first colour of `colors` replaced by its second.
pub(super) fn recolor(document: &Document<'_>, colors: &[(Color, Color)]) -> String {
    let text = document.input_text();
    let mut edits = Edits { text, colors, found: Vec::new() };
    for node in document.descendants() {
        edits.node(node);
    }
    edits.found.sort_unstable_by_key(|(range, _)| range.start);
    let mut to = String::with_capacity(text.len());
    let mut at = 0;
    for (range, color) in edits.found {
        to.push_str(&text[at..range.start]);
        to.push_str(&css(color));
        at = range.end;
    }
    to.push_str(&text[at..]);
    to
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
    found: Vec<(Range<usize>, Color)>,
}

impl Edits<'_> {
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
        let same = |old: &Color| [old.r, old.g, old.b] == [found.red, found.green, found.blue];
        if let Some((_, new)) = self.colors.iter().find(|(old, _)| same(old)) {
            let start = range.start + (own.len() - own.trim_start().len());
            self.found.push((start..start + own.trim().len(), *new));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(inside: &str, expected: &str) {
        let around =
            |inside: &str| format!("<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>");
        let text = around(inside);
        let document = Document::parse(&text).unwrap();
        let colors = [
            (Color::rgb(255, 0, 0), Color::rgb(0, 0, 255)),
            (Color::rgb(0, 0, 255), Color { r: 1, g: 2, b: 3, a: 51 }),
        ];
        assert_eq!(recolor(&document, &colors), around(expected), "{inside}");
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
}
