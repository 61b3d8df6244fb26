//! A drawing: every decision made, nothing painted yet.
//!
//! `lay_out` turns a bound template into a [`Drawing`]; a backend turns the drawing into pixels.
//! This file is the seam between them. Above it live fonts, wrapping and alignment; below it live
//! devices, textures and readback. Neither side can name the other's types; both speak kurbo's
//! shapes and peniko's brushes.
//!
//! - **Resolved.** Geometry is in device pixels from the top left, once its mark's transform is
//!   applied; colours are straight sRGB; text is glyph runs. A backend never measures anything.
//! - **Bounded.** [`Drawing::push`] refuses the mark that would pass [`MARKS_MAX`].
//! - **Repeatable.** Equal inputs give equal drawings, bit for bit.
//!
//! Deliberately absent: any mark that calls back into the template.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Rect, RoundedRectRadii, Stroke, Vec2};
use peniko::{Color, FontData, Gradient, GradientKind};

use crate::Error;
use crate::pixels::Pixels;

/// Marks in one drawing.
pub const MARKS_MAX: usize = 100_000;

/// What a backend paints, in order, on a transparent canvas.
#[derive(Clone, Debug)]
pub struct Drawing {
    width: u16,
    height: u16,
    marks: Vec<Mark>,
}

/// One mark.
#[derive(Clone, Debug)]
pub enum Mark {
    /// A filled shape (non-zero winding).
    Fill {
        /// Placement of the shape.
        transform: Affine,
        /// The shape.
        shape: Shape,
        /// Its paint.
        brush: Brush,
    },
    /// A stroked shape.
    Stroke {
        /// Placement of the shape, its line width included.
        transform: Affine,
        /// The shape.
        shape: Shape,
        /// Line width, joins and caps.
        stroke: Stroke,
        /// Its paint.
        brush: Brush,
    },
    /// A run of glyphs of one font at one size.
    Glyphs(GlyphRun),
    /// An image drawn pixel for pixel, but for the transform.
    Image {
        /// Placement: maps the image's own pixels to the canvas.
        transform: Affine,
        /// Premultiplied RGBA.
        image: Arc<Pixels>,
        /// Clip in the image's pixels.
        corners: RoundedRectRadii,
    },
    /// Everything up to the matching [`Mark::Pop`] is cut to the shape.
    PushClip {
        /// Placement of the shape.
        transform: Affine,
        /// The shape.
        shape: Shape,
    },
    /// Everything up to the matching [`Mark::Pop`] is painted apart and then laid over what is there.
    PushLayer {
        /// 0 to 1.
        opacity: f32,
        /// What is done to it before that.
        effect: Option<Effect>,
    },
    /// Ends the last [`Mark::PushClip`] or [`Mark::PushLayer`].
    Pop,
}

/// What is done to a layer before it is laid over what is there. Lengths are device pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Its shadow takes its place.
    Shadow {
        /// How far away it falls.
        offset: Vec2,
        /// Standard deviation of its blur.
        deviation: f64,
        /// Its colour.
        color: Color,
    },
}

/// A shape.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A rectangle: backends have a fast way for it.
    Rect(Rect),
    /// Anything else.
    Path(Arc<BezPath>),
}

/// A paint.
#[derive(Clone, Debug)]
pub enum Brush {
    /// One colour.
    Solid(Color),
    /// A gradient in the coordinates of the shape.
    Gradient(Arc<Gradient>),
}

/// Glyphs of one font.
#[derive(Clone, Debug)]
pub struct GlyphRun {
    /// Placement of the run's origin.
    pub transform: Affine,
    /// Slant of every glyph for a synthesized italic, in degrees; 0 for none.
    pub skew: f32,
    /// How far the outlines grow on every side for a synthesized bold, in units of the font file, as
    /// the outlines are cached in those; 0 for none.
    pub embolden: f32,
    /// The font file.
    pub font: FontData,
    /// In px.
    pub size: f32,
    /// Variation coordinates, 2.14 fixed point.
    pub coords: Vec<i16>,
    /// Paint of the outlines, in coordinates from the run's origin.
    pub brush: Brush,
    /// With it the outlines are stroked, not filled.
    pub stroke: Option<Stroke>,
    /// Whether some of the glyphs may have colours of their own, whatever the brush.
    pub colored: bool,
    /// Positions from the run's origin.
    pub glyphs: Vec<Glyph>,
}

/// One glyph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    /// Index in the font.
    pub id: u32,
    /// Right of the run's origin, in px.
    pub x: f32,
    /// Below the run's origin, in px.
    pub y: f32,
}

