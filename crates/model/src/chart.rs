//! Charts: a few numbers as bars, a line or slices.
//!
//! Deliberately absent: several series, and axes of time.

use serde_json::{Map, Value, json};

use crate::element::{FontWeight, Length};
use crate::faults::{Faults, Fields, each};
use crate::format::{Digits, Format};
use crate::limits::{
    CHART_COLORS_MAX, CHART_NUMBER_MAX, CHART_VALUES_MAX, FONT_SIZE_PX_MAX, NAME_CHARS_MAX,
};
use crate::property::{Property, kind, properties, within, words};
use crate::schema::{Defs, object, ranged};
use crate::text::list;
use crate::{Color, Lang};

properties! {
    /// Numbers as a picture.
    pub struct Chart {
        /// How they are shown.
        "chartType" chart_type: ChartType = ChartType::Bar;
        /// The numbers, alone or with a label and a colour. Binding refuses to have none.
        "values" values: Option<ChartValues> = None;
        /// Colours of the values in turn. By default bars and lines have one, slices eight.
        "colors" colors: Colors = Colors::default();
        /// Px between bars or slices; `"auto"` is a third of a bar, or 2 px between slices.
        "gap" gap: Length = Length::Auto;
        /// Radius in px of the corners at the free end of a bar.
        "borderRadius" border_radius: f64 = 4.0, in 0.0..=1000.0;
        /// Radius of the hole of a donut as a share of its own; 0 makes it a pie.
        "innerRadius" inner_radius: f64 = 0.62, in 0.0..=0.95;
        /// The number at the foot of the chart; by default a round one, 0 for bars.
        "min" min: Option<f64> = None;
        /// The number at the top of the chart; by default a round one.
        "max" max: Option<f64> = None;
        /// Width of a line in px.
        "strokeWidth" stroke_width: f64 = 3.0, in 0.0..=100.0;
        /// Whether a line is curved; it never runs beyond its values.
        "smooth" smooth: bool = true;
        /// How strong the area below a line is filled; it fades towards the foot.
        "areaOpacity" area_opacity: f64 = 0.25, in 0.0..=1.0;
        /// Radius in px of a dot at each value of a line.
        "pointRadius" point_radius: f64 = 0.0, in 0.0..=100.0;
        /// Whether round numbers have a line across the chart.
        "showGrid" show_grid: bool = true;
        /// Whether round numbers are written beside the chart.
        "showAxis" show_axis: bool = true;
        /// Whether the values' labels are written.
        "showLabels" show_labels: bool = true;
        /// Whether the values themselves are written.
        "showValues" show_values: bool = false;
        /// How numbers are written, in the words of placeholders: `number.1`, `percent`.
        "valueFormat" value_format: NumberFormat = NumberFormat(Format::GROUPED);
        /// Colour of the lines across the chart.
        "gridColor" grid_color: Color = Color { r: 128, g: 128, b: 128, a: 56 };
        /// Colour of labels and numbers.
        "labelColor" label_color: Color = Color::rgb(107, 114, 128);
        /// Font family of labels and numbers.
        "fontFamily" font_family: String = "Inter".to_owned();
        /// Their size in px.
        "fontSize" font_size: f64 = 12.0, in 1.0..=FONT_SIZE_PX_MAX;
        /// Their weight.
        "fontWeight" font_weight: FontWeight = FontWeight(400.0);
        /// Language of labels and numbers.
        "lang" lang: Lang = Lang::EN;
    }
}

words! {
    /// How numbers are shown.
    pub enum ChartType {
        /// Upright bars.
        Bar = "bar",
        /// A line from the first to the last.
        Line = "line",
        /// Slices of a ring.
        Donut = "donut",
    }
}

/// The numbers of a chart: one at least.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartValues(pub Vec<ChartValue>);

/// One number of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartValue {
    /// What it is called; empty for no name.
    pub label: String,
    /// The number.
    pub value: f64,
    /// Its own colour.
    pub color: Option<Color>,
}

impl Property for ChartValues {
    fn read(value: &Value) -> Result<Self, Faults> {
        let list = list(value, CHART_VALUES_MAX, "values")?;
        if list.is_empty() {
            return Err("a chart needs one value at least".into());
        }
        each(list, ChartValue::read).map(Self)
    }

