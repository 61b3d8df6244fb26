//! Parts of a picture that many rows share: elements whose marks are made once and used again.
//!
//! Deliberately absent: which elements those are, see [`crate::plan`].

use std::collections::HashMap;
use std::ops::Range;

use kurbo::Rect;
use pixeldrive_model::{Element, Kind, Warning};

use super::{Context, effects};
use crate::Error;
use crate::drawing::{Drawing, Mark};
use crate::work::Work;

/// What an element came to.
#[derive(Debug)]
pub(crate) struct Part {
    pub marks: Vec<Mark>,
    work: Work,
    warnings: Vec<Warning>,
    filtered_px: u64,
    /// Whether it stands in a group that is painted as one, and not shared as a whole.
    inside: bool,
    pub extent: Extent,
}

/// Where marks are seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Extent {
    /// How far they reach.
    pub reach: Rect,
    /// Around the layers whose effects see it all: what is painted of one depends on where it ends.
    pub effects: Option<Rect>,
}

/// Parts by the ids of their elements.
pub(crate) type Parts = HashMap<String, Part>;

/// What is known of the elements before they are laid out.
#[derive(Default)]
pub(crate) enum Sharing<'a> {
    /// Nothing.
    #[default]
    None,
    /// These are to be kept; with each, whether it stands inside of what is not shared as a whole.
    Keep(&'a HashMap<String, bool>, Parts),
    /// These were kept.
    Use(&'a Parts),
}

/// The marks of one element, or of what lies below all of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stretch {
    pub marks: Range<usize>,
    /// Where they are seen, if they are a shared part.
    pub shared: Option<Extent>,
}

/// A drawing, and whose its marks are.
pub(crate) struct Laid {
    pub drawing: Drawing,
    pub warnings: Vec<Warning>,
    /// In the order of the marks.
    pub stretches: Vec<Stretch>,
}

/// Where a context stands before an element.
pub(super) struct Before {
    marks: usize,
    stretches: usize,
    work: Work,
    warnings: usize,
    filtered_px: u64,
}

impl Context<'_> {
    pub(super) fn before(&self) -> Before {
        Before {
            marks: self.drawing.marks().len(),
            stretches: self.stretches.len(),
            work: self.drawing.work(),
            warnings: self.warnings.len(),
            filtered_px: self.filtered_px,
        }
    }

    /// Takes the marks of an element from its part; `false` when it has none.
    pub(super) fn share(&mut self, element: &Element) -> Result<bool, Error> {
        let Sharing::Use(parts) = self.sharing else { return Ok(false) };
        let Some(part) = parts.get(&element.id) else { return Ok(false) };
        let from = self.drawing.marks().len();
        self.drawing.append(&part.marks, part.work)?;
        self.warnings.extend_from_slice(&part.warnings);
        self.filtered_px += part.filtered_px;
        let marks = from..self.drawing.marks().len();
        let shared = (!part.inside).then_some(part.extent);
        self.stretches.push(Stretch { marks, shared });
        Ok(true)
    }

    /// Notes the marks of an element as its own, and keeps them if they are to be shared.
    pub(super) fn note(&mut self, element: &Element, before: &Before) {
        // The members of a plain group stand for it.
        if is_plain_group(element) {
            return;
        }
        let marks = before.marks..self.drawing.marks().len();
        let mut shared = None;
        if let Sharing::Keep(ids, parts) = &mut self.sharing
            && let Some(inside) = ids.get(&element.id).copied()
        {
            // It is measured when all are there.
            let extent = Extent::default();
            shared = (!inside).then_some(extent);
            parts.insert(
                element.id.clone(),
                Part {
                    marks: self.drawing.marks()[before.marks..].to_vec(),
                    work: self.drawing.work().since(&before.work),
                    warnings: self.warnings[before.warnings..].to_vec(),
                    filtered_px: self.filtered_px - before.filtered_px,
                    inside,
                    extent,
                },
            );
        }
        self.stretches.truncate(before.stretches);
        self.stretches.push(Stretch { marks, shared });
    }
}

/// Whether an element is nothing but its members.
pub(crate) fn is_plain_group(element: &Element) -> bool {
    let Kind::Group(group) = &element.kind else { return false };
    let frame = &element.frame;
    group.mask.is_none() && !effects::isolates(frame) && frame.background_blur == 0.0
}