impl Drawing {
    /// An empty drawing for a canvas in device pixels.
    #[must_use]
    pub fn new(width: u16, height: u16) -> Self {
        Self { width, height, marks: Vec::new() }
    }

    /// Canvas width in device pixels.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Canvas height in device pixels.
    #[must_use]
    pub fn height(&self) -> u16 {
        self.height
    }

    /// The marks, in painting order, every push with its pop.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Adds a mark.
    ///
    /// # Errors
    /// [`Error::MarksExceeded`] past [`MARKS_MAX`].
    pub fn push(&mut self, mark: Mark) -> Result<(), Error> {
        if self.marks.len() >= MARKS_MAX {
            return Err(Error::MarksExceeded { marks_max: MARKS_MAX });
        }
        self.marks.push(mark);
        Ok(())
    }

    /// Fades the marks from index `from` on, as one thing.
    ///
    /// A single mark takes the opacity into its colour; more of them could show through one another,
    /// so they go into a layer, which costs a backend far more.
    ///
    /// # Errors
    /// [`Error::MarksExceeded`] past [`MARKS_MAX`].
    pub(crate) fn fade(&mut self, from: usize, opacity: f32) -> Result<(), Error> {
        let faded = self.marks.get_mut(from..).unwrap_or_default();
        match faded {
            [] => return Ok(()),
            [Mark::Fill { brush, .. } | Mark::Stroke { brush, .. }] => brush.fade(opacity),
            // Runs of one text stand side by side, unless there are outlines below them. Glyphs with
            // colours of their own have no other way to fade.
            runs if runs.iter().all(Mark::is_filled_glyphs) => {
                for mark in runs {
                    if let Mark::Glyphs(run) = mark {
                        run.brush.fade(opacity);
                    }
                }
            }
            _ => {
                self.push(Mark::Pop)?;
                if self.marks.len() >= MARKS_MAX {
                    return Err(Error::MarksExceeded { marks_max: MARKS_MAX });
                }
                self.marks.insert(from, Mark::PushLayer { opacity, effect: None });
            }
        }
        Ok(())
    }

    /// Whether the first mark alone makes every pixel opaque, so that the picture needs no alpha.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        let (transform, area) = match self.marks.first() {
            Some(Mark::Fill { transform, shape: Shape::Rect(rect), brush })
                if brush.is_opaque() =>
            {
                (transform, *rect)
            }
            Some(Mark::Image { transform, image, corners })
                if image.opaque && *corners == RoundedRectRadii::from_single_radius(0.0) =>
            {
                (transform, Rect::new(0.0, 0.0, image.width.into(), image.height.into()))
            }
            _ => return false,
        };
        let [_, skew_y, skew_x, ..] = transform.as_coeffs();
        let canvas = Rect::new(0.0, 0.0, self.width.into(), self.height.into());
        // A hair's breadth is lost in the rounding of the coverage to 8 bits.
        let covered = transform.transform_rect_bbox(area).inflate(1e-3, 1e-3);
        skew_x == 0.0 && skew_y == 0.0 && covered.union(canvas) == covered
    }
}

impl Mark {
    fn is_filled_glyphs(&self) -> bool {
        matches!(self, Self::Glyphs(GlyphRun { stroke: None, colored: false, .. }))
    }
}

impl Brush {
    /// The same paint, moved.
    pub(crate) fn shifted(&self, by: Vec2) -> Self {
        match self {
            Self::Solid(color) => Self::Solid(*color),
            Self::Gradient(gradient) => {
                let mut gradient = gradient.as_ref().clone();
                match &mut gradient.kind {
                    GradientKind::Linear(line) => {
                        line.start += by;
                        line.end += by;
                    }
                    GradientKind::Radial(circles) => {
                        circles.start_center += by;
                        circles.end_center += by;
                    }
                    GradientKind::Sweep(sweep) => sweep.center += by,
                }
                Self::Gradient(Arc::new(gradient))
            }
        }
    }

    fn fade(&mut self, opacity: f32) {
        match self {
            Self::Solid(color) => *color = color.multiply_alpha(opacity),
            Self::Gradient(gradient) => {
                *gradient = Arc::new(gradient.as_ref().clone().multiply_alpha(opacity));
            }
        }
    }

    fn is_opaque(&self) -> bool {
        match self {
            Self::Solid(color) => color.components[3] >= 1.0,
            Self::Gradient(gradient) => {
                gradient.stops.iter().all(|stop| stop.color.components[3] >= 1.0)
            }
        }
    }
}
