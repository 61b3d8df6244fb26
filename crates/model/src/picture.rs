//! How pictures behave: where they stand in their box, what frames them, and what is shown in place of
//! one that is not there.

use serde_json::{Value, json};

use crate::faults::{Faults, Fields, Found, at};
use crate::limits::{BORDER_PX_MAX, RECOLORS_MAX};
use crate::property::{Property, kind, object, words};
use crate::schema::{self, Defs, ranged};
use crate::{Color, Element, Kind};

words! {
    /// How a picture fills its box.
    pub enum ObjectFit {
        /// Fills the box; what does not fit is cut.
        Cover = "cover",
        /// Wholly inside the box.
        Contain = "contain",
        /// Stretched to the box.
        Fill = "fill",
        /// At its own size; what does not fit is cut.
        None = "none",
        /// At its own size, or wholly inside the box where that is smaller.
        ScaleDown = "scale-down",
    }
}

words! {
    /// What becomes of a render whose picture cannot be had.
    pub enum OnError {
        /// It fails.
        Fail = "fail",
        /// The element is left out.
        Hide = "hide",
        /// A neutral box stands in.
        Placeholder = "placeholder",
    }
}

impl Element {
    /// What is to be done when its picture cannot be had.
    #[must_use]
    pub fn on_error(&self) -> OnError {
        match &self.kind {
            Kind::Image(image) => image.on_error,
            Kind::Svg(svg) => svg.on_error,
            Kind::Text(_) | Kind::Rect(_) | Kind::Ellipse(_) | Kind::Line(_) | Kind::Path(_) => {
                OnError::Fail
            }
            Kind::Polygon(_) | Kind::Star(_) | Kind::Group(_) => OnError::Fail,
            Kind::QrCode(_) | Kind::Barcode(_) | Kind::Rating(_) => OnError::Fail,
            Kind::Progress(_) | Kind::Chart(_) | Kind::Table(_) => OnError::Fail,
        }
    }
}

/// The point of a picture that stays in view, as fractions of its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObjectPosition {
    /// 0 is the left edge, 1 the right.
    pub x: f64,
    /// 0 is the top, 1 the bottom.
    pub y: f64,
}

impl Property for ObjectPosition {
    fn read(value: &Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        let expected = || {
            Err("expected a CSS position such as \"center\", \"left top\" or \"30% 70%\"".into())
        };
        let mut position = Self { x: 0.5, y: 0.5 };
        for (index, word) in text.split_ascii_whitespace().enumerate() {
            match (word, word.strip_suffix('%').map(str::parse::<f64>)) {
                ("left", _) => position.x = 0.0,
                ("right", _) => position.x = 1.0,
                ("top", _) => position.y = 0.0,
                ("bottom", _) => position.y = 1.0,
                ("center", _) => {}
                (_, Some(Ok(percent))) if (0.0..=100.0).contains(&percent) => match index {
                    0 => position.x = percent / 100.0,
                    _ => position.y = percent / 100.0,
                },
                _ => return expected(),
            }
            if index > 1 {
                return expected();
            }
        }
        Ok(position)
    }

    fn write(&self) -> Value {
        json!(format!("{}% {}%", self.x * 100.0, self.y * 100.0))
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "examples": ["center", "left top", "30% 70%"]})
    }
}

/// A line along the inside of a box's edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Border {
    /// In px; 0 is no border.
    pub width: f64,
    /// Its colour.
    pub color: Color,
}

impl Border {
    /// No border.
    pub const NONE: Self = Self { width: 0.0, color: Color::BLACK };
}

impl Property for Border {
    fn read(value: &Value) -> Result<Self, Faults> {
        if value.is_null() || value == "none" {
            return Ok(Self::NONE);
        }
        let fields = value.as_object().ok_or_else(|| {
            let found = kind(value);
            format!("expected {{\"width\": 2, \"color\": \"#fff\"}} or \"none\", found {found}")
        })?;
        let mut fields = Fields::new(fields, "a border", &["width", "color"]);
        let width = fields.within("width", None, 0.0..=BORDER_PX_MAX);
        let color = fields.get("color", Color::BLACK);
        fields.done(width.zip(color).map(|(width, color)| Self { width, color }))
    }

    fn write(&self) -> Value {
        if *self == Self::NONE {
            return json!("none");
        }
        json!({"width": self.width.write(), "color": self.color.write()})
    }

    fn schema(defs: &mut Defs) -> Value {
        let fields = [
            ("width".to_owned(), ranged(json!({"type": "number"}), &(0.0..=BORDER_PX_MAX))),
            ("color".to_owned(), Color::schema(defs)),
        ];
        json!({
            "anyOf": [
                schema::object(fields.into_iter().collect(), &["width"]), {"const": "none"},
                {"type": "null"},
            ],
            "examples": [{"width": 2, "color": "#ffffff"}],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: Result<Border, &str>) {
        let found = Border::read(value).map_err(|faults| faults.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{value}");
    }

    #[test]
    fn borders_have_a_width_and_a_colour() {
        let white = Border { width: 2.5, color: Color::WHITE };
        check(&json!({"width": 2.5, "color": "#fff"}), Ok(white));
        check(&json!({"width": 3}), Ok(Border { width: 3.0, color: Color::BLACK }));
        check(&json!("none"), Ok(Border::NONE));
        check(&json!(null), Ok(Border::NONE));
        check(&json!({"color": "#fff"}), Err(".width: missing; a border needs it"));
        check(&json!({"width": -1}), Err(".width: -1 is outside 0 to 1000"));
        let both =
            ".width: expected a number, found a string\n.color: expected a colour, found a number";
        check(&json!({"width": "1", "color": 7}), Err(both));
        let unknown = ".style: unknown property; a border has width, color";
        check(&json!({"width": 1, "style": "dashed"}), Err(unknown));
        let kind = "expected {\"width\": 2, \"color\": \"#fff\"} or \"none\", found a number";
        check(&json!(7), Err(kind));
    }
}

/// Colours and what takes their place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Recolor(pub Vec<(Color, Color)>);

impl Property for Recolor {
    fn read(value: &Value) -> Result<Self, Faults> {
        let fields = object(value)?;
        if fields.len() > RECOLORS_MAX {
            return Err(
                format!("{} colours; at most {RECOLORS_MAX} are taken", fields.len()).into()
            );
        }
        let (mut found, mut pairs) = (Found::default(), Vec::with_capacity(fields.len()));
        for (key, value) in fields {
            let old = Color::parse(key).map_err(|message| format!("as a key: {message}"));
            let old = found.keep(at(format_args!(".{key}"), old));
            let new = found.keep(at(format_args!(".{key}"), Color::read(value)));
            pairs.extend(old.zip(new));
        }
        found.or(Some(Self(pairs)))
    }

    fn write(&self) -> Value {
        let text = |color: &Color| color.write().as_str().unwrap_or_default().to_owned();
        let pairs = self.0.iter().map(|(old, new)| (text(old), new.write()));
        Value::Object(pairs.collect())
    }

    fn schema(defs: &mut Defs) -> Value {
        json!({
            "type": "object", "additionalProperties": Color::schema(defs),
            "maxProperties": RECOLORS_MAX, "examples": [{"#000000": "#1e3a8a"}],
        })
    }
}
