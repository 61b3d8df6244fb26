//! Filters of pictures: the filter functions of CSS, and two for branding.
//!
//! Deliberately absent: `opacity` and `drop-shadow`; every element fades by its own `opacity`.

use serde_json::{Value, json};

use crate::Color;
use crate::faults::{Faults, Fields, at, did_you_mean, each};
use crate::limits::{FILTER_AMOUNT_MAX, FILTER_BLUR_PX_MAX, FILTERS_MAX};
use crate::property::{Property, object};
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

const TYPES: [&str; 10] = [
    "blur",
    "brightness",
    "contrast",
    "saturate",
    "grayscale",
    "sepia",
    "hueRotate",
    "invert",
    "duotone",
    "tint",
];

impl Property for Filters {
    fn read(value: &Value) -> Result<Self, Faults> {
        if value.is_null() || value == "none" {
            return Ok(Self::default());
        }
        let expected = "expected a list such as [{\"type\": \"blur\", \"radius\": 8}]";
        let list = value.as_array().ok_or(expected)?;
        if list.len() > FILTERS_MAX {
            return Err(format!("{} filters; at most {FILTERS_MAX} are taken", list.len()).into());
        }
        let filters = each(list, filter)?;
        let blurs = filters.iter().filter(|filter| matches!(filter, Filter::Blur(_)));
        if blurs.count() > 1 {
            return Err("more than one blur; blur once, with a larger radius".into());
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

fn filter(value: &Value) -> Result<Filter, Faults> {
    let fields = object(value)?;
    let Some(word) = fields.get("type") else {
        return at(".type", Err(format!("missing; one of {}", TYPES.join(", "))));
    };
    let word = at(".type", String::read(word))?;
    let keys: &[&str] = match word.as_str() {
        "blur" => &["type", "radius"],
        "hueRotate" => &["type", "angle"],
        "duotone" => &["type", "dark", "light"],
        "tint" => &["type", "color", "amount"],
        other if TYPES.contains(&other) => &["type", "amount"],
        other => {
            let meant = did_you_mean(other, TYPES.iter().copied());
            return at(".type", Err(format!("unknown{meant}; there are {}", TYPES.join(", "))));
        }
    };
    let mut fields = Fields::new(fields, &word, keys);
    let factor = 0.0..=FILTER_AMOUNT_MAX;
    let filter = match word.as_str() {
        "blur" => fields.within("radius", None, 0.0..=FILTER_BLUR_PX_MAX).map(Filter::Blur),
        // As in CSS, an amount that is left out is 1.
        "brightness" => fields.within("amount", 1.0, factor).map(Filter::Brightness),
        "contrast" => fields.within("amount", 1.0, factor).map(Filter::Contrast),
        "saturate" => fields.within("amount", 1.0, factor).map(Filter::Saturate),
        "grayscale" => fields.within("amount", 1.0, 0.0..=1.0).map(Filter::Grayscale),
        "sepia" => fields.within("amount", 1.0, 0.0..=1.0).map(Filter::Sepia),
        "invert" => fields.within("amount", 1.0, 0.0..=1.0).map(Filter::Invert),
        "hueRotate" => fields.within("angle", None, -3600.0..=3600.0).map(Filter::HueRotate),
        "duotone" => {
            let [dark, light] = ["dark", "light"].map(|key| {
                let color: Option<Color> = fields.get(key, None);
                if color.is_some_and(|color| color.a < 255) {
                    fields.refuse(key, "the colours of a duotone must be opaque");
                }
                color
            });
            dark.zip(light).map(|(dark, light)| Filter::Duotone { dark, light })
        }
        _ => {
            let (color, amount) =
                (fields.get("color", None), fields.within("amount", 0.5, 0.0..=1.0));
            color.zip(amount).map(|(color, amount)| Filter::Tint { color, amount })
        }
    };
    fields.done(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: Result<&[Filter], &str>) {
        match (Filters::read(value), expected) {
            (Ok(Filters(found)), Ok(expected)) => assert_eq!(found, expected, "{value}"),
            (Err(found), Err(expected)) => assert_eq!(found.to_string(), expected, "{value}"),
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
        let list = "expected a list such as [{\"type\": \"blur\", \"radius\": 8}]";
        check(&json!("blur(3px)"), Err(list));
        let types = TYPES.join(", ");
        check(&one(json!({})), Err(&format!("[0].type: missing; one of {types}")));
        check(&one(json!({"type": "warm"})), Err(&format!("[0].type: unknown; there are {types}")));
        let meant = format!("[0].type: unknown (did you mean `hueRotate`?); there are {types}");
        check(&one(json!({"type": "hue-rotate"})), Err(&meant));
        check(&one(json!({"type": "blur"})), Err("[0].radius: missing; blur needs it"));
        check(
            &one(json!({"type": "sepia", "x": 2})),
            Err("[0].x: unknown property; sepia has type, amount"),
        );
        let light = json!({"type": "duotone", "dark": "#0000", "light": "red"});
        check(&one(light), Err("[0].dark: the colours of a duotone must be opaque"));
        let more = "more than one blur; blur once, with a larger radius";
        check(&json!([blur, blur]), Err(more));
        let many = "11 filters; at most 10 are taken";
        check(&Value::Array(vec![blur.clone(); FILTERS_MAX + 1]), Err(many));
        check(
            &json!([
                {"type": "blur", "radius": 101}, blur, 7, {"type": "tint", "color": 3, "amount": 2},
            ]),
            Err("[0].radius: 101 is outside 0 to 100\n[2]: expected an object, found a number\n\
                 [3].color: expected a colour, found a number\n[3].amount: 2 is outside 0 to 1"),
        );
    }
}
