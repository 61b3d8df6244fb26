//! The device pixels below an element, to whose edges sharp things are moved.
//!
//! An edge inside of a pixel is drawn grey. So, where an element stands along the pixels, edges that
//! should be sharp go to the nearest pixel. Everything stays in px of the element's box.

use kurbo::{Affine, Point, Rect};

/// The pixels that edges are moved to; without them where the element stands askew.
pub(super) struct Grid {
    transform: Affine,
    /// Whether the sides of the box run along pixels: upright, or after quarter turns.
    pub aligned: bool,
}

impl Grid {
    pub(super) fn new(transform: Affine) -> Self {
        let [a, b, c, d, ..] = transform.as_coeffs();
        let along = (b, c) == (0.0, 0.0) || (a, d) == (0.0, 0.0);
        Self { transform, aligned: along && transform.determinant() != 0.0 }
    }

    /// Device pixels per px of the box.
    pub(super) fn scale(&self) -> f64 {
        let [a, b, ..] = self.transform.as_coeffs();
        a.hypot(b)
    }

    /// The corner of a pixel next to a point.
    pub(super) fn point(&self, point: impl Into<Point>) -> Point {
        let point = point.into();
        if self.aligned {
            self.transform.inverse() * (self.transform * point).round()
        } else {
            point
        }
    }

    /// A rectangle with its edges on those of pixels.
    pub(super) fn rect(&self, rect: Rect) -> Rect {
        let [from, to] = [(rect.x0, rect.y0), (rect.x1, rect.y1)].map(|corner| self.point(corner));
        Rect::from_points(from, to)
    }

    /// Whether the edges of a rectangle are on those of pixels.
    pub(super) fn is_on(&self, rect: Rect) -> bool {
        let moved = self.rect(rect);
        let by = [moved.x0 - rect.x0, moved.y0 - rect.y0, moved.x1 - rect.x1, moved.y1 - rect.y1];
        self.aligned && by.iter().all(|by| by.abs() < 1e-6)
    }

    /// A length that is a whole number of pixels and no longer, unless it is shorter than one.
    pub(super) fn whole(&self, length: f64) -> f64 {
        // What is a whole number but for rounding errors stays it.
        let px = (length * self.scale() + 1e-9).floor();
        if self.aligned && px >= 1.0 { px / self.scale() } else { length }
    }

    /// A line along x, from the middle of which `y` is half a pixel away at most.
    pub(super) fn rule(&self, x: (f64, f64), y: f64, width: f64) -> Rect {
        let width = self.line(width);
        let top = self.point((x.0, y - width / 2.0)).y;
        let [from, to] = [x.0, x.1].map(|x| self.point((x, y)).x);
        Rect::new(from, top, to, top + width)
    }

    /// The same along y.
    pub(super) fn upright_rule(&self, x: f64, y: (f64, f64), width: f64) -> Rect {
        let width = self.line(width);
        let left = self.point((x - width / 2.0, y.0)).x;
        let [from, to] = [y.0, y.1].map(|y| self.point((x, y)).y);
        Rect::new(left, from, left + width, to)
    }

    /// A line's width in whole pixels, one at least.
    fn line(&self, width: f64) -> f64 {
        if !self.aligned || width <= 0.0 {
            return width;
        }
        (width * self.scale()).round().max(1.0) / self.scale()
    }
}
