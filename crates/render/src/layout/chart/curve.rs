//! A curve through points from left to right that never runs beyond them.

use kurbo::{BezPath, Point, Vec2};

/// The line through the points. A smooth one rises and falls only where they do: its slope at a
/// point is no steeper than three times the flatter side (Fritsch and Carlson).
pub(super) fn through(points: &[Point], smooth: bool) -> BezPath {
    let mut path = BezPath::new();
    let Some(first) = points.first() else { return path };
    path.move_to(*first);
    let slopes = slopes(points);
    for (index, pair) in points.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        if smooth {
            let third = (to.x - from.x) / 3.0;
            let handles =
                [slopes[index], slopes[index + 1]].map(|slope| Vec2::new(third, third * slope));
            path.curve_to(from + handles[0], to - handles[1], to);
        } else {
            path.line_to(to);
        }
    }
    path
}

fn slopes(points: &[Point]) -> Vec<f64> {
    let sides: Vec<f64> =
        points.windows(2).map(|pair| (pair[1].y - pair[0].y) / (pair[1].x - pair[0].x)).collect();
    let inner = sides.windows(2).map(|pair| {
        let (before, after) = (pair[0], pair[1]);
        if before * after <= 0.0 {
            return 0.0;
        }
        let most = 3.0 * before.abs().min(after.abs());
        (f64::midpoint(before, after)).clamp(-most, most)
    });
    let ends = |side: Option<&f64>| side.copied().unwrap_or(0.0);
    std::iter::once(ends(sides.first())).chain(inner).chain([ends(sides.last())]).collect()
}

#[cfg(test)]
mod tests {
    use kurbo::Shape as _;

    use super::*;

    #[test]
    fn it_never_runs_beyond_its_points() {
        let heights = [3.0, 9.0, 9.0, 0.0, 1.0, 8.0, 7.9];
        let points: Vec<Point> =
            heights.iter().enumerate().map(|(x, y)| Point::new(x as f64, *y)).collect();
        let bounds = through(&points, true).bounding_box();
        assert_eq!((bounds.y0, bounds.y1), (0.0, 9.0));
    }

    #[test]
    fn one_point_is_a_line_of_no_length() {
        assert_eq!(through(&[Point::new(1.0, 2.0)], true).to_svg(), "M1,2");
        assert_eq!(through(&[], true).to_svg(), "");
    }
}
