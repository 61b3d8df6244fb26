//! Ratings: a row of icons of which some are filled.

use serde_json::{Value, json};

use crate::faults::Faults;
use crate::limits::RATING_ICONS_MAX;
use crate::property::{Property, properties, words};
use crate::schema::{Defs, with};
use crate::{Color, Paint, PathData};

properties! {
    /// A row of icons of which some are filled.
    pub struct Rating {
        /// How many icons are filled; fractions fill an icon in part. Binding refuses to have none.
        "value" value: Option<f64> = None;
        /// How many icons there are.
        "max" max: u32 = 5, in 1..=RATING_ICONS_MAX;
        /// What a fraction becomes.
        "step" step: RatingStep = RatingStep::Exact;
        /// Paint of the filled part; a gradient spans the row.
        "color" color: Paint = Paint::Solid(Color::rgb(255, 197, 61));
        /// Paint of the rest.
        "emptyColor" empty_color: Paint = Paint::Solid(Color { r: 128, g: 128, b: 128, a: 89 });
        /// Outline of the rest, centred on the edge.
        "emptyStroke" empty_stroke: Paint = Paint::None;
        /// Width of that outline in px.
        "strokeWidth" stroke_width: f64 = 1.0, in 0.0..=100.0;
        /// Space between icons in px.
        "gap" gap: f64 = 4.0, in 0.0..=1000.0;
        /// `star`, `heart`, `circle`, or SVG path data of one icon in a box of 24 by 24.
        "icon" icon: Icon = Icon(PathData::known(STAR));
    }
}

words! {
    /// What becomes of the fraction of a rating.
    pub enum RatingStep {
        /// It fills that share of an icon.
        Exact = "exact",
        /// It is rounded to half an icon.
        Half = "half",
        /// It is rounded to whole icons.
        Full = "full",
    }
}

impl RatingStep {
    /// The value that is drawn.
    #[must_use]
    pub fn round(self, value: f64) -> f64 {
        match self {
            Self::Exact => value,
            Self::Half => (value * 2.0).round() / 2.0,
            Self::Full => value.round(),
        }
    }
}

/// An icon in a box of 24 by 24.
#[derive(Clone, Debug, PartialEq)]
pub struct Icon(pub PathData);

impl Property for Icon {
    fn read(value: &Value) -> Result<Self, Faults> {
        let known = match value.as_str() {
            Some("star") => STAR,
            Some("heart") => HEART,
            Some("circle") => CIRCLE,
            _ => {
                return PathData::read(value).map(Self).map_err(|faults| {
                    faults.said(|message| {
                        format!("{message}; an icon is star, heart, circle or SVG path data")
                    })
                });
            }
        };
        Ok(Self(PathData::known(known)))
    }

    fn write(&self) -> Value {
        self.0.write()
    }

    fn schema(defs: &mut Defs) -> Value {
        let examples = json!({"examples": ["star", "heart", "circle", "M12 2 22 12 12 22 2 12z"]});
        with(PathData::schema(defs), examples)
    }
}

const STAR: &str = "M12 2l3.09 6.26L22 9.27l-5 4.87 1.18 6.88L12 17.77l-6.18 3.25L7 14.14 2 9.27\
                    l6.91-1.01L12 2z";
const HEART: &str = "M12 21C7 16.6 2 12.6 2 8.3C2 5.3 4.3 3 7.2 3C9.1 3 10.9 4 12 5.6\
                     C13.1 4 14.9 3 16.8 3C19.7 3 22 5.3 22 8.3C22 12.6 17 16.6 12 21Z";
const CIRCLE: &str = "M22 12A10 10 0 0 1 2 12A10 10 0 0 1 22 12Z";
