//! The outline of modules: what touches is one shape, so that no seam shows between them, however the
//! code is turned.

use kurbo::{BezPath, Circle, Point, Rect, Shape as _};

use crate::layout::paint::TOLERANCE;

/// The cubic that is a quarter of a circle has its handles this share of the way to the corner.
const QUARTER: f64 = 0.552_284_749_830_793_4;
/// Right, down, left, up.
const STEPS: [(isize, isize); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// Where the lines between modules are, in px of the box.
pub(super) struct Lattice {
    pub across: Vec<f64>,
    pub down: Vec<f64>,
}

impl Lattice {
    /// The place that is `x` modules from the left and `y` from the top.
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        Point::new(between(&self.across, x), between(&self.down, y))
    }

    /// A square of modules.
    pub(super) fn square(&self, x: f64, y: f64, side: f64) -> Rect {
        Rect::from_points(self.at(x, y), self.at(x + side, y + side))
    }

    /// Modules a side.
    fn side(&self) -> usize {
        self.across.len().saturating_sub(1)
    }
}

fn between(lines: &[f64], at: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "177 at most")]
    let index = (at as usize).min(lines.len().saturating_sub(2));
    match lines.get(index..index + 2) {
        Some([from, to]) => from + (to - from) * (at - f64_of(index)),
        _ => 0.0,
    }
}

fn f64_of(index: usize) -> f64 {
    f64::from(u32::try_from(index).unwrap_or(u32::MAX))
}

/// A dot for each dark module, its diameter as a share of the module.
pub(super) fn dots(
    lattice: &Lattice,
    diameter: f64,
    is_dark: impl Fn(usize, usize) -> bool,
) -> BezPath {
    let mut path = BezPath::new();
    for y in 0..lattice.side() {
        for x in (0..lattice.side()).filter(|x| is_dark(*x, y)) {
            let cell = lattice.square(f64_of(x), f64_of(y), 1.0);
            let radius = cell.width().min(cell.height()) * diameter / 2.0;
            path.extend(Circle::new(cell.center(), radius).path_elements(TOLERANCE));
        }
    }
    path
}

/// The outline of the dark modules, outer corners rounded by `radius` modules, 0.5 at most.
pub(super) fn joined(
    lattice: &Lattice,
    radius: f64,
    is_dark: impl Fn(usize, usize) -> bool,
) -> BezPath {
    let mut path = BezPath::new();
    for corners in Edges::of(lattice.side(), is_dark) {
        let start = path.elements().len();
        for Corner { at: (x, y), before, after } in corners {
            let (x, y) = (f64_of(x), f64_of(y));
            let at = |direction: usize, by: f64| {
                let (dx, dy) = STEPS[direction];
                lattice.at(x + dx as f64 * by, y + dy as f64 * by)
            };
            let outer = after == right_of(before);
            let radius = if outer { radius } else { 0.0 };
            let (corner, from, to) = (lattice.at(x, y), at(before, -radius), at(after, radius));
            if path.elements().len() == start {
                path.move_to(from)
            } else {
                path.line_to(from)
            }
            if radius > 0.0 {
                let handle = |end: Point| end + (corner - end) * QUARTER;
                path.curve_to(handle(from), handle(to), to);
            }
        }
        path.close_path();
    }
    path
}

/// A place where an outline turns.
struct Corner {
    /// In modules.
    at: (usize, usize),
    /// Directions to and from it.
    before: usize,
    after: usize,
}

/// The sides of dark modules that face light ones, with the dark on their right.
struct Edges {
    /// Points a side.
    points: usize,
    /// By the point that they start from: which directions there are.
    starts: Vec<[bool; 4]>,
    /// Nothing starts before it.
    next: usize,
}

