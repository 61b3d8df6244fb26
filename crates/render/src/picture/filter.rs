//! Filters on finished pixels: colours through matrices, as the filter functions of CSS define them.
//!
//! All of a list's colour filters are one pass over the pixels, those before the blur and those
//! after it. Pixels are premultiplied, and stay it: a matrix whose offsets are multiplied by the
//! pixel's alpha does the same to them. Deliberately absent: the blur itself (`blur.rs`).

use kurbo::Vec2;
use pixeldrive_model::{Color, Filter, Filters};

use super::Refusal;
use super::blur::{self, View};
use crate::pixels::Pixels;

/// What is done to a picture once it is scaled. Lengths are its pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Recipe {
    before: Vec<Matrix>,
    /// Standard deviations, and what is wanted of the blurred picture.
    blur: Option<(Vec2, View)>,
    after: Vec<Matrix>,
}

/// Rows of red, green and blue, each with the factors of those three and an offset.
type Matrix = [[f32; 4]; 3];

/// Pixels that are worked on at once.
const LANES: usize = 16;

impl Recipe {
    /// What `filters` come to, where a px of the template is `scale` pixels across and down. `view`
    /// is what is wanted of a blurred picture.
    pub(crate) fn new(filters: &Filters, scale: Vec2, view: View) -> Self {
        let mut recipe = Self::default();
        for filter in &filters.0 {
            let chain = match recipe.blur {
                None => &mut recipe.before,
                Some(_) => &mut recipe.after,
            };
            match *filter {
                Filter::Blur(radius) if radius > 0.0 => recipe.blur = Some((scale * radius, view)),
                Filter::Blur(_) => {}
                filter => append(chain, matrix(&filter)),
            }
        }
        recipe
    }

    /// Does it.
    pub(super) fn apply(&self, mut pixels: Pixels) -> Result<Pixels, Refusal> {
        recolor(&self.before, &mut pixels.rgba);
        if let Some((deviation, view)) = self.blur {
            pixels = blur::blur(&pixels, deviation, view)?;
        }
        recolor(&self.after, &mut pixels.rgba);
        Ok(pixels)
    }

    /// What tells two recipes apart.
    pub(super) fn bits(&self) -> Vec<u64> {
        let matrices = self.before.iter().chain([&[[f32::INFINITY; 4]; 3]]).chain(&self.after);
        let numbers = matrices.flatten().flatten().map(|number| u64::from(number.to_bits()));
        let blur = self.blur.into_iter().flat_map(|(deviation, view)| {
            let View { x, y, width, height } = view;
            let [x, y] = [x, y].map(|offset| u64::from(offset.cast_unsigned()));
            [deviation.x.to_bits(), deviation.y.to_bits(), x, y, width.into(), height.into()]
        });
        numbers.chain(blur).collect()
    }
}

/// Adds a matrix to those that are applied one after the other. Channels are cut to 0 to 1 in
/// between, so two become one only where the first cannot leave that range.
fn append(chain: &mut Vec<Matrix>, next: [[f64; 4]; 3]) {
    let stays = |row: &[f32; 4]| {
        let [low, high] = [f32::min, f32::max]
            .map(|end| row[3] + row[..3].iter().map(|factor| end(*factor, 0.0)).sum::<f32>());
        low >= -1e-6 && high <= 1.0 + 1e-6
    };
    #[expect(clippy::cast_possible_truncation, reason = "factors of 8-bit channels")]
    let next = next.map(|row| row.map(|number| number as f32));
    match chain.last_mut() {
        Some(last) if last.iter().all(stays) => {
            let first = *last;
            *last = next.map(|row| {
                let column = |column: usize| (0..3).map(|at| row[at] * first[at][column]).sum();
                let mut product: [f32; 4] = std::array::from_fn(column);
                product[3] += row[3];
                product
            });
        }
        _ => chain.push(next),
    }
}

