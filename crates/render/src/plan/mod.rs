//! Plans: what the rows of a template share, made once.
//!
//! A row names the elements that it changes ([`Template::live`]). All others look the same in every row
//! that names the same ones: they are laid out, painted and encoded once, and a row then lays out its own
//! elements, paints the areas that they touch ([`Canvas`]), and encodes what of those is new. What comes
//! of it depends on the row alone, whatever rows came before it.
//!
//! Deliberately absent: a GPU, for which a whole picture costs little, and keeping plans, see [`Key`].
//!
//! [`Template::live`]: pixeldrive_model::Template::live

mod canvas;
mod stamps;
#[cfg(test)]
mod tests;
mod weight;

use std::collections::HashSet;
use std::sync::Arc;

use pixeldrive_model::{Bound, Element, Frame, Group, Kind, Length, Payload, Template, Warning};

use crate::backend::{Painter as _, cpu};
use crate::drawing::{Drawing, Mark};
use crate::encode::{Draft, Effort, Encoder, Master};
use crate::layout::parts::{Extent, Laid, Parts, Sharing, Stretch, is_plain_group};
use crate::measure::Measure;
use crate::pixels::Pixels;
use crate::work::{self, Reach};
use crate::{Assets, Error, Font, Layouter};

pub use canvas::Canvas;

/// What rows of a template share.
#[derive(Debug)]
pub struct Plan {
    parts: Parts,
    /// All shared elements.
    base: Arc<Pixels>,
    /// Those below everything that is a row's own, if there are others above.
    below: Option<Arc<Pixels>>,
    /// How many stretches of a drawing `below` shows.
    below_stretches: usize,
    encoded: Encoded,
    pixel_ratio: f64,
    bytes: usize,
}

/// What is shared, encoded as the effort asks for.
#[derive(Debug)]
enum Encoded {
    Fast(Box<Master>),
    Small(Box<Draft>),
}

/// A row that was laid out by a plan.
pub struct Row(Laid);

impl Row {
    /// What was adjusted.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.0.warnings
    }

    /// The whole picture, and what was adjusted.
    #[must_use]
    pub fn into_drawing(self) -> (Drawing, Vec<Warning>) {
        (self.0.drawing, self.0.warnings)
    }
}

/// A row without a plan: it is painted whole.
impl From<(Drawing, Vec<Warning>)> for Row {
    fn from((drawing, warnings): (Drawing, Vec<Warning>)) -> Self {
        Self(Laid { drawing, warnings, stretches: Vec::new() })
    }
}

/// What a plan depends on: rows with equal keys may be rendered by one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of a row: `bound` is `template` with `payload` in it, to be laid out with these assets and
    /// uploaded fonts, and encoded with this effort.
    #[must_use]
    pub fn of(
        template: &Template,
        payload: &Payload,
        bound: &Bound,
        assets: &Assets,
        fonts: &[Font],
        effort: Effort,
    ) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[effort as u8]);
        hasher.update(&template.hash.0);
        hasher.update(&bound.pixel_ratio.to_bits().to_le_bytes());
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        let live = template.live(payload).inspect(|id| part(id.as_bytes()));
        let live: HashSet<_> = live.collect();
        part(b"");
        let mut fonts: Vec<_> = fonts.iter().map(Font::hash).collect();
        fonts.sort_unstable();
        fonts.iter().for_each(|font| part(&font.0));
        part(b"");
        // Files behind the same name may change.
        for element in bound.walk().filter(|element| !live.contains(element.id.as_str())) {
            for (_, source) in element.sources() {
                match (assets.get(source), assets.failure(source)) {
                    (Some(asset), _) => part(asset.hash()),
                    (None, Some(reason)) => part(reason.as_bytes()),
                    (None, None) => part(b""),
                }
            }
        }
        Self(*hasher.finalize().as_bytes())
    }
}

impl Plan {
    /// Makes the plan of a row and of all that have its [`Key`].
    ///
    /// # Errors
    /// As [`Layouter::lay_out`] of this row, and those of painting and encoding.
    pub fn compile(
        template: &Template,
        payload: &Payload,
        bound: &Bound,
        assets: &Assets,
        effort: Effort,
        (layouter, painter, encoder): (&mut Layouter, &mut cpu::Painter, &mut Encoder),
    ) -> Result<Self, Error> {
        let live: HashSet<_> = template.live(payload).collect();
        let mut shared = Shared { live: live.clone(), ..Shared::default() };
        shared.elements(&template.elements);
        let Shared { ids, own_from, .. } = shared;
        let kept = ids.iter().cloned().collect();
        let keep = Sharing::Keep(&kept, Parts::new());
        let (laid, mut parts) = layouter.lay_out_sharing(bound, assets, keep)?;
        let mut measure = Measure::default();
        parts.values_mut().for_each(|part| part.extent = extent(&part.marks, &mut measure));
        // The background is the first; elements that are hidden have no marks.
        let below = ids[..own_from.unwrap_or(ids.len())].iter();
        let below_stretches = 1 + below.filter(|(id, _)| parts.contains_key(id)).count();
        let mut picture = |stretches: &mut dyn Iterator<Item = &Stretch>| {
            let mut drawing = Drawing::new(laid.drawing.width(), laid.drawing.height());
            for stretch in stretches {
                for mark in &laid.drawing.marks()[stretch.marks.clone()] {
                    drawing.push(mark.clone())?;
                }
            }
            let painted = painter.paint(&[drawing]).pop();
            painted
                .unwrap_or_else(|| Err(Error::Paint { reason: "nothing was painted".to_owned() }))
        };
        let is_shared = |stretch: &&Stretch| stretch.shared.is_some();
        let shared = laid.stretches.iter().filter(is_shared);
        let above = shared.clone().count() > below_stretches;
        let base = Arc::new(picture(&mut shared.clone())?);
        let below =
            if above { Some(Arc::new(picture(&mut shared.take(below_stretches))?)) } else { None };
        let encoded = match effort {
            Effort::Fast => Encoded::Fast(Box::new(Master::new(&base, encoder)?)),
            Effort::Balanced | Effort::Small => {
                let pictures = shows_pictures(&template.elements, &live, false);
                let draft = Draft::new(&base, (effort, pictures), encoder)?;
                Encoded::Small(Box::new(draft))
            }
        };
        let pixel_ratio = bound.pixel_ratio;
        let bytes = base.bytes()
            + below.as_ref().map_or(0, |below| below.bytes())
            + match &encoded {
                Encoded::Fast(master) => master.bytes(),
                Encoded::Small(draft) => draft.bytes(),
            }
            + weight::of(parts.values().flat_map(|part| &part.marks));
        Ok(Self { parts, base, below, below_stretches, encoded, pixel_ratio, bytes })
    }

