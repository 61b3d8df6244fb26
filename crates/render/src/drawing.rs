//! A drawing: every decision made, nothing painted yet.
//!
//! `lay_out` turns a bound template into a [`Drawing`]; a backend turns the drawing into pixels.
//! This file is the seam between them. Above it live fonts, wrapping and alignment; below it live
//! devices, textures and readback. Neither side can name the other's types; both speak kurbo's
//! shapes and peniko's brushes.
//!
//! - **Resolved.** Geometry is in device pixels from the top left, once its mark's transform is
//!   applied; colours are straight sRGB; text is glyph runs. A backend never measures anything.
//! - **Bounded.** [`Drawing::push`] refuses the mark that would pass [`MARKS_MAX`], or that would make
//!   painting take seconds (`work`).
//! - **Repeatable.** Equal inputs give equal drawings, bit for bit.
//!
//! Deliberately absent: any mark that calls back into the template.

use std::ops::Range;
use std::sync::Arc;

use kurbo::{Affine, BezPath, Rect, RoundedRectRadii, Stroke, Vec2};
use peniko::{BlendMode, Color, ColorStop, Compose, FontData, Gradient, GradientKind};

use crate::Error;
use crate::pixels::Pixels;
use crate::work::{self, Reach, Work};

/// Marks in one drawing.
pub const MARKS_MAX: usize = 100_000;

/// What a backend paints, in order, on a transparent canvas.
#[derive(Clone, Debug)]
pub struct Drawing {
    width: u16,
    height: u16,
    marks: Vec<Mark>,
    /// Where the pushes lie that wait for their pops, and how far what follows them reaches.
    open: Vec<(usize, Reach)>,
    work: Work,
}

/// One mark.
#[derive(Clone, Debug)]
pub enum Mark {
    /// A filled shape.
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
    /// Everything up to the matching [`Mark::Pop`] is cut to the shape, what effects make of it
    /// included.
    PushClip {
        /// Placement of the shape.
        transform: Affine,
        /// The shape.
        shape: Shape,
    },
    /// Everything up to the matching [`Mark::Pop`] is painted apart and then laid over what is there.
    PushLayer(Layer),
    /// Ends the last [`Mark::PushClip`] or [`Mark::PushLayer`].
    Pop,
}

/// How what was painted apart is laid over what is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// What is done to it first.
    pub effect: Option<Effect>,
    /// 0 to 1.
    pub opacity: f32,
    /// How its colours mix with those below, and which of the two remain where. A layer that removes
    /// what is below belongs inside another layer, which it cannot reach out of.
    pub blend: BlendMode,
}

/// What is done to a layer. Lengths are device pixels.
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
    /// It is blurred.
    Blur {
        /// Standard deviation.
        deviation: f64,
    },
}

/// A shape.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A rectangle: backends have a fast way for it.
    Rect(Rect),
    /// What a path winds around (the fill rule `nonzero`).
    Path(Arc<BezPath>),
    /// What a path winds around an odd number of times (the fill rule `evenodd`).
    EvenOdd(Arc<BezPath>),
}

/// A paint, in coordinates of the shape.
#[derive(Clone, Debug)]
pub enum Brush {
    /// One colour.
    Solid(Color),
    /// A gradient.
    Gradient {
        /// What it is in coordinates of its own.
        gradient: Arc<Gradient>,
        /// From those to the shape's.
        transform: Affine,
    },
    /// A picture. Beyond its edges its last pixels go on.
    Image {
        /// Premultiplied RGBA.
        image: Arc<Pixels>,
        /// From its pixels to the shape's coordinates.
        transform: Affine,
        /// 0 to 1.
        opacity: f32,
    },
}