fn recolor(chain: &[Matrix], rgba: &mut [u8]) {
    if chain.is_empty() {
        return;
    }
    for block in rgba.chunks_mut(4 * LANES) {
        let mut planes = [[0.0_f32; LANES]; 4];
        for (lane, pixel) in block.chunks_exact(4).enumerate() {
            for (plane, channel) in planes.iter_mut().zip(pixel) {
                plane[lane] = f32::from(*channel);
            }
        }
        for matrix in chain {
            let [red, green, blue, alpha] = planes;
            for (plane, row) in planes.iter_mut().zip(matrix) {
                for lane in 0..LANES {
                    let sum = row[0] * red[lane] + row[1] * green[lane] + row[2] * blue[lane];
                    plane[lane] = (sum + row[3] * alpha[lane]).clamp(0.0, alpha[lane]);
                }
            }
        }
        for (lane, pixel) in block.chunks_exact_mut(4).enumerate() {
            for (plane, channel) in planes.iter().zip(pixel) {
                *channel = level(plane[lane]);
            }
        }
    }
}

/// A channel in 8 bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
pub(super) fn level(channel: f32) -> u8 {
    (channel + 0.5) as u8
}

/// The matrix of a filter, from the Filter Effects specification.
fn matrix(filter: &Filter) -> [[f64; 4]; 3] {
    match *filter {
        Filter::Blur(_) => linear(1.0, 0.0),
        Filter::Brightness(amount) => linear(amount, 0.0),
        Filter::Contrast(amount) => linear(amount, 0.5 - 0.5 * amount),
        Filter::Invert(amount) => linear(1.0 - 2.0 * amount, amount),
        Filter::Saturate(amount) => toward([[0.213, 0.715, 0.072]; 3], amount),
        Filter::Grayscale(amount) => toward([LUMA; 3], 1.0 - amount),
        Filter::Sepia(amount) => {
            const BROWN: [[f64; 3]; 3] =
                [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]];
            toward(BROWN, 1.0 - amount)
        }
        Filter::HueRotate(angle) => {
            let (sin, cos) = angle.to_radians().sin_cos();
            let turned = |grey: [f64; 3], by_cos: [f64; 3], by_sin: [f64; 3]| {
                let at = |column: usize| grey[column] + cos * by_cos[column] + sin * by_sin[column];
                [at(0), at(1), at(2), 0.0]
            };
            let grey = [0.213, 0.715, 0.072];
            [
                turned(grey, [0.787, -0.715, -0.072], [-0.213, -0.715, 0.928]),
                turned(grey, [-0.213, 0.285, -0.072], [0.143, 0.140, -0.283]),
                turned(grey, [-0.213, -0.715, 0.928], [-0.787, 0.715, 0.072]),
            ]
        }
        Filter::Duotone { dark, light } => {
            let channel = |dark: u8, light: u8| {
                let (dark, light) = (f64::from(dark) / 255.0, f64::from(light) / 255.0);
                let [red, green, blue] = LUMA.map(|weight| weight * (light - dark));
                [red, green, blue, dark]
            };
            [channel(dark.r, light.r), channel(dark.g, light.g), channel(dark.b, light.b)]
        }
        Filter::Tint { color, amount } => {
            let Color { r, g, b, a } = color;
            let amount = amount * f64::from(a) / 255.0;
            let mut rows = linear(1.0 - amount, 0.0);
            for (row, channel) in rows.iter_mut().zip([r, g, b]) {
                row[3] = amount * f64::from(channel) / 255.0;
            }
            rows
        }
    }
}

/// How bright each primary looks.
const LUMA: [f64; 3] = [0.2126, 0.7152, 0.0722];

/// Each channel by itself.
fn linear(slope: f64, offset: f64) -> [[f64; 4]; 3] {
    [[slope, 0.0, 0.0, offset], [0.0, slope, 0.0, offset], [0.0, 0.0, slope, offset]]
}

