//! Filters of pictures: the filter functions of CSS, and two for branding.
//!
//! Deliberately absent: `opacity` and `drop-shadow`; every element fades by its own `opacity`.

use serde_json::{Map, Value, json};

use crate::Color;
use crate::limits::{FILTER_AMOUNT_MAX, FILTER_BLUR_PX_MAX, FILTERS_MAX};
use crate::property::{Property, object, within};
use crate::schema::{self, Defs, ranged};

/// What is done to a picture, in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filters(pub Vec<Filter>);

impl Filters {
    /// Standard deviation of the blur among them, in px; 0 without one.
    #[must_use]
    pub fn blur(&self) -> f64 {
        let radius = |filter: &Filter| match filter {
            Filter::Blur(radius) => Some(*radius),
            _ => None,
        };
        self.0.iter().find_map(radius).unwrap_or(0.0)
    }
}

/// One step of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Filter {
    /// Standard deviation in px.
    Blur(f64),
    /// 1 changes nothing, 0 is black.
    Brightness(f64),
    /// 1 changes nothing, 0 is grey.
    Contrast(f64),
    /// 1 changes nothing, 0 is without colour.
    Saturate(f64),
    /// 0 changes nothing, 1 is without colour.
    Grayscale(f64),
    /// 0 changes nothing, 1 is brown.
    Sepia(f64),
    /// Degrees around the circle of colours.
    HueRotate(f64),
    /// 0 changes nothing, 1 is the negative.
    Invert(f64),
    /// From black to white becomes from one colour to the other.
    Duotone {
        /// In place of black.
        dark: Color,
        /// In place of white.
        light: Color,
    },
    /// Mixed with a colour.
    Tint {
        /// The colour.
        color: Color,
        /// 0 changes nothing, 1 is the colour alone.
        amount: f64,
    },
}

const TYPES: &str = "blur, brightness, contrast, saturate, grayscale, sepia, hueRotate, invert, \
                     duotone, tint";

impl Property for Filters {
    fn read(value: &Value) -> Result<Self, String> {
        let list = match value {
            Value::Null => return Ok(Self::default()),
            Value::String(word) if word == "none" => return Ok(Self::default()),
            Value::Array(list) => list,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                return Err(
                    "expected a list such as [{\"type\": \"blur\", \"radius\": 8}]".to_owned()
                );
            }
        };
        if list.len() > FILTERS_MAX {
            return Err(format!("{} filters; at most {FILTERS_MAX} are taken", list.len()));
        }
        let mut filters = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            filters.push(filter(value).map_err(|message| format!("[{index}]: {message}"))?);
        }
        let blurs = filters.iter().filter(|filter| matches!(filter, Filter::Blur(_)));
        if blurs.count() > 1 {
            return Err("more than one blur; blur once, with a larger radius".to_owned());
        }
        Ok(Self(filters))
    }

    fn write(&self) -> Value {
        let amount = |word: &str, amount: &f64| json!({"type": word, "amount": amount.write()});
        let write = |filter: &Filter| match filter {
            Filter::Blur(radius) => json!({"type": "blur", "radius": radius.write()}),
            Filter::Brightness(share) => amount("brightness", share),
            Filter::Contrast(share) => amount("contrast", share),
            Filter::Saturate(share) => amount("saturate", share),
            Filter::Grayscale(share) => amount("grayscale", share),
            Filter::Sepia(share) => amount("sepia", share),
            Filter::Invert(share) => amount("invert", share),
            Filter::HueRotate(angle) => json!({"type": "hueRotate", "angle": angle.write()}),
            Filter::Duotone { dark, light } => {
                json!({"type": "duotone", "dark": dark.write(), "light": light.write()})
            }
            Filter::Tint { color, amount } => {
                json!({"type": "tint", "color": color.write(), "amount": amount.write()})
            }
        };
        self.0.iter().map(write).collect()
    }

    fn schema(defs: &mut Defs) -> Value {
        defs.share("filters", |defs| {
            let number = |min: f64, max: f64| ranged(json!({"type": "number"}), &(min..=max));
            let color = Color::schema(defs);
            let (factor, share) = (number(0.0, FILTER_AMOUNT_MAX), number(0.0, 1.0));
            let radius = number(0.0, FILTER_BLUR_PX_MAX);
            let form = |required: &[&str], fields: Vec<(&str, &Value)>| {
                let fields = fields.into_iter().map(|(key, schema)| (key.to_owned(), schema.clone()));
                let word = ("type".to_owned(), json!({"type": "string"}));
                schema::object(fields.chain([word]).collect(), required)
            };
            let factors = ["brightness", "contrast", "saturate"];
            let factors = factors.map(|word| (word, form(&[], vec![("amount", &factor)])));
            let shares = ["grayscale", "sepia", "invert"];
            let shares = shares.map(|word| (word, form(&[], vec![("amount", &share)])));
            let others = [
                ("blur", form(&["radius"], vec![("radius", &radius)])),
                ("hueRotate", form(&["angle"], vec![("angle", &number(-3600.0, 3600.0))])),
                ("duotone", form(&["dark", "light"], vec![("dark", &color), ("light", &color)])),
                ("tint", form(&["color"], vec![("color", &color), ("amount", &share)])),
            ];
            let filter = schema::by_type(factors.into_iter().chain(shares).chain(others).collect());
            let list = json!({"type": "array", "items": filter, "maxItems": FILTERS_MAX});
            json!({
                "anyOf": [list, {"const": "none"}, {"type": "null"}],
                "examples": [[{"type": "blur", "radius": 8}, {"type": "brightness", "amount": 1.2}]],
            })
        })
    }
}

