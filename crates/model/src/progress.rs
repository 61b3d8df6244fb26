//! Progress: a share of a whole, as a bar or a ring.

use crate::element::{Corners, Length};
use crate::limits::{COORDINATE_PX_MAX, PROGRESS_VALUE_MAX};
use crate::property::{properties, words};
use crate::{Color, Paint};

properties! {
    /// A share of a whole.
    pub struct Progress {
        /// How much of `max` there is. Binding refuses to have none.
        "value" value: Option<f64> = None;
        /// What the whole is.
        "max" max: f64 = 100.0, in 1e-9..=PROGRESS_VALUE_MAX;
        /// A bar from left to right, or a ring that begins at the top.
        "shape" shape: ProgressShape = ProgressShape::Bar;
        /// Paint of the share; a gradient spans the whole.
        "fill" fill: Paint = Paint::Solid(Color::rgb(37, 99, 235));
        /// Paint of the whole, below it.
        "trackColor" track_color: Paint = Paint::Solid(Color { r: 128, g: 128, b: 128, a: 51 });
        /// Corner radii of a bar. A ring has round ends unless they are 0.
        "borderRadius" border_radius: Corners = Corners([COORDINATE_PX_MAX; 4]);
        /// Width of a ring's line in px; `"auto"` is an eighth of its diameter.
        "thickness" thickness: Length = Length::Auto;
    }
}

words! {
    /// How progress is shown.
    pub enum ProgressShape {
        /// As a bar.
        Bar = "bar",
        /// As a ring.
        Ring = "ring",
    }
}