    fn write(&self) -> Value {
        let write = |ChartValue { label, value, color }: &ChartValue| {
            let mut written = json!({"label": label, "value": value.write()});
            if let Some(color) = color {
                written["color"] = color.write();
            }
            written
        };
        self.0.iter().map(write).collect()
    }

    fn schema(defs: &mut Defs) -> Value {
        let number = ranged(json!({"type": "number"}), &(-CHART_NUMBER_MAX..=CHART_NUMBER_MAX));
        let fields = [
            (
                "label".to_owned(),
                json!({"type": ["string", "number"], "maxLength": NAME_CHARS_MAX}),
            ),
            ("value".to_owned(), number.clone()),
            ("color".to_owned(), Color::schema(defs)),
        ];
        let named = object(fields.into_iter().collect(), &["value"]);
        json!({
            "type": "array", "items": {"anyOf": [number, named]}, "minItems": 1,
            "maxItems": CHART_VALUES_MAX,
            "examples": [[3, 5, 4], [{"label": "Mon", "value": 3}, {"label": "Tue", "value": 5}]],
        })
    }
}

impl ChartValue {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value {
            Value::Object(fields) => Self::fields(fields),
            Value::Number(_) => {
                Ok(Self { label: String::new(), value: number(value)?, color: None })
            }
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => {
                let found = kind(value);
                let message = format!(
                    "expected a number or {{\"label\", \"value\", \"color\"}}, found {found}"
                );
                Err(message.into())
            }
        }
    }

    fn fields(fields: &Map<String, Value>) -> Result<Self, Faults> {
        let mut fields = Fields::new(fields, "a value", &["label", "value", "color"]);
        let label = fields.read("label", String::new(), label);
        let value = fields.read("value", None, number);
        let color = fields.read("color", Some(None), |color| Color::read(color).map(Some));
        let read = || Some(Self { label: label?, value: value?, color: color? });
        fields.done(read())
    }
}

fn label(value: &Value) -> Result<String, Faults> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        _ => String::read(value)?,
    };
    if text.chars().count() > NAME_CHARS_MAX {
        return Err(format!("longer than {NAME_CHARS_MAX} characters").into());
    }
    Ok(text)
}

fn number(value: &Value) -> Result<f64, Faults> {
    within(f64::read(value)?, -CHART_NUMBER_MAX..=CHART_NUMBER_MAX)
}

/// Colours that are used in turn; none for the default ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Colors(pub Vec<Color>);

impl Property for Colors {
    fn read(value: &Value) -> Result<Self, Faults> {
        each(list(value, CHART_COLORS_MAX, "colours")?, Color::read).map(Self)
    }

    fn write(&self) -> Value {
        self.0.iter().map(Color::write).collect()
    }

    fn schema(defs: &mut Defs) -> Value {
        json!({"type": "array", "items": Color::schema(defs), "maxItems": CHART_COLORS_MAX})
    }
}

/// Digits after the point that numbers a step apart have at most.
const STEP_DIGITS_MAX: u8 = 30;
/// Share of a step by which its multiples may be off.
const STEP_SLACK: f64 = 1e-3;

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat(Format);

impl NumberFormat {
    /// Whether it writes numbers a hundredfold, with a percent sign.
    #[must_use]
    pub fn is_percent(self) -> bool {
        matches!(self.0, Format::Percent(_))
    }

    /// The number as text.
    #[must_use]
    pub fn write(self, number: f64, lang: &Lang) -> String {
        // Sums of tenths end in digits that nobody asked for.
        let rounded = (number * 1e9).round() / 1e9;
        let number = if rounded.is_finite() { rounded } else { number };
        self.0
            .write(&Value::String(number.to_string()), lang)
            .unwrap_or_else(|_| number.to_string())
    }