/// Reads the filter whose type is known.
type Read = fn(&Map<String, Value>) -> Result<Filter, String>;

fn filter(value: &Value) -> Result<Filter, String> {
    let fields = object(value)?;
    let word = fields.get("type").and_then(Value::as_str);
    let word = word.ok_or_else(|| format!("it needs a type, one of {TYPES}"))?;
    let (keys, read): (&[&str], Read) = match word {
        "blur" => (&["radius"], |fields| {
            number(fields, "radius", None, FILTER_BLUR_PX_MAX).map(Filter::Blur)
        }),
        "brightness" => (&["amount"], |fields| factor(fields).map(Filter::Brightness)),
        "contrast" => (&["amount"], |fields| factor(fields).map(Filter::Contrast)),
        "saturate" => (&["amount"], |fields| factor(fields).map(Filter::Saturate)),
        "grayscale" => (&["amount"], |fields| share(fields, 1.0).map(Filter::Grayscale)),
        "sepia" => (&["amount"], |fields| share(fields, 1.0).map(Filter::Sepia)),
        "invert" => (&["amount"], |fields| share(fields, 1.0).map(Filter::Invert)),
        "hueRotate" => (&["angle"], |fields| {
            let angle = fields.get("angle").ok_or("angle is missing")?;
            let angle = f64::read(angle).and_then(|angle| within(angle, -3600.0..=3600.0));
            angle.map(Filter::HueRotate).map_err(|message| format!("angle: {message}"))
        }),
        "duotone" => (&["dark", "light"], |fields| {
            let (dark, light) = (color(fields, "dark")?, color(fields, "light")?);
            if dark.a < 255 || light.a < 255 {
                return Err("the colours of a duotone must be opaque".to_owned());
            }
            Ok(Filter::Duotone { dark, light })
        }),
        "tint" => (&["color", "amount"], |fields| {
            Ok(Filter::Tint { color: color(fields, "color")?, amount: share(fields, 0.5)? })
        }),
        other => return Err(format!("unknown type `{other}`; there are {TYPES}")),
    };
    if let Some(key) = fields.keys().find(|key| *key != "type" && !keys.contains(&key.as_str())) {
        return Err(format!("unknown key `{key}`; {word} has {}", keys.join(" and ")));
    }
    read(fields)
}

