//! Layout: from a bound template to a [`Drawing`].
//!
//! Every element is drawn in its own box, from the box's top left and in CSS px; one transform per
//! element carries position, rotation, the groups around it and the pixel ratio. What had to be
//! adjusted is said in warnings.
//!
//! Deliberately absent: pixels of any kind but those of pictures, which come scaled from
//! [`Scaled`].

mod code;
mod fit;
mod glyph_picture;
mod hyphen;
mod image;
mod ink;
mod missing;
pub(crate) mod paint;
mod placing;
mod rating;
mod shape;
mod standin;
pub(crate) mod text;
mod typeset;

use std::sync::Arc;

use kurbo::{Affine, Point, Rect, Size};
use pixeldrive_model::{Bound, Element, Frame, Kind, Warning};

use crate::drawing::{Drawing, Mark, Shape};
use crate::{Assets, Error, Fonts, Scaled};
pub(crate) use standin::is_invisible;
pub(crate) use typeset::Typesetter;

/// Lays out templates. One thread owns it and keeps it: it holds scratch memory and font caches.
pub struct Layouter {
    fonts: Fonts,
    text: Typesetter,
    scaled: Arc<Scaled>,
}

/// What an element is drawn with.
pub(crate) struct Context<'a> {
    /// Where the marks go.
    pub drawing: &'a mut Drawing,
    /// Where findings go.
    pub warnings: &'a mut Vec<Warning>,
    /// Shapes text.
    pub text: &'a mut Typesetter,
    /// The font files, for documents that bring text of their own.
    pub fonts: &'a Fonts,
    /// Fetched files.
    pub assets: &'a Assets,
    /// Decoded and scaled pictures.
    pub scaled: &'a Scaled,
    /// From the element's box, in CSS px from its top left, to device pixels.
    pub transform: Affine,
    /// Pixels that filters were given so far.
    pub filtered_px: u64,
}

impl Layouter {
    /// A layouter that knows these fonts and no others.
    #[must_use]
    pub fn new(fonts: &Fonts, scaled: Arc<Scaled>) -> Self {
        Self { fonts: fonts.clone(), text: Typesetter::new(fonts), scaled }
    }

    /// Decides where every mark of the picture goes.
    ///
    /// # Errors
    /// [`Error`] names the element that cannot be drawn.
    pub fn lay_out(
        &mut self,
        bound: &Bound,
        assets: &Assets,
    ) -> Result<(Drawing, Vec<Warning>), Error> {
        let (width, height) = bound.picture_size();
        let side = |side: u32| {
            u16::try_from(side).map_err(|_| Error::PictureTooLarge {
                width,
                height,
                side_max: u16::MAX.into(),
            })
        };
        let mut drawing = Drawing::new(side(width)?, side(height)?);
        let mut warnings = bound.warnings.clone();
        let canvas = Rect::new(0.0, 0.0, width.into(), height.into());
        if let Some(brush) = paint::brush(&bound.background, canvas) {
            let shape = Shape::Rect(canvas);
            drawing.push(Mark::Fill { transform: Affine::IDENTITY, shape, brush })?;
        }
        let mut context = Context {
            drawing: &mut drawing,
            warnings: &mut warnings,
            text: &mut self.text,
            fonts: &self.fonts,
            assets,
            scaled: &self.scaled,
            transform: Affine::scale(bound.pixel_ratio),
            filtered_px: 0,
        };
        context.elements(&bound.elements)?;
        Ok((drawing, warnings))
    }

    /// The lines of the text element `id`, as [`Self::lay_out`] breaks them; `None` when there is no
    /// such text. Editors and tests ask for it.
    pub fn lines(&mut self, bound: &Bound, id: &str) -> Option<Vec<TextLine>> {
        let element = bound.elements.iter().find(|element| element.id == id)?;
        let Kind::Text(text) = &element.kind else { return None };
        let mut context = Context {
            drawing: &mut Drawing::new(1, 1),
            warnings: &mut Vec::new(),
            text: &mut self.text,
            fonts: &self.fonts,
            assets: &Assets::default(),
            scaled: &self.scaled,
            transform: Affine::IDENTITY,
            filtered_px: 0,
        };
        Some(text::lines(&mut context, element, text))
    }
}