impl Edges {
    fn of(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> Self {
        let points = side + 1;
        let mut starts = vec![[false; 4]; points * points];
        let light = |x: Option<usize>, y: Option<usize>| match (x, y) {
            (Some(x), Some(y)) => x >= side || y >= side || !is_dark(x, y),
            _ => true,
        };
        for y in 0..side {
            for x in (0..side).filter(|x| is_dark(*x, y)) {
                let above = light(Some(x), y.checked_sub(1));
                let right = light(Some(x + 1), Some(y));
                let below = light(Some(x), Some(y + 1));
                let left = light(x.checked_sub(1), Some(y));
                starts[y * points + x][0] |= above;
                starts[y * points + x + 1][1] |= right;
                starts[(y + 1) * points + x + 1][2] |= below;
                starts[(y + 1) * points + x][3] |= left;
            }
        }
        Self { points, starts, next: 0 }
    }
}

/// Each outline as its corners. Modules that touch at a corner alone stay apart.
impl Iterator for Edges {
    type Item = Vec<Corner>;

    fn next(&mut self) -> Option<Vec<Corner>> {
        while !self.starts.get(self.next)?.contains(&true) {
            self.next += 1;
        }
        let start = self.next;
        let first = self.starts[start].iter().position(|is_there| *is_there)?;
        let (mut at, mut direction) = (start, first);
        let mut corners = Vec::new();
        loop {
            self.starts[at][direction] = false;
            let (dx, dy) = STEPS[direction];
            at = at.checked_add_signed(dx + dy * isize::try_from(self.points).ok()?)?;
            // To the right first: around the module at hand.
            let ways = [right_of(direction), direction, (direction + 3) % 4];
            let done = |way: usize| at == start && way == first;
            let way = ways.into_iter().find(|way| done(*way) || self.starts[at][*way])?;
            if way != direction {
                let place = (at % self.points, at / self.points);
                corners.push(Corner { at: place, before: direction, after: way });
            }
            if done(way) {
                return Some(corners);
            }
            direction = way;
        }
    }
}

fn right_of(direction: usize) -> usize {
    (direction + 1) % 4
}

/// Adds a rectangle.
pub(super) fn add(path: &mut BezPath, rect: Rect) {
    path.move_to((rect.x0, rect.y0));
    path.line_to((rect.x1, rect.y0));
    path.line_to((rect.x1, rect.y1));
    path.line_to((rect.x0, rect.y1));
    path.close_path();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outline of a drawing in which `#` is dark, one module a px.
    #[track_caller]
    fn check(rows: &[&str], radius: f64, expected: &str) {
        let lines: Vec<f64> = (0..=rows.len()).map(f64_of).collect();
        let lattice = Lattice { across: lines.clone(), down: lines };
        let path = joined(&lattice, radius, |x, y| rows[y].as_bytes()[x] == b'#');
        assert_eq!(path.to_svg(), expected);
    }

    #[test]
    fn what_touches_is_one_outline() {
        check(&["##", ".."], 0.0, "M2,0 L2,1 L0,1 L0,0 Z");
        check(&["##", "#."], 0.0, "M2,0 L2,1 L1,1 L1,2 L0,2 L0,0 Z");
        check(&["###", "#.#", "###"], 0.0, "M3,0 L3,3 L0,3 L0,0 Z M1,2 L2,2 L2,1 L1,1 Z");
    }

    #[test]
    fn what_touches_at_a_corner_stays_apart() {
        check(&["#.", ".#"], 0.0, "M1,0 L1,1 L0,1 L0,0 Z M2,1 L2,2 L1,2 L1,1 Z");
        check(&[".#", "#."], 0.0, "M2,0 L2,1 L1,1 L1,0 Z M1,1 L1,2 L0,2 L0,1 Z");
    }

    #[test]
    fn outer_corners_alone_are_round() {
        let path = {
            let lines: Vec<f64> = (0..=2).map(f64_of).collect();
            let lattice = Lattice { across: lines.clone(), down: lines };
            joined(&lattice, 0.5, |x, y| (x, y) != (1, 1))
        };
        let curves =
            path.elements().iter().filter(|part| matches!(part, kurbo::PathEl::CurveTo(..)));
        assert_eq!(curves.count(), 5, "all but the inner one");
        assert!((path.area() - (3.0 - 5.0 * (0.25 - std::f64::consts::PI / 16.0))).abs() < 1e-3);
    }
}
