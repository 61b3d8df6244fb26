//! Layout: from a bound template to a [`Drawing`].
//!
//! Every element is drawn in its own box, from the box's top left and in CSS px; one transform per
//! element carries position, rotation, the groups around it and the pixel ratio. What had to be
//! adjusted is said in warnings.
//!
//! Deliberately absent: pixels of any kind but those of pictures, which come scaled from
//! [`Scaled`].

mod chart;
mod code;
mod effects;
mod fill;
mod fit;
mod glyph_picture;
mod grid;
mod hyphen;
mod image;
mod ink;
mod inspect;
mod label;
mod line;
mod missing;
pub(crate) mod paint;
pub(crate) mod parts;
mod placing;
mod progress;
mod rating;
mod shape;
mod standin;
mod table;
pub(crate) mod text;
mod typeset;

use std::sync::Arc;

use kurbo::{Affine, Point, Rect, Size};
use pixeldrive_model::{Bound, Element, Frame, Group, Kind, MaskType, Warning};

use crate::drawing::{Drawing, Mark, Shape};
use crate::raster::{Mask, Raster};
use crate::{Assets, Error, Fonts, Scaled};
pub use inspect::inspect;
use parts::{Extent, Laid, Parts, Sharing, Stretch};
pub(crate) use standin::is_invisible;
pub(crate) use typeset::Typesetter;

/// Lays out templates. One thread owns it and keeps it: it holds scratch memory and font caches.
pub struct Layouter {
    fonts: Fonts,
    text: Typesetter,
    scaled: Arc<Scaled>,
    raster: Raster,
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
    /// Paints what has to be a picture before it can be a mark.
    pub raster: &'a mut Raster,
    /// From the element's box, in CSS px from its top left, to device pixels.
    pub transform: Affine,
    /// The first mark of what lies below: that of the group around, if the group is painted apart.
    pub behind: usize,
    /// Pixels that filters were given so far.
    pub filtered_px: u64,
    /// Whose the marks are so far.
    pub stretches: Vec<Stretch>,
    /// Elements that look the same in every row.
    pub sharing: Sharing<'a>,
}

impl Layouter {
    /// A layouter that knows these fonts and no others.
    #[must_use]
    pub fn new(fonts: &Fonts, scaled: Arc<Scaled>) -> Self {
        let raster = Raster::default();
        Self { fonts: fonts.clone(), text: Typesetter::new(fonts), scaled, raster }
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
        let (laid, _) = self.lay_out_sharing(bound, assets, Sharing::None)?;
        Ok((laid.drawing, laid.warnings))
    }

    /// The same, with parts that rows share; answers those that it was to keep.
    pub(crate) fn lay_out_sharing(
        &mut self,
        bound: &Bound,
        assets: &Assets,
        sharing: Sharing<'_>,
    ) -> Result<(Laid, Parts), Error> {
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
        let background = Extent { reach: canvas, effects: None };
        let background = Stretch { marks: 0..drawing.marks().len(), shared: Some(background) };
        let mut context = Context {
            drawing: &mut drawing,
            warnings: &mut warnings,
            text: &mut self.text,
            fonts: &self.fonts,
            assets,
            scaled: &self.scaled,
            raster: &mut self.raster,
            transform: Affine::scale(bound.pixel_ratio),
            behind: 0,
            filtered_px: 0,
            stretches: vec![background],
            sharing,
        };
        for element in &bound.elements {
            code::ground::warn(&mut context, element, &bound.background);
            context.elements(std::slice::from_ref(element))?;
        }
        let stretches = context.stretches;
        let parts = match context.sharing {
            Sharing::Keep(_, parts) => parts,
            Sharing::None | Sharing::Use(_) => Parts::new(),
        };
        Ok((Laid { drawing, warnings, stretches }, parts))
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
            raster: &mut self.raster,
            transform: Affine::IDENTITY,
            behind: 0,
            filtered_px: 0,
            stretches: Vec::new(),
            sharing: Sharing::None,
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
        elements
            .iter()
            .try_for_each(|element| self.element(element).map_err(|error| error.of(&element.id)))
    }

    fn element(&mut self, element: &Element) -> Result<(), Error> {
        if self.share(element)? {
            return Ok(());
        }
        let (parent, behind) = (self.transform, self.behind);
        let from = self.drawing.marks().len();
        let before = self.before();
        if effects::isolates(&element.frame) {
            self.behind = from;
        }
        let size = self.content(element, parent)?;
        self.behind = behind;
        effects::dress(self, element, size, from)?;
        self.transform = parent;
        self.note(element, &before);
        Ok(())
    }

    /// Draws what an element shows, and answers the size of its box.
    fn content(&mut self, element: &Element, parent: Affine) -> Result<Size, Error> {
        // A text knows its size, and with it its centre, only once its lines are broken.
        if let Kind::Text(text) = &element.kind {
            let block = text::block(self, element, text);
            let size = block.size;
            self.transform = parent * place(&element.frame, size);
            block.draw(self, element, text)?;
            return Ok(size);
        }
        let size = size(element);
        self.transform = parent * place(&element.frame, size);
        let mut shape = |fill, outline| shape::shape(self, element, (fill, &outline), size);
        match &element.kind {
            Kind::Text(_) => Ok(()),
            Kind::Image(image) => image::image(self, element, image),
            Kind::Svg(svg) => image::svg(self, element, svg),
            Kind::Rect(rect) => shape(&rect.fill, rect.outline()),
            Kind::Ellipse(ellipse) => shape(&ellipse.fill, ellipse.outline()),
            Kind::Polygon(polygon) => shape(&polygon.fill, polygon.outline()),
            Kind::Star(star) => shape(&star.fill, star.outline()),
            Kind::Path(path) => shape(&path.fill, path.outline()),
            Kind::Line(line) => line::line(self, line, size),
            Kind::Group(group) => self.group(group),
            Kind::QrCode(qrcode) => code::qrcode(self, element, qrcode),
            Kind::Barcode(barcode) => code::barcode(self, element, barcode),
            Kind::Rating(rating) => rating::rating(self, element, rating),
            Kind::Progress(progress) => progress::progress(self, element, progress),
            Kind::Chart(chart) => chart::chart(self, element, chart),
            Kind::Table(table) => table::table(self, element, table),
        }?;
        Ok(size)
    }

    fn group(&mut self, group: &Group) -> Result<(), Error> {
        let from = self.drawing.marks().len();
        let Some(mask) = &group.mask else {
            return self.elements(&group.elements);
        };
        self.behind = from;
        self.elements(&group.elements)?;
        let mask_from = self.drawing.marks().len();
        self.behind = mask_from;
        self.elements(std::slice::from_ref(mask))?;
        let luminance = group.masking.mask_type == MaskType::Luminance;
        let inverted = group.masking.mask_inverted;
        self.drawing.mask(self.raster, (from, mask_from), Mask { luminance, inverted })
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
        Kind::Rect(_) | Kind::Ellipse(_) | Kind::Line(_) | Kind::Polygon(_) | Kind::Star(_) => {
            Size::ZERO
        }
        Kind::Progress(_) | Kind::Chart(_) | Kind::Table(_) => Size::ZERO,
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
    let origin = shape::point(size.to_rect(), frame.transform_origin);
    let turned = at * turn(frame.rotation, origin);
    if frame.skew_x == 0.0 && frame.skew_y == 0.0 {
        return turned;
    }
    let [across, down] = [frame.skew_x, frame.skew_y].map(|degrees| degrees.to_radians().tan());
    let to = origin.to_vec2();
    turned * Affine::translate(to) * Affine::skew(across, down) * Affine::translate(-to)
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