/// Glyphs of one font.
#[derive(Clone, Debug)]
pub struct GlyphRun {
    /// Placement of the run's origin.
    pub transform: Affine,
    /// Slant of every glyph for a synthesized italic, in degrees; 0 for none.
    pub skew: f32,
    /// How far the outlines grow on every side for a synthesized bold, in ems; 0 for none.
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

/// Places that a glyph of an upright run may take within a pixel, across and down.
pub(crate) const PLACES: f64 = 4.0;

/// Whether texts that are placed so stand as they would on a page: neither turned, nor mirrored, nor
/// stretched.
pub(crate) fn is_upright(transform: Affine) -> bool {
    let [scale_x, skew_y, skew_x, scale_y, ..] = transform.as_coeffs();
    (skew_x, skew_y) == (0.0, 0.0) && scale_x == scale_y && scale_x > 0.0
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
        Self { width, height, marks: Vec::new(), open: Vec::new(), work: Work::default() }
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
    /// [`Error::MarksExceeded`] past [`MARKS_MAX`], [`Error::TooComplex`] when painting would take
    /// too long.
    pub fn push(&mut self, mark: Mark) -> Result<(), Error> {
        if self.marks.len() >= MARKS_MAX {
            return Err(Error::MarksExceeded { element: String::new(), marks_max: MARKS_MAX });
        }
        match &mark {
            Mark::PushClip { .. } | Mark::PushLayer(_) => {
                self.open.push((self.marks.len(), Reach::default()));
            }
            Mark::Pop => {
                if let Some((opened, reach)) = self.open.pop() {
                    let reach =
                        work::close(&self.marks[opened], reach, self.area(), &mut self.work);
                    self.reaches(reach);
                }
            }
            painted => {
                let reach = work::paint(painted, self.area(), &mut self.work);
                self.reaches(reach);
            }
        }
        self.marks.push(mark);
        self.work.check()
    }

    fn reaches(&mut self, reach: Reach) {
        if let Some((_, around)) = self.open.last_mut() {
            around.add(reach);
        }
    }

    /// The canvas in device pixels.
    #[must_use]
    pub fn area(&self) -> Rect {
        Rect::new(0.0, 0.0, self.width.into(), self.height.into())
    }

    /// How far the marks from index `from` on may reach, on the canvas and beyond it. A little much
    /// rather than too little.
    pub(crate) fn reach(&self, from: usize) -> Rect {
        work::reach_of(self.marks.get(from..).unwrap_or_default(), |_, _, _| {})
    }

    /// Encloses the marks from index `from` on in `push` and its pop.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn enclose(&mut self, from: usize, push: Mark) -> Result<(), Error> {
        if self.marks.len() + 2 > MARKS_MAX {
            return Err(Error::MarksExceeded { element: String::new(), marks_max: MARKS_MAX });
        }
        let reach = Reach::of(self.reach(from));
        self.marks.insert(from, push);
        self.open.push((from, reach));
        self.push(Mark::Pop)
    }

    /// Adds marks whose pushes have their pops, and whose work was counted before.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn append(&mut self, marks: &[Mark], work: Work) -> Result<(), Error> {
        if self.marks.len() + marks.len() > MARKS_MAX {
            return Err(Error::MarksExceeded { element: String::new(), marks_max: MARKS_MAX });
        }
        self.marks.extend_from_slice(marks);
        self.work.add(work);
        self.work.check()
    }

    /// What painting it costs.
    pub(crate) fn work(&self) -> Work {
        self.work
    }

    /// Adds the marks of `range` once more.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn repeat(&mut self, range: Range<usize>) -> Result<(), Error> {
        for index in range {
            let mark = self.marks[index].clone();
            self.push(mark)?;
        }
        Ok(())
    }

    /// Takes out the marks from index `from` on.
    pub(crate) fn take(&mut self, from: usize) -> Vec<Mark> {
        self.marks.split_off(from)
    }

    /// Puts back marks that were taken out.
    ///
    /// # Errors
    /// [`Error::MarksExceeded`] past [`MARKS_MAX`].
    pub(crate) fn restore(&mut self, marks: Vec<Mark>) -> Result<(), Error> {
        if self.marks.len() + marks.len() > MARKS_MAX {
            return Err(Error::MarksExceeded { element: String::new(), marks_max: MARKS_MAX });
        }
        self.marks.extend(marks);
        Ok(())
    }

    /// Takes away the marks from index `from` on.
    pub(crate) fn truncate(&mut self, from: usize) {
        self.marks.truncate(from);
    }

    /// Some of the marks on a canvas of their own: an area of this one in whole pixels. What that one
    /// costs to paint counts here too.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn part(&mut self, marks: Range<usize>, area: Rect) -> Result<Self, Error> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let side = |side: f64| side.clamp(1.0, f64::from(u16::MAX)) as u16;
        let mut part = Self::new(side(area.width()), side(area.height()));
        for mark in &self.marks[marks] {
            part.push(mark.moved(-area.origin().to_vec2()))?;
        }
        self.work.add(part.work);
        self.work.check()?;
        Ok(part)
    }

    /// Fades the marks from index `from` on, as one thing.
    ///
    /// A single mark takes the opacity into its colour; more of them could show through one another,
    /// so they go into a layer, which costs a backend far more.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn fade(&mut self, from: usize, opacity: f32) -> Result<(), Error> {
        let faded = self.marks.get_mut(from..).unwrap_or_default();
        match faded {
            [] => Ok(()),
            [Mark::Fill { brush, .. } | Mark::Stroke { brush, .. }] => {
                brush.fade(opacity);
                Ok(())
            }
            // Runs of one text stand side by side, unless there are outlines below them. Glyphs with
            // colours of their own have no other way to fade.
            runs if runs.iter().all(Mark::is_filled_glyphs) => {
                for mark in runs {
                    if let Mark::Glyphs(run) = mark {
                        run.brush.fade(opacity);
                    }
                }
                Ok(())
            }
            _ => self.enclose(from, Mark::PushLayer(Layer { opacity, ..Layer::default() })),
        }
    }

    /// Whether the first mark alone makes every pixel opaque, so that the picture needs no alpha.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.first_is_opaque() && !self.removes()
    }

    /// Whether a layer that stands in no other removes what is below it.
    fn removes(&self) -> bool {
        let mut layers: Vec<bool> = Vec::new();
        self.marks.iter().any(|mark| match mark {
            Mark::PushLayer(layer) => {
                let outermost = !layers.contains(&true);
                layers.push(true);
                outermost && !matches!(layer.blend.compose, Compose::SrcOver | Compose::SrcAtop)
            }
            Mark::PushClip { .. } => {
                layers.push(false);
                false
            }
            Mark::Pop => {
                layers.pop();
                false
            }
            _ => false,
        })
    }

    /// Whether the first mark makes every pixel opaque, whatever becomes of them later.
    pub(crate) fn first_is_opaque(&self) -> bool {
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
        let canvas = self.area();
        // A hair's breadth is lost in the rounding of the coverage to 8 bits.
        let covered = transform.transform_rect_bbox(area).inflate(1e-3, 1e-3);
        skew_x == 0.0 && skew_y == 0.0 && covered.union(canvas) == covered
    }
}