/// From the mixture `to`, at 0, to what is there, at 1.
fn toward(to: [[f64; 3]; 3], share: f64) -> [[f64; 4]; 3] {
    std::array::from_fn(|row| {
        let at = |column: usize| {
            let own = if row == column { 1.0 } else { 0.0 };
            to[row][column] + (own - to[row][column]) * share
        };
        [at(0), at(1), at(2), 0.0]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: View = View { x: 0, y: 0, width: 1, height: 1 };

    /// What the filters make of one premultiplied pixel.
    #[track_caller]
    fn check(filters: &[Filter], pixel: [u8; 4], expected: [u8; 4]) {
        let recipe = Recipe::new(&Filters(filters.to_vec()), Vec2::new(1.0, 1.0), VIEW);
        let pixels = Pixels { width: 1, height: 1, rgba: pixel.to_vec(), opaque: pixel[3] == 255 };
        assert_eq!(recipe.apply(pixels).unwrap().rgba, expected, "{filters:?} of {pixel:?}");
    }

    #[test]
    fn colours_change_as_in_css() {
        let orange = [200, 100, 50, 255];
        check(&[], orange, orange);
        check(&[Filter::Brightness(0.5)], orange, [100, 50, 25, 255]);
        check(&[Filter::Brightness(2.0)], orange, [255, 200, 100, 255]);
        check(&[Filter::Contrast(0.0)], orange, [128, 128, 128, 255]);
        check(&[Filter::Contrast(2.0)], orange, [255, 73, 0, 255]);
        check(&[Filter::Grayscale(1.0)], orange, [118, 118, 118, 255]);
        check(&[Filter::Saturate(0.0)], orange, [118, 118, 118, 255]);
        check(&[Filter::Saturate(1.0)], orange, orange);
        check(&[Filter::Sepia(1.0)], orange, [165, 147, 114, 255]);
        check(&[Filter::Sepia(0.0)], orange, orange);
        check(&[Filter::HueRotate(0.0)], orange, orange);
        check(&[Filter::HueRotate(360.0)], orange, orange);
        check(&[Filter::Invert(1.0)], orange, [55, 155, 205, 255]);
        check(&[Filter::Invert(0.5)], orange, [128, 128, 128, 255]);
        let duotone =
            Filter::Duotone { dark: Color::rgb(10, 20, 30), light: Color::rgb(250, 240, 230) };
        check(&[duotone], [0, 0, 0, 255], [10, 20, 30, 255]);
        check(&[duotone], [255, 255, 255, 255], [250, 240, 230, 255]);
        let tint = |amount| Filter::Tint { color: Color::rgb(0, 0, 255), amount };
        check(&[tint(0.5)], orange, [100, 50, 153, 255]);
        check(&[tint(1.0)], [10, 5, 0, 20], [0, 0, 20, 20]);
    }

    #[test]
    fn translucent_pixels_change_as_opaque_ones_do() {
        // Half of (200, 100, 50).
        let half = [100, 50, 25, 128];
        check(&[Filter::Invert(1.0)], half, [28, 78, 103, 128]);
        check(&[Filter::Brightness(9.0)], half, [128, 128, 128, 128]);
        check(&[Filter::Contrast(0.0)], half, [64, 64, 64, 128]);
        check(&[Filter::Invert(1.0)], [0; 4], [0; 4]);
    }

    #[test]
    fn channels_are_cut_between_filters_and_only_there() {
        let orange = [200, 100, 50, 255];
        // Twice as bright cuts red at 255 before it is halved.
        check(&[Filter::Brightness(2.0), Filter::Brightness(0.5)], orange, [128, 100, 50, 255]);
        check(&[Filter::Brightness(0.5), Filter::Brightness(2.0)], orange, orange);
        let matrices = |filters: &[Filter]| {
            Recipe::new(&Filters(filters.to_vec()), Vec2::new(1.0, 1.0), VIEW).before.len()
        };
        assert_eq!(matrices(&[Filter::Brightness(2.0), Filter::Brightness(0.5)]), 2);
        let folded = [Filter::Grayscale(1.0), Filter::Invert(1.0), Filter::Brightness(0.5)];
        assert_eq!(matrices(&folded), 1, "none of them leaves the range");
    }
}
