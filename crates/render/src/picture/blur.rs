//! A Gaussian blur, whose picture ends in nothing at its edges, as in CSS.
//!
//! A wide blur leaves no detail, so it is made of fewer and larger pixels and then magnified: the
//! work per pixel stays the same however wide it is. Deliberately absent: boxes instead of the bell
//! curve, whose corners show.

use std::collections::VecDeque;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use kurbo::Vec2;

use super::Refusal;
use super::filter::level;
use crate::pixels::Pixels;

/// What is wanted of a blurred picture, in its pixels; it may reach beyond the edges.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct View {
    /// Left of it; below 0 is left of the picture.
    pub x: i32,
    /// Top of it.
    pub y: i32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// How far a blur reaches, in standard deviations.
pub(crate) const REACH: f64 = 3.0;
/// Smallest deviation, in the larger pixels.
const DEVIATION_MIN: f64 = 4.0;

/// One direction of a blur.
struct Axis {
    /// Pixels of the picture for one of the larger ones.
    step: usize,
    /// Half of the bell curve, from its middle outwards.
    weights: Vec<f32>,
}

impl Axis {
    fn new(deviation: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limited")]
        let step = (deviation / DEVIATION_MIN).max(1.0) as usize;
        let wide = step as f64;
        // Averaging into larger pixels and drawing lines between them blurs a little by itself.
        let own = if step > 1 { (wide * wide - 1.0) / 12.0 + wide * wide / 6.0 } else { 0.0 };
        let deviation = ((deviation * deviation - own).sqrt() / wide).max(1e-3);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limited")]
        let radius = (deviation * REACH).ceil() as usize;
        let bell = |at: usize| (-(at as f64 / deviation).powi(2) / 2.0).exp();
        let sum = (1..=radius).map(bell).sum::<f64>() * 2.0 + 1.0;
        #[expect(clippy::cast_possible_truncation, reason = "a fraction")]
        let weights = (0..=radius).map(|at| (bell(at) / sum) as f32).collect();
        Self { step, weights }
    }

    fn radius(&self) -> usize {
        self.weights.len() - 1
    }

    /// The weights from one end to the other.
    fn bell(&self) -> impl Iterator<Item = f32> {
        let half = &self.weights;
        half.iter().skip(1).rev().chain(half).copied()
    }

    /// Larger pixels that cover `side` pixels, with one more at each end.
    fn cells(&self, side: u32) -> usize {
        (side as usize).div_ceil(self.step) + 2
    }
}

/// Blurs by these deviations across and down.
pub(super) fn blur(source: &Pixels, deviation: Vec2, view: View) -> Result<Pixels, Refusal> {
    let (across, down) = (Axis::new(deviation.x), Axis::new(deviation.y));
    let (columns, rows) = (across.cells(view.width), down.cells(view.height));
    let mut rgba = Vec::with_capacity(columns * rows * 4);
    let mut window = VecDeque::with_capacity(2 * down.radius() + 1);
    let reach = i64::try_from(down.radius()).unwrap_or(i64::MAX);
    let mut sums = vec![0.0_f32; columns * 4];
    let mut next = -1 - reach;
    for row in -1..i64::try_from(rows).unwrap_or(i64::MAX) - 1 {
        while next <= row + reach {
            if window.len() > 2 * down.radius() {
                window.pop_front();
            }
            window.push_back(blurred_row(source, view, [&across, &down], columns, next));
            next += 1;
        }
        sums.fill(0.0);
        for (weight, line) in down.bell().zip(&window) {
            // A row of nothing adds nothing.
            for (sum, channel) in sums.iter_mut().zip(line.iter().flatten()) {
                *sum += weight * channel;
            }
        }
        rgba.extend(sums.iter().map(|sum| level(*sum)));
    }
    let side = |cells: usize| u32::try_from(cells).unwrap_or(u32::MAX);
    magnified(&rgba, [side(columns), side(rows)], [&across, &down], view)
}

/// One row of larger pixels, blurred across; `None` when it lies above or below the picture.
fn blurred_row(
    source: &Pixels,
    view: View,
    [across, down]: [&Axis; 2],
    columns: usize,
    row: i64,
) -> Option<Vec<f32>> {
    let (radius, step) = (across.radius(), across.step);
    let mut cells = vec![0.0_f32; (columns + 2 * radius) * 4];
    // In pixels of the picture, where the first of these cells begins.
    let left = i64::from(view.x) - ((radius + 1) * step).cast_signed() as i64;
    let top = i64::from(view.y) + row * down.step.cast_signed() as i64;
    let bottom = top + down.step.cast_signed() as i64;
    let (first, last) = (top.max(0), bottom.min(i64::from(source.height)));
    if first >= last {
        return None;
    }
    let width = source.width as usize;
    let clamp = |at: i64| usize::try_from(at.max(0)).unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
    let share = 1.0 / (step * down.step) as f32;
    for line in clamp(first)..clamp(last) {
        let line = &source.rgba[line * width * 4..(line + 1) * width * 4];
        for (cell, sums) in cells.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let from = left + (cell * step).cast_signed() as i64;
            let until = clamp(from + step.cast_signed() as i64).min(width);
            for pixel in line.get(clamp(from) * 4..until * 4).unwrap_or_default().chunks_exact(4) {
                for (sum, channel) in sums.iter_mut().zip(pixel) {
                    *sum += f32::from(*channel) * share;
                }
            }
        }
    }
    let mut blurred = vec![0.0_f32; columns * 4];
    for (at, weight) in across.bell().enumerate() {
        for (sum, channel) in blurred.iter_mut().zip(&cells[at * 4..]) {
            *sum += weight * channel;
        }
    }
    Some(blurred)
}

