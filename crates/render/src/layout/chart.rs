//! Charts: bars and lines over a scale (`chart/plot.rs`), slices beside a legend (`chart/donut.rs`).

mod beside;
mod curve;
mod donut;
mod plot;
mod scale;

use pixeldrive_model::{self as model, ChartType, Color, Element, Paint, Text};

use super::label::Labels;
use super::{Context, size};
use crate::Error;

/// Colours of a chart that has none of its own: told apart by hue and by lightness.
const PALETTE: [Color; 8] = [
    Color::rgb(79, 70, 229),
    Color::rgb(14, 165, 233),
    Color::rgb(16, 185, 129),
    Color::rgb(245, 158, 11),
    Color::rgb(244, 63, 94),
    Color::rgb(139, 92, 246),
    Color::rgb(20, 184, 166),
    Color::rgb(100, 116, 139),
];

pub(super) fn chart(
    context: &mut Context<'_>,
    element: &Element,
    chart: &model::Chart,
) -> Result<(), Error> {
    let area = size(element).to_rect();
    let values = chart.values.as_ref().map(|values| values.0.as_slice()).unwrap_or_default();
    let mut labels = Labels::new(element);
    match chart.chart_type {
        ChartType::Donut => donut::donut(context, &mut labels, (chart, values), area)?,
        ChartType::Bar | ChartType::Line => {
            let clamped = plot::plot(context, &mut labels, (chart, values), area)?;
            let message = match clamped {
                0 => None,
                1 => Some("1 value is outside of min and max; it is drawn at the edge".to_owned()),
                more => Some(format!(
                    "{more} values are outside of min and max; they are drawn at the edge"
                )),
            };
            message.into_iter().for_each(|message| context.warn("value_clamped", element, message));
        }
    }
    labels.report(context);
    Ok(())
}

/// Says that nothing is drawn.
fn no_room(context: &mut Context<'_>, element: &Element) {
    let message = "there is no room for the chart and what is written in it; enlarge the box, make \
                   fontSize smaller, or turn off showLabels, showValues or showAxis";
    context.warn("chart_too_small", element, message);
}

/// How labels and numbers look.
fn look(chart: &model::Chart) -> Text {
    Text {
        font_family: chart.font_family.clone(),
        font_size: chart.font_size,
        font_weight: chart.font_weight,
        color: Paint::Solid(chart.label_color),
        lang: chart.lang.clone(),
        ..Text::default()
    }
}

/// The colour of a value: its own, or the next of the chart's.
fn color(chart: &model::Chart, index: usize, value: &model::ChartValue) -> Color {
    let given = chart.colors.0.as_slice();
    let turns = match (given, chart.chart_type) {
        ([], ChartType::Donut) => &PALETTE[..],
        ([], ChartType::Bar | ChartType::Line) => &PALETTE[..1],
        (given, _) => given,
    };
    let in_turn = turns.get(index % turns.len().max(1)).copied();
    value.color.or(in_turn).unwrap_or(Color::BLACK)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::picture::testing::fault;

    #[track_caller]
    fn check(chart: Value, expected: &str) {
        let mut element = json!({ "id": "c", "type": "chart", "width": 200, "height": 100 });
        element.as_object_mut().unwrap().extend(chart.as_object().unwrap().clone());
        assert_eq!(fault(&element, &[]), expected);
    }

    #[test]
    fn what_has_no_room_is_said() {
        check(json!({ "values": [1, 2, 3] }), "");
        let room = "chart_too_small: there is no room for the chart and what is written in it; enlarge the \
                    box, make fontSize smaller, or turn off showLabels, showValues or showAxis";
        check(json!({ "values": [1, 2, 3], "width": 12 }), room);
        check(json!({ "values": [1, 2, 3], "height": 12 }), room);
        let months = |word: &str| vec![json!({ "label": word, "value": 1 }); 12];
        for kind in ["bar", "line", "donut"] {
            let small = json!({ "values": months("January"), "width": 60, "height": 60, "chartType": kind });
            check(small, room);
        }
        check(json!({ "values": vec![1; 12], "showValues": true, "width": 60 }), room);
        check(json!({ "values": vec![1; 12], "width": 60, "height": 60 }), "");
        check(json!({ "values": months(""), "width": 60, "height": 60 }), "");
        check(json!({ "values": vec![1; 100], "width": 60 }), room);
        check(json!({ "values": vec![1; 100], "width": 60, "chartType": "line" }), "");
        let slices = vec![json!({ "label": "a", "value": 1 }); 9];
        check(
            json!({ "values": slices, "chartType": "donut", "height": 50 }),
            "rows_cut: 3 of 9 rows of the legend are shown; enlarge the box or make fontSize smaller",
        );
        check(
            json!({ "values": [{ "label": "a label that is long", "value": 1 }, { "label": "b", "value": 2 }],
                "width": 100 }),
            "text_truncated: `a label that is long` had to be cut to fit; enlarge the box, or make fontSize \
             smaller or the texts shorter",
        );
        check(
            json!({ "values": [1, 9], "max": 5 }),
            "value_clamped: 1 value is outside of min and max; it is drawn at the edge",
        );
    }
}