    /// Lays out a row of this plan.
    ///
    /// # Errors
    /// As [`Layouter::lay_out`].
    pub fn lay_out(
        &self,
        bound: &Bound,
        assets: &Assets,
        layouter: &mut Layouter,
    ) -> Result<Row, Error> {
        let (laid, _) = layouter.lay_out_sharing(bound, assets, Sharing::Use(&self.parts))?;
        Ok(Row(laid))
    }

    /// Bytes that it takes in memory, the pictures that its marks show included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Where marks are seen, every push among them with its pop.
fn extent(marks: &[Mark], measure: &mut Measure) -> Extent {
    let mut effects = Reach::default();
    let mut any = false;
    let reach = work::reach_by(
        marks,
        |mark| measure.reach(mark),
        |inside, own, outer| {
            any = true;
            effects.add(Reach::of(inside.inflate(own + outer, own + outer)));
        },
    );
    Extent { reach, effects: any.then(|| effects.rect()) }
}

/// Whether a row's own are pictures: elements that are live, or stand in a group that is.
fn shows_pictures(elements: &[Element], live: &HashSet<&str>, inside: bool) -> bool {
    elements.iter().any(|element| {
        let own = inside || live.contains(element.id.as_str());
        match &element.kind {
            Kind::Image(_) | Kind::Svg(_) => own,
            Kind::Group(group) => group
                .members()
                .any(|member| shows_pictures(std::slice::from_ref(member), live, own)),
            _ => false,
        }
    })
}

/// Whether the place of a group's members depends on how large all of them are.
fn turns_about_its_members(frame: &Frame) -> bool {
    let is_turned = frame.rotation != 0.0 || frame.skew_x != 0.0 || frame.skew_y != 0.0;
    is_turned && (frame.width == Length::Auto || frame.height == Length::Auto)
}

/// Whether an element, or one in it, shows what is behind it.
fn sees_behind(element: &Element) -> bool {
    let inside = |group: &Group| group.members().any(sees_behind);
    element.frame.background_blur > 0.0
        || matches!(&element.kind, Kind::Group(group) if inside(group))
}

/// Finds the elements that rows share, among all of a template: what one row hides another may show.
#[derive(Default)]
struct Shared<'a> {
    live: HashSet<&'a str>,
    /// Elements that rows share, in drawing order, but for the members of those; with each, whether it
    /// stands in a group that is painted as one, of which rows do not share all.
    ids: Vec<(String, bool)>,
    /// How many of them lie below everything that is a row's own.
    own_from: Option<usize>,
}

impl Shared<'_> {
    fn elements(&mut self, elements: &[Element]) {
        for element in elements {
            self.element(element);
        }
    }

    /// Whether rows share all of an element.
    fn element(&mut self, element: &Element) -> bool {
        let from = self.ids.len();
        // A blurred background shows what is a row's own below.
        let blurs = element.frame.background_blur > 0.0 && self.own_from.is_some();
        if blurs || self.live.contains(element.id.as_str()) {
            // The members of a group that a row may move are its own, too.
            self.own_from.get_or_insert(from);
            return false;
        }
        let mut shared = true;
        if let Kind::Group(group) = &element.kind {
            for member in group.members() {
                shared &= self.element(member);
            }
            // A mask that a row hides lets members see behind the group.
            let looks_out = !is_plain_group(element) && group.members().any(sees_behind);
            if !shared && (looks_out || turns_about_its_members(&element.frame)) {
                self.ids.truncate(from);
            }
        }
        if shared && !is_plain_group(element) {
            self.ids.truncate(from);
            self.ids.push((element.id.clone(), false));
        }
        if !shared && (self.ids.len() == from || !is_plain_group(element)) {
            // All of it is the row's own, or it is painted as one.
            self.own_from = self.own_from.map(|own| own.min(from));
            self.ids[from..].iter_mut().for_each(|(_, inside)| *inside = true);
        }
        shared
    }
}