/// The larger pixels as those of the picture, and the view cut out of them.
fn magnified(
    rgba: &[u8],
    [columns, rows]: [u32; 2],
    axes: [&Axis; 2],
    view: View,
) -> Result<Pixels, Refusal> {
    let [across, down] = axes.map(|axis| axis.step as f64);
    let (width, height) = (view.width, view.height);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .crop(1.0, 1.0, f64::from(width) / across, f64::from(height) / down)
        .use_alpha(false);
    let broken = |error: &dyn std::fmt::Display| Refusal::Broken { reason: error.to_string() };
    let source = ImageRef::new(columns, rows, rgba, PixelType::U8x4).map_err(|e| broken(&e))?;
    let mut target = Image::new(width, height, PixelType::U8x4);
    Resizer::new().resize(&source, &mut target, &options).map_err(|e| broken(&e))?;
    let rgba = target.into_vec();
    let opaque = rgba.chunks_exact(4).all(|pixel| pixel[3] == 255);
    Ok(Pixels { width, height, rgba, opaque })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A white square of `side` pixels.
    fn square(side: u32) -> Pixels {
        let rgba = vec![255; (side * side * 4) as usize];
        Pixels { width: side, height: side, rgba, opaque: true }
    }

    /// The bell curve's integral up to `x` deviations.
    fn integral(x: f64) -> f64 {
        let steps = 4000;
        let from = -8.0;
        let step = (x - from) / f64::from(steps);
        let bell = |at: f64| (-at * at / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        (0..steps).map(|n| bell(from + (f64::from(n) + 0.5) * step) * step).sum()
    }

    /// Each pixel of a row through the middle of a blurred square is what the integral says.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundreds")]
    #[track_caller]
    fn check(side: u32, deviation: f64) {
        let source = square(side);
        let reach = (deviation * REACH).ceil() as u32;
        let margin = reach.cast_signed();
        let view = View { x: -margin, y: 0, width: side + 2 * reach, height: side };
        let found = blur(&source, Vec2::new(deviation, deviation), view).unwrap();
        assert_eq!((found.width, found.height), (view.width, view.height));
        let middle = &found.rgba[(side / 2 * view.width * 4) as usize..];
        let part = |from: f64, to: f64| integral(to / deviation) - integral(from / deviation);
        let down = {
            let at = f64::from(side / 2) + 0.5;
            part(-at, f64::from(side) - at)
        };
        for x in (0..view.width).step_by(7) {
            let at = f64::from(x) + 0.5 - f64::from(reach);
            let expected = part(-at, f64::from(side) - at) * down * 255.0;
            let found = f64::from(middle[(x * 4 + 3) as usize]);
            assert!((found - expected).abs() <= 2.5, "{deviation}: at {x} {found}, {expected}");
        }
    }

    #[test]
    fn edges_are_bell_curves_however_wide() {
        check(40, 2.0);
        check(60, 7.9);
        check(60, 8.0);
        check(90, 20.0);
        check(200, 100.0);
    }

    #[test]
    fn a_view_is_a_cut_of_the_whole() {
        let mut source = square(50);
        for (at, channel) in source.rgba.iter_mut().enumerate() {
            if at % 4 != 3 {
                *channel = u8::try_from(at * at / 97 % 256).unwrap();
            }
        }
        let deviation = Vec2::new(3.0, 5.0);
        let whole = blur(&source, deviation, View { x: -5, y: -5, width: 60, height: 60 }).unwrap();
        let part = blur(&source, deviation, View { x: 11, y: -2, width: 17, height: 9 }).unwrap();
        for y in 0..9 {
            let line = &whole.rgba[((y + 3) * 60 + 16) * 4..][..17 * 4];
            assert_eq!(part.rgba[y * 17 * 4..][..17 * 4], *line, "row {y}");
        }
        assert!(!whole.opaque, "its edges let light through");
        let inside =
            blur(&source, Vec2::new(1.0, 1.0), View { x: 9, y: 9, width: 20, height: 20 }).unwrap();
        assert!(inside.opaque, "far from the edges nothing is missing");
    }
}
