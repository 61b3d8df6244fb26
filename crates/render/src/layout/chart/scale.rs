//! A scale: from which number to which a chart goes, and the round numbers between.

use pixeldrive_model::{Chart, ChartType, ChartValue};

/// Steps between round numbers that there should be about, where there is room for them.
pub(super) const STEPS: f64 = 4.0;
/// Round numbers at most: those of about [`STEPS`] steps, and of one more at each end.
const TICKS_MAX: u32 = 7;

/// From which number to which a chart goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub min: f64,
    pub max: f64,
    /// The round numbers, rising.
    pub ticks: Vec<f64>,
}

impl Scale {
    /// The scale of a chart, in about so many steps.
    pub(super) fn new(chart: &Chart, values: &[ChartValue], steps: f64) -> Self {
        let numbers = values.iter().map(|value| value.value);
        let mut low = numbers.clone().fold(f64::INFINITY, f64::min);
        let mut high = numbers.fold(f64::NEG_INFINITY, f64::max);
        if chart.chart_type == ChartType::Bar || low == high {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        // Whichever bound is given moves the other one along when they would cross.
        low = chart.min.unwrap_or(chart.max.map_or(low, |max| low.min(max - 1.0)));
        high = chart.max.unwrap_or(high.max(low));
        if low >= high {
            high = low + 1.0;
        }
        let step = round_step((high - low) / steps);
        // Adding 0 makes 0 of -0.
        let min = chart.min.unwrap_or((low / step + 1e-9).floor() * step + 0.0);
        let max = chart.max.unwrap_or((high / step - 1e-9).ceil() * step + 0.0);
        // Of large numbers that lie close together, floating point has few: there may be none to round to, and no
        // next one below.
        let (min, max) = if min < max { (min, max) } else { (low, high) };
        let first = (min / step - 1e-9).ceil();
        let ticks = (0..TICKS_MAX).map(|index| (first + f64::from(index)) * step + 0.0);
        let mut ticks: Vec<f64> = ticks.take_while(|tick| *tick <= max + step * 1e-9).collect();
        ticks.dedup();
        Self { min, max, ticks }
    }

    /// Where a number stands from the foot (0) to the top (1).
    pub(super) fn share(&self, number: f64) -> f64 {
        ((number - self.min) / (self.max - self.min)).clamp(0.0, 1.0)
    }

    /// Where bars and areas stand: at zero, or as near to it as there is.
    pub(super) fn foot(&self) -> f64 {
        0.0_f64.clamp(self.min, self.max)
    }
}

/// 1, 2, 2.5 or 5 times a power of ten, not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10.0_f64.powf(step.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0].into_iter().find(|round| round * power >= step * (1.0 - 1e-9));
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(chart: Chart, values: &[f64], expected: &str) {
        let value = |value: &f64| ChartValue { label: String::new(), value: *value, color: None };
        let values: Vec<ChartValue> = values.iter().map(value).collect();
        let Scale { min, max, ticks } = Scale::new(&chart, &values, STEPS);
        let ticks: Vec<String> =
            ticks.iter().map(|tick| format!("{}", (tick * 1e6).round() / 1e6)).collect();
        assert_eq!(format!("{min}..{max}: {}", ticks.join(" ")), expected);
    }

    #[test]
    fn scales_are_round() {
        let bar = Chart::default;
        let line = || Chart { chart_type: ChartType::Line, ..Chart::default() };
        check(bar(), &[3.0, 5.0, 4.0], "0..6: 0 2 4 6");
        check(bar(), &[12.0, 87.0], "0..100: 0 25 50 75 100");
        check(bar(), &[-30.0, 50.0], "-40..60: -40 -20 0 20 40 60");
        check(bar(), &[-8.0], "-8..0: -8 -6 -4 -2 0");
        check(bar(), &[0.0], "0..1: 0 0.25 0.5 0.75 1");
        check(line(), &[102.0, 108.0], "102..108: 102 104 106 108");
        check(line(), &[7.0, 7.0], "0..8: 0 2 4 6 8");
        check(
            line(),
            &[1e15, -1e15],
            "-1000000000000000..1000000000000000: \
              -1000000000000000 -500000000000000 0 500000000000000 1000000000000000",
        );
    }

    #[test]
    fn large_numbers_close_together_have_a_scale() {
        let line = Chart { chart_type: ChartType::Line, ..Chart::default() };
        let value = |value| ChartValue { label: String::new(), value, color: None };
        let scale = Scale::new(&line, &[value(1e15), value(1e15 + 0.125)], STEPS);
        assert_eq!((scale.min, scale.max), (1e15, 1e15 + 0.125), "{scale:?}");
        assert_eq!(scale.ticks, [1e15], "{scale:?}");
    }

    #[test]
    fn given_bounds_are_kept() {
        let of = |min, max| Chart { min, max, ..Chart::default() };
        check(of(Some(1.0), Some(5.0)), &[3.0], "1..5: 1 2 3 4 5");
        check(of(None, Some(10.0)), &[3.0], "0..10: 0 2.5 5 7.5 10");
        check(of(Some(50.0), None), &[3.0, 4.0], "50..51: 50 50.25 50.5 50.75 51");
        check(of(None, Some(-5.0)), &[3.0], "-6..-5: -6 -5.75 -5.5 -5.25 -5");
    }
}
