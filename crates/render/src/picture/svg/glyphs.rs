//! Characters of texts in a document for which an empty box is drawn, since no font has them.
//!
//! Deliberately absent: the choice of fonts, which is usvg's.

use resvg::usvg::fontdb::Database;
use resvg::usvg::{Group, Node, Text, Tree};
use skrifa::{FontRef, MetadataProvider as _};

use crate::layout::is_invisible;

/// What is missing in the whole document, each character once, in the order in which they come.
pub(super) fn missing(tree: &Tree) -> Vec<char> {
    let mut missing = Missing { fonts: tree.fontdb(), chars: Vec::new() };
    missing.group(tree.root());
    missing.chars
}

struct Missing<'a> {
    fonts: &'a Database,
    chars: Vec<char>,
}

impl Missing<'_> {
    fn group(&mut self, group: &Group) {
        for node in group.children() {
            match node {
                Node::Group(group) => self.group(group),
                Node::Text(text) => self.text(text),
                Node::Path(_) | Node::Image(_) => {}
            }
            // Patterns, masks and the like.
            node.subroots(|group| self.group(group));
        }
    }

    fn text(&mut self, text: &Text) {
        let glyphs = text.layouted().iter().flat_map(|span| &span.positioned_glyphs);
        let boxes: Vec<_> = glyphs.filter(|glyph| glyph.id.0 == 0).collect();
        if boxes.is_empty() {
            return;
        }
        // Of several glyphs for one cluster only one knows what it stands for.
        let known = boxes.iter().flat_map(|glyph| glyph.text.chars());
        let said = text.chunks().iter().flat_map(|chunk| chunk.text().chars());
        let chars: Vec<char> = known.chain(said.filter(|char| self.nobody_has(*char))).collect();
        for char in chars {
            if !is_invisible(char) && !self.chars.contains(&char) {
                self.chars.push(char);
            }
        }
    }

    fn nobody_has(&self, char: char) -> bool {
        let has = |bytes: &[u8], index| {
            let font = FontRef::from_index(bytes, index).ok();
            font.and_then(|font| font.charmap().map(char)).is_some_and(|glyph| glyph.to_u32() != 0)
        };
        !self.fonts.faces().any(|face| self.fonts.with_face_data(face.id, has).unwrap_or(false))
    }
}