impl Default for Layer {
    /// A layer that changes nothing but that it is painted apart.
    fn default() -> Self {
        Self { effect: None, opacity: 1.0, blend: BlendMode::default() }
    }
}

impl Mark {
    /// The same mark elsewhere on the canvas.
    pub(crate) fn moved(&self, by: Vec2) -> Self {
        let mut mark = self.clone();
        match &mut mark {
            Self::Fill { transform, .. }
            | Self::Stroke { transform, .. }
            | Self::Glyphs(GlyphRun { transform, .. })
            | Self::Image { transform, .. }
            | Self::PushClip { transform, .. } => *transform = transform.then_translate(by),
            Self::PushLayer(_) | Self::Pop => {}
        }
        mark
    }

    fn is_filled_glyphs(&self) -> bool {
        matches!(self, Self::Glyphs(GlyphRun { stroke: None, colored: false, .. }))
    }
}

/// Whether marks mix with what is below all of them in another way than over it.
pub(crate) fn blends<'a>(marks: impl Iterator<Item = &'a Mark>) -> bool {
    // Whether each open push is a layer.
    let mut layers = Vec::new();
    for mark in marks {
        match mark {
            Mark::PushLayer(Layer { blend, .. }) => {
                if *blend != BlendMode::default() && !layers.contains(&true) {
                    return true;
                }
                layers.push(true);
            }
            Mark::PushClip { .. } => layers.push(false),
            Mark::Pop => {
                layers.pop();
            }
            _ => {}
        }
    }
    false
}

impl Shape {
    /// A rectangle around it, as small as it is cheap to find.
    pub(crate) fn bounds(&self) -> Rect {
        match self {
            Self::Rect(rect) => *rect,
            Self::Path(path) | Self::EvenOdd(path) => path.control_box(),
        }
    }
}

impl Brush {
    /// The same paint, moved.
    pub(crate) fn shifted(&self, by: Vec2) -> Self {
        let mut brush = self.clone();
        if let Self::Gradient { transform, .. } | Self::Image { transform, .. } = &mut brush {
            *transform = transform.then_translate(by);
        }
        brush
    }

    fn fade(&mut self, by: f32) {
        match self {
            Self::Solid(color) => *color = color.multiply_alpha(by),
            Self::Gradient { gradient, .. } => {
                *gradient = Arc::new(gradient.as_ref().clone().multiply_alpha(by));
            }
            Self::Image { opacity, .. } => *opacity *= by,
        }
    }

    /// Whether nothing can be seen through it.
    pub(crate) fn is_opaque(&self) -> bool {
        match self {
            Self::Solid(color) => color.components[3] >= 1.0,
            Self::Gradient { gradient, .. } => {
                let everywhere = match gradient.kind {
                    GradientKind::Linear(_) | GradientKind::Sweep(_) => true,
                    // Beside circles of which neither is inside the other there is nothing.
                    GradientKind::Radial(circles) => circles.start_center == circles.end_center,
                };
                let opaque = |stop: &ColorStop| stop.color.components[3] >= 1.0;
                everywhere && gradient.stops.iter().all(opaque)
            }
            Self::Image { image, opacity, .. } => image.opaque && *opacity >= 1.0,
        }
    }
}
