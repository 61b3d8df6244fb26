//! Where numbers stand beside a line: clear of it, and of each other.
//!
//! Deliberately absent: smaller letters and lines that lead to a number. One that finds no clear place near its
//! point stands above it, on the line.

use kurbo::{BezPath, Point, Rect, Size, Vec2};

/// How far the lines of which the curve is made may lie from it, in px.
const TOLERANCE_PX: f64 = 0.25;
/// Shares of a line of text that are above and below its figures.
const AIR: f64 = 0.2;
/// Sides of a point where its number may stand, the best first: how many times half of the number's width
/// its middle is to the right, and whether it is below.
const SIDES: [(f64, bool); 6] =
    [(0.0, false), (0.0, true), (-1.0, false), (1.0, false), (1.0, true), (-1.0, true)];
/// How far away from its point a number may stand, the best first, as shares of its height.
const FARTHER: [f64; 3] = [0.0, 0.5, 1.0];

/// The line, and what stands beside it so far.
pub(super) struct Beside {
    /// Points of the line, from left to right.
    points: Vec<Point>,
    /// Half of its width.
    half: f64,
    /// Where numbers may stand.
    area: Rect,
    taken: Vec<Rect>,
}

impl Beside {
    pub(super) fn new(line: &BezPath, width: f64, area: Rect) -> Self {
        let mut points = Vec::new();
        kurbo::flatten(line.iter(), TOLERANCE_PX, |element| points.extend(element.end_point()));
        Self { points, half: width / 2.0, area, taken: Vec::new() }
    }

    /// Takes a place for a number of this size, `lift` from its point.
    pub(super) fn place(&mut self, point: Point, size: Size, lift: f64) -> Rect {
        let at = |(right, below): (f64, bool), farther: f64| {
            let lift = lift + farther * size.height;
            let down = lift + size.height / 2.0;
            let away = Vec2::new(
                right * (size.width / 2.0 + lift / 2.0),
                if below { down } else { -down },
            );
            Rect::from_center_size(point + away, size)
        };
        let mut places = FARTHER.into_iter().flat_map(|far| SIDES.map(|side| at(side, far)));
        let clear = places.find(|place| self.is_clear(*place));
        let place = clear.unwrap_or_else(|| at(SIDES[0], FARTHER[0]));
        self.taken.push(figures(place));
        place
    }

    fn is_clear(&self, place: Rect) -> bool {
        let figures = figures(place);
        let free = |other: &Rect| figures.intersect(*other).is_zero_area();
        figures.union(self.area) == self.area
            && self.taken.iter().all(free)
            && !self.meets(figures.inflate(self.half, self.half))
    }

    /// Whether the line comes into a rectangle.
    fn meets(&self, rect: Rect) -> bool {
        let from = self.points.partition_point(|point| point.x < rect.x0).saturating_sub(1);
        let near = self.points[from..].windows(2).take_while(|pair| pair[0].x <= rect.x1);
        near.into_iter().any(|pair| crosses(rect, pair[0], pair[1]))
    }
}

/// The part of a place that figures take.
fn figures(place: Rect) -> Rect {
    place.inset((0.0, -AIR * place.height()))
}

/// Whether a part of the line from one point to another is inside of a rectangle.
fn crosses(rect: Rect, from: Point, to: Point) -> bool {
    let slabs =
        [(from.x, to.x - from.x, rect.x0, rect.x1), (from.y, to.y - from.y, rect.y0, rect.y1)];
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    for (at, step, low, high) in slabs {
        if step == 0.0 {
            if at < low || at > high {
                return false;
            }
            continue;
        }
        let (first, second) = ((low - at) / step, (high - at) / step);
        enters = enters.max(first.min(second));
        leaves = leaves.min(first.max(second));
    }
    enters <= leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of 20 by 10 px at the points of a line: where the middle of each is from its point.
    #[track_caller]
    fn check(points: &[(f64, f64)], expected: &[(f64, f64)]) {
        let mut line = BezPath::new();
        line.move_to(points[0]);
        points[1..].iter().for_each(|point| line.line_to(*point));
        let mut beside = Beside::new(&line, 2.0, Rect::new(0.0, 0.0, 200.0, 100.0));
        let placed = points.iter().map(|point| {
            let place = beside.place(Point::from(*point), Size::new(20.0, 10.0), 4.0);
            let away = place.center() - Point::from(*point);
            (away.x, away.y)
        });
        assert_eq!(placed.collect::<Vec<_>>(), expected, "{points:?}");
    }

    #[test]
    fn numbers_stand_clear_of_the_line() {
        let (above, below) = ((0.0, -9.0), (0.0, 9.0));
        check(&[(20.0, 50.0), (60.0, 50.0), (100.0, 50.0)], &[above, above, above]);
        // On peaks above, in valleys below, and beside a line that runs steeply past.
        check(&[(20.0, 80.0), (60.0, 20.0), (100.0, 80.0)], &[below, above, below]);
        let (left, right) = ((-12.0, -9.0), (12.0, -9.0));
        check(&[(40.0, 90.0), (60.0, 50.0), (80.0, 10.0)], &[left, left, (12.0, 9.0)]);
        check(&[(40.0, 10.0), (60.0, 50.0), (80.0, 90.0)], &[(-12.0, 9.0), right, right]);
    }

    #[test]
    fn numbers_go_farther_away_from_steep_lines() {
        // The last one has no place that is near enough.
        let points = [(5.0, 98.0), (6.0, 2.0), (7.0, 98.0)];
        check(&points, &[(14.5, -14.0), (12.0, 9.0), (0.0, -9.0)]);
    }

    #[test]
    fn numbers_without_a_clear_place_stand_above() {
        let dense: Vec<_> =
            (0..50_u8).map(|at| (f64::from(at) * 4.0, f64::from(at % 2) * 100.0)).collect();
        check(&dense, &vec![(0.0, -9.0); dense.len()]);
    }
}
