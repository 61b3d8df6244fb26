//! Which runs of glyphs may be painted after everything else.

use kurbo::Rect;
use peniko::Compose;

use super::glyphs::Glyphs;
use crate::drawing::Mark;
use crate::work;

/// Rectangles that are compared one by one; more are taken as one.
const RECTS_MAX: usize = 64;
/// How far anti-aliasing carries colour beyond an outline.
const MARGIN_PX: f64 = 1.0;

/// For each mark, whether it is a run of glyphs that can be painted with masks and that no mark after it
/// touches which is painted otherwise.
pub(super) fn late(marks: &[&Mark], glyphs: &mut Glyphs) -> Vec<bool> {
    let mut late = vec![false; marks.len()];
    let removes = |mark: &&Mark| {
        let Mark::PushLayer(layer) = mark else { return false };
        !matches!(layer.blend.compose, Compose::SrcOver | Compose::SrcAtop)
    };
    let any = marks.iter().any(|mark| matches!(mark, Mark::Glyphs(_)));
    if !any || marks.iter().any(removes) {
        return late;
    }
    let mut above = Above::default();
    // Where the pop is whose push is looked for, and how many are open.
    let (mut end, mut depth) = (0, 0_usize);
    for (at, mark) in marks.iter().enumerate().rev() {
        match mark {
            Mark::Pop => {
                if depth == 0 {
                    end = at + 1;
                }
                depth += 1;
            }
            Mark::PushClip { .. } | Mark::PushLayer(_) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let inside = marks[at..end].iter().copied();
                    above.add(work::reach_by(inside, work::reach, |_, _, _| {}));
                }
            }
            _ if depth > 0 => {}
            Mark::Glyphs(run) if Glyphs::can_paint(run) => {
                let reach = glyphs.reach(run);
                late[at] = reach.is_some_and(|reach| !above.touches(reach));
                if !late[at] {
                    above.add(reach.unwrap_or_else(|| work::reach(mark).rect()));
                }
            }
            other => above.add(work::reach(other).rect()),
        }
    }
    late
}

/// Where marks are seen.
#[derive(Default)]
struct Above {
    rects: Vec<Rect>,
}

impl Above {
    fn add(&mut self, rect: Rect) {
        if rect.is_zero_area() {
            return;
        }
        match self.rects.get_mut(RECTS_MAX - 1) {
            Some(last) => *last = last.union(rect),
            None => self.rects.push(rect),
        }
    }

    fn touches(&self, rect: Rect) -> bool {
        let rect = rect.inflate(2.0 * MARGIN_PX, 2.0 * MARGIN_PX);
        // What is no number reaches anywhere.
        self.rects.iter().any(|other| !other.is_finite() || rect.overlaps(*other))
    }
}