/// A line of a text, as it was broken.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLine {
    /// What it says, the spaces at its end included.
    pub text: String,
    /// Its width in px, without those spaces.
    pub width: f64,
}

impl Context<'_> {
    /// Reports a finding about `element`.
    pub(crate) fn warn(&mut self, code: &str, element: &Element, message: impl Into<String>) {
        self.warnings.push(Warning::new(code, &element.id, message));
    }

    /// Reports a finding, unless the same was reported.
    pub(crate) fn warn_once(&mut self, code: &str, element: &Element, message: String) {
        let warning = Warning::new(code, &element.id, message);
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn elements(&mut self, elements: &[Element]) -> Result<(), Error> {
        let parent = self.transform;
        for element in elements {
            let from = self.drawing.marks().len();
            self.element(element, parent)?;
            if element.frame.opacity < 1.0 {
                #[expect(clippy::cast_possible_truncation, reason = "a fraction")]
                self.drawing.fade(from, element.frame.opacity as f32)?;
            }
            self.transform = parent;
        }
        Ok(())
    }

    fn element(&mut self, element: &Element, parent: Affine) -> Result<(), Error> {
        // A text knows its size, and with it its centre, only once its lines are broken.
        if let Kind::Text(text) = &element.kind {
            let block = text::block(self, element, text);
            self.transform = parent * place(&element.frame, block.size);
            return block.draw(self, element, text);
        }
        self.transform = parent * place(&element.frame, size(element));
        match &element.kind {
            Kind::Text(_) => Ok(()),
            Kind::Image(image) => image::image(self, element, image),
            Kind::Svg(svg) => image::svg(self, element, svg),
            Kind::Rect(rect) => shape::rect(self, element, rect),
            Kind::Ellipse(ellipse) => shape::ellipse(self, element, ellipse),
            Kind::Line(line) => shape::line(self, element, line),
            Kind::Path(path) => shape::path(self, path),
            Kind::Group(group) => self.elements(&group.elements),
            Kind::QrCode(qrcode) => code::qrcode(self, element, qrcode),
            Kind::Barcode(barcode) => code::barcode(self, element, barcode),
            Kind::Rating(rating) => rating::rating(self, element, rating),
        }
    }
}

/// The size of an element's box, but for texts.
fn size(element: &Element) -> Size {
    let frame = &element.frame;
    let own = match &element.kind {
        Kind::QrCode(_) => Size::new(0.0, frame.width.or(0.0)),
        Kind::Rating(rating) => {
            let (icon, count) = (frame.height.or(0.0), f64::from(rating.max));
            Size::new(count * icon + (count - 1.0) * rating.gap, icon)
        }
        Kind::Group(group) => extent(&group.elements),
        Kind::Path(path) => shape::extent(path),
        Kind::Text(_) | Kind::Image(_) | Kind::Svg(_) | Kind::Barcode(_) => Size::ZERO,
        Kind::Rect(_) | Kind::Ellipse(_) | Kind::Line(_) => Size::ZERO,
    };
    Size::new(frame.width.or(own.width), frame.height.or(own.height))
}

/// How far the boxes of a group's elements reach from its top left, unturned.
fn extent(elements: &[Element]) -> Size {
    let mut extent = Size::ZERO;
    for element in elements {
        let size = size(element);
        extent.width = extent.width.max(element.frame.x + size.width);
        extent.height = extent.height.max(element.frame.y + size.height);
    }
    extent
}

/// From an element's box to the box around it.
fn place(frame: &Frame, size: Size) -> Affine {
    let at = Affine::translate((frame.x, frame.y));
    let centre = Point::new(size.width / 2.0, size.height / 2.0);
    at * turn(frame.rotation, centre)
}

/// A clockwise rotation. Quarter turns are exact, so that upright boxes stay upright for the
/// backends' fast ways.
fn turn(degrees: f64, centre: Point) -> Affine {
    let degrees = degrees.rem_euclid(360.0);
    let (sin, cos) = match degrees {
        0.0 => return Affine::IDENTITY,
        90.0 => (1.0, 0.0),
        180.0 => (0.0, -1.0),
        270.0 => (-1.0, 0.0),
        _ => degrees.to_radians().sin_cos(),
    };
    let to = centre.to_vec2();
    Affine::translate(to) * Affine::new([cos, sin, -sin, cos, 0.0, 0.0]) * Affine::translate(-to)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod unicode;
