//! A look at what a template carries itself, such as an SVG document or the text of a code, when it is
//! taken: what is wrong with it is wrong in every row.
//!
//! Deliberately absent: the look. It takes a renderer; whoever parses a template brings it.

use crate::{Element, Problem};

/// An element as the template gives it.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The element.
    pub element: &'a Element,
    /// Whether its text has no placeholders.
    pub text_is_fixed: bool,
}

/// Says what is wrong with what an element carries. The path of each problem is the property's name.
pub type Inspect = fn(Given<'_>) -> Vec<Problem>;
