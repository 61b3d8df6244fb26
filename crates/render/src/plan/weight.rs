//! What marks take in memory.

use std::collections::HashSet;
use std::sync::Arc;

use kurbo::PathEl;

use crate::drawing::{Brush, Glyph, Mark, Shape};
use crate::pixels::Pixels;

/// Bytes that marks take, what they share among them once. Not fonts: somebody else keeps those.
pub(super) fn of<'a>(marks: impl Iterator<Item = &'a Mark>) -> usize {
    let mut pictures = HashSet::new();
    marks.map(|mark| size_of::<Mark>() + heap(mark, &mut pictures)).sum()
}

fn heap(mark: &Mark, pictures: &mut HashSet<*const Pixels>) -> usize {
    match mark {
        Mark::Fill { shape, brush, .. } | Mark::Stroke { shape, brush, .. } => {
            path(shape) + paint(brush, pictures)
        }
        Mark::Glyphs(run) => size_of_val::<[Glyph]>(&run.glyphs) + paint(&run.brush, pictures),
        Mark::Image { image, .. } => picture(image, pictures),
        Mark::PushClip { shape, .. } => path(shape),
        Mark::PushLayer(_) | Mark::Pop => 0,
    }
}

fn path(shape: &Shape) -> usize {
    match shape {
        Shape::Rect(_) => 0,
        Shape::Path(path) | Shape::EvenOdd(path) => size_of_val::<[PathEl]>(path.elements()),
    }
}

fn paint(brush: &Brush, pictures: &mut HashSet<*const Pixels>) -> usize {
    match brush {
        Brush::Solid(_) | Brush::Gradient { .. } => 0,
        Brush::Image { image, .. } => picture(image, pictures),
    }
}

fn picture(image: &Arc<Pixels>, pictures: &mut HashSet<*const Pixels>) -> usize {
    if pictures.insert(Arc::as_ptr(image)) { image.bytes() } else { 0 }
}

#[cfg(test)]
mod tests {
    use kurbo::{Affine, RoundedRectRadii};

    use super::*;

    #[test]
    fn a_picture_weighs_once() {
        let image = |side: u32| {
            let rgba = vec![0; (side * side * 4) as usize];
            let image = Arc::new(Pixels { width: side, height: side, rgba, opaque: false });
            let corners = RoundedRectRadii::from_single_radius(0.0);
            Mark::Image { transform: Affine::IDENTITY, image, corners }
        };
        let (large, small) = (image(100), image(10));
        let marks = [large.clone(), small, large, Mark::Pop];
        assert_eq!(of(marks.iter()), 40_000 + 400 + 4 * size_of::<Mark>());
    }
}