    /// Numbers that rise step by step as text, with as many digits as tell each from the next, even where that
    /// is more than the format asks for.
    #[must_use]
    pub fn write_steps(self, numbers: &[f64], lang: &Lang) -> Vec<String> {
        let written: Vec<String> = numbers.iter().map(|number| self.write(*number, lang)).collect();
        if written.windows(2).all(|pair| pair[0] != pair[1]) {
            return written;
        }
        let step = numbers.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let step = step.fold(f64::INFINITY, f64::min);
        let Some(all) = digits(numbers, step) else { return written };
        let own = |number: f64, given| match given {
            Digits::AsGiven => digits(&[number], step).unwrap_or(all),
            Digits::Exactly(_) => all,
        };
        let text = |number: &f64| {
            let (format, count) = match self.0 {
                Format::Percent(given) => {
                    let count = own(*number, given);
                    (Format::Percent(Digits::Exactly(count.saturating_sub(2))), count)
                }
                Format::Number(given) => {
                    let count = own(*number, given);
                    (Format::Number(Digits::Exactly(count)), count)
                }
                other => (other, all),
            };
            let plain = Value::String(format!("{number:.*}", usize::from(count)));
            format.write(&plain, lang).unwrap_or_else(|_| number.to_string())
        };
        numbers.iter().map(text).collect()
    }

    /// A share of a whole as text. Few shares are round, so where the format does not say how many digits
    /// it wants, a percent has one after the point at most.
    #[must_use]
    pub fn write_share(self, share: f64, lang: &Lang) -> String {
        match self.0 {
            Format::Percent(Digits::AsGiven) => self.write((share * 1e3).round() / 1e3, lang),
            _ => self.write(share, lang),
        }
    }
}

/// How many digits after the point numbers need that lie on multiples of `step`; `None` for more than there are.
fn digits(numbers: &[f64], step: f64) -> Option<u8> {
    let near = |count: u8| {
        let power = 10.0_f64.powi(count.into());
        numbers.iter().all(|number| {
            let scaled = number * power;
            (scaled - scaled.round()).abs() <= step * power * STEP_SLACK
        })
    };
    (0..=STEP_DIGITS_MAX).find(|count| near(*count))
}

impl Property for NumberFormat {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value.as_str().and_then(Format::of) {
            Some(format @ (Format::Number(_) | Format::Percent(_))) => Ok(Self(format)),
            _ => {
                Err("expected number, number.0 to number.6, percent or percent.0 to percent.6"
                    .into())
            }
        }
    }

    fn write(&self) -> Value {
        json!(self.0.word())
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "examples": ["number", "number.2", "percent.0"]})
    }
}

impl Chart {
    /// What is wrong with it as a whole, and with which property.
    pub(crate) fn fault(&self) -> Option<(&'static str, String)> {
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min >= max
        {
            return Some(("min", format!("{min} is not below the max of {max}")));
        }
        let values = self.values.iter().flat_map(|values| &values.0);
        if self.chart_type == ChartType::Donut
            && let Some(value) = values.map(|value| value.value).find(|value| *value < 0.0)
        {
            return Some(("values", format!("a donut has no negative slices, such as {value}")));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, lang: &str, numbers: &[f64], expected: &[&str]) {
        let format = NumberFormat::read(&json!(format)).unwrap();
        let lang = Lang::read(&json!(lang)).unwrap();
        assert_eq!(format.write_steps(numbers, &lang), expected, "{numbers:?}");
    }

    #[test]
    fn steps_are_told_apart() {
        check("number", "en", &[0.0, 2500.0, 5000.0], &["0", "2,500", "5,000"]);
        check("number.2", "en", &[0.0, 0.5, 1.0], &["0.00", "0.50", "1.00"]);
        check("number", "en", &[0.0, 1e-7, 2e-7], &["0", "0.0000001", "0.0000002"]);
        check("number", "de", &[0.0, 2.5e-8, 5e-8], &["0", "0,000000025", "0,00000005"]);
        check("number.2", "en", &[1e-4, 2e-4, 3e-4], &["0.0001", "0.0002", "0.0003"]);
        check("number.0", "en", &[0.0, 0.25, 0.5], &["0.00", "0.25", "0.50"]);
        check("percent.0", "en", &[0.0, 0.0025, 0.005], &["0.00%", "0.25%", "0.50%"]);
        check("percent", "en", &[-1e-9, 0.0, 1e-9], &["-0.0000001%", "0%", "0.0000001%"]);
        check("number", "en", &[0.1, 0.1 + 1e-12], &["0.1", "0.100000000001"]);
        check("number", "en", &[1e-40, 2e-40], &["0", "0"]);
        check("number", "en", &[7.0], &["7"]);
    }
}
