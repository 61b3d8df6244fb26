//! Rectangles of whole pixels, in which a picture is painted or differs from another one.

use std::ops::Range;

use kurbo::Rect;

use crate::pixels::Area;

/// Pixels that could be painted in the time that one more rectangle takes.
const RECT_PX: u64 = 6_000;
/// How far anti-aliasing carries colour beyond the outline.
pub(crate) const MARGIN_PX: f64 = 1.0;

/// Side of the squares of which painters make a picture: what starts with one of them is painted alike
/// wherever it stands.
const TILE_PX: f64 = 4.0;

/// The pixels that something which reaches so far may touch, in whole tiles; `None` when that is none of
/// the canvas.
pub(crate) fn area(reach: Rect, canvas: Rect) -> Option<Area> {
    // What is no number reaches anywhere.
    let reach = if reach.is_finite() { reach } else { canvas };
    if reach.is_zero_area() {
        return None;
    }
    let seen = reach.inflate(MARGIN_PX, MARGIN_PX).scale_from_origin(1.0 / TILE_PX).expand();
    let seen = seen.scale_from_origin(TILE_PX).intersect(canvas);
    if seen.is_zero_area() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "on the canvas")]
    let [x0, y0, x1, y1] = [seen.x0, seen.y0, seen.x1, seen.y1].map(|at| at as u32);
    Some(Area { x0, y0, x1, y1 })
}

/// Joins areas that overlap, and those that cost less to be painted as one.
pub(crate) fn join(areas: impl IntoIterator<Item = Area>) -> Vec<Area> {
    let mut joined: Vec<Area> = Vec::new();
    for mut area in areas {
        // What has grown may meet others.
        while let Some(at) = joined.iter().position(|other| is_better_joined(area, *other)) {
            area = around(area, joined.swap_remove(at));
        }
        joined.push(area);
    }
    joined.sort_unstable_by_key(|area| (area.y0, area.x0));
    joined
}

/// Groups what has areas by rows: between two groups there are rows, or at least an edge, of none.
pub(crate) fn by_rows<T>(items: Vec<T>, area: impl Fn(&T) -> Area) -> Vec<Vec<T>> {
    let mut items = items;
    items.sort_by_key(|item| area(item).y0);
    let mut groups: Vec<Vec<T>> = Vec::new();
    let mut bottom = 0;
    for item in items {
        let Area { y0, y1, .. } = area(&item);
        match groups.last_mut() {
            Some(group) if y0 <= bottom => group.push(item),
            _ => groups.push(vec![item]),
        }
        bottom = bottom.max(y1);
    }
    groups
}

/// The rows of areas, and the one below them, which sees what they show above it.
pub(crate) fn rows(areas: impl Iterator<Item = Area> + Clone) -> Range<usize> {
    let top = areas.clone().map(|area| area.y0).min().unwrap_or(0);
    let bottom = areas.map(|area| area.y1).max().unwrap_or(0);
    top as usize..bottom as usize + 1
}

fn is_better_joined(a: Area, b: Area) -> bool {
    overlap(a, b) || around(a, b).count() <= a.count() + b.count() + RECT_PX
}

pub(crate) fn overlap(a: Area, b: Area) -> bool {
    a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1
}

pub(crate) fn around(a: Area, b: Area) -> Area {
    Area { x0: a.x0.min(b.x0), y0: a.y0.min(b.y0), x1: a.x1.max(b.x1), y1: a.y1.max(b.y1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANVAS: Rect = Rect::new(0.0, 0.0, 1_000.0, 500.0);

    fn at(x0: u32, y0: u32, x1: u32, y1: u32) -> Area {
        Area { x0, y0, x1, y1 }
    }

    #[test]
    fn areas_are_whole_tiles_of_the_canvas() {
        let area = |x0, y0, x1, y1| area(Rect::new(x0, y0, x1, y1), CANVAS);
        assert_eq!(area(10.5, 10.0, 19.0, 19.2), Some(at(8, 8, 20, 24)));
        assert_eq!(area(-50.0, 490.0, 2.0, 900.0), Some(at(0, 488, 4, 500)));
        assert_eq!(area(-50.0, 0.0, -2.0, 10.0), None, "beside the canvas");
        assert_eq!(area(5.0, 5.0, 5.0, 9.0), None, "nothing");
        assert_eq!(area(f64::NAN, 0.0, 1.0, 1.0), Some(at(0, 0, 1_000, 500)));
    }

    #[test]
    fn areas_are_joined_when_they_meet_or_are_near() {
        let check = |areas: &[Area], expected: &[Area]| assert_eq!(join(areas.to_vec()), expected);
        check(&[], &[]);
        check(&[at(0, 0, 100, 100), at(50, 50, 400, 400)], &[at(0, 0, 400, 400)]);
        check(&[at(0, 0, 300, 20), at(0, 22, 300, 40)], &[at(0, 0, 300, 40)]);
        let far = [at(0, 0, 300, 20), at(0, 300, 300, 320)];
        check(&far, &far);
        // The first two meet only once the third has joined them.
        let chain = [at(0, 0, 400, 200), at(500, 0, 900, 200), at(350, 100, 550, 300)];
        check(&chain, &[at(0, 0, 900, 300)]);
    }
}