/// A factor, as in CSS 1 where it is left out.
fn factor(fields: &Map<String, Value>) -> Result<f64, String> {
    number(fields, "amount", Some(1.0), FILTER_AMOUNT_MAX)
}

fn share(fields: &Map<String, Value>, default: f64) -> Result<f64, String> {
    number(fields, "amount", Some(default), 1.0)
}

fn number(
    fields: &Map<String, Value>,
    key: &str,
    default: Option<f64>,
    max: f64,
) -> Result<f64, String> {
    match (fields.get(key), default) {
        (None, Some(default)) => Ok(default),
        (None, None) => Err(format!("{key} is missing")),
        (Some(value), _) => f64::read(value)
            .and_then(|number| within(number, 0.0..=max))
            .map_err(|message| format!("{key}: {message}")),
    }
}

fn color(fields: &Map<String, Value>, key: &str) -> Result<Color, String> {
    let value = fields.get(key).ok_or_else(|| format!("{key} is missing"))?;
    Color::read(value).map_err(|message| format!("{key}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: Result<&[Filter], &str>) {
        match (Filters::read(value), expected) {
            (Ok(Filters(found)), Ok(expected)) => assert_eq!(found, expected, "{value}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{value}: {found}"),
            (found, expected) => panic!("{value}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn filters_are_those_of_css() {
        let one = |filter: Value| json!([filter]);
        let red = Color::rgb(255, 0, 0);
        check(&json!("none"), Ok(&[]));
        check(&json!([]), Ok(&[]));
        check(&one(json!({"type": "blur", "radius": 8})), Ok(&[Filter::Blur(8.0)]));
        check(&one(json!({"type": "sepia"})), Ok(&[Filter::Sepia(1.0)]));
        check(&one(json!({"type": "contrast", "amount": 1.5})), Ok(&[Filter::Contrast(1.5)]));
        check(&one(json!({"type": "hueRotate", "angle": -90})), Ok(&[Filter::HueRotate(-90.0)]));
        let tint = Filter::Tint { color: red, amount: 0.5 };
        check(&one(json!({"type": "tint", "color": "red"})), Ok(&[tint]));
        let duotone = Filter::Duotone { dark: Color::BLACK, light: red };
        let colors = json!({"type": "duotone", "dark": "#000", "light": "red"});
        check(&one(colors), Ok(&[duotone]));
    }

    #[test]
    fn what_is_wrong_with_filters_is_said() {
        let one = |filter: Value| json!([filter]);
        let blur = json!({"type": "blur", "radius": 2});
        check(&json!("blur(3px)"), Err("expected a list such as"));
        check(&json!([blur, 7]), Err("[1]: expected an object, found a number"));
        check(&one(json!({})), Err("[0]: it needs a type, one of blur,"));
        check(&one(json!({"type": "warm"})), Err("unknown type `warm`; there are blur,"));
        check(&one(json!({"type": "blur"})), Err("radius is missing"));
        check(&one(json!({"type": "blur", "radius": 101})), Err("101 is outside 0 to 100"));
        check(&one(json!({"type": "sepia", "amount": 2})), Err("amount: 2 is outside 0 to 1"));
        check(&one(json!({"type": "sepia", "x": 2})), Err("unknown key `x`; sepia has amount"));
        check(&one(json!({"type": "tint", "color": 3})), Err("color: expected a colour"));
        let light = json!({"type": "duotone", "dark": "#0000", "light": "red"});
        check(&one(light), Err("must be opaque"));
        check(&json!([blur, blur]), Err("more than one blur"));
        check(&Value::Array(vec![blur; FILTERS_MAX + 1]), Err("at most 10 are taken"));
    }
}
