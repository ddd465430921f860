//! From numbers to positions in a square.
//!
//! The type to know is [`Axis`].

/// What an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
}

/// One side of a picture: which numbers it shows, and how they are written.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// What the numbers are.
    pub(super) label: String,
    /// Numbers that are written, and how, from the smallest to the largest.
    pub(super) ticks: Vec<(f64, String)>,
    scale: Scale,
    low: f64,
    high: f64,
}

/// Numbers of this size and more are drawn at the edge: thirty years of nanoseconds.
const HUGE: f64 = 1e18;
/// Steps between the numbers that are written, at most.
const STEPS: f64 = 6.0;

impl Axis {
    /// Plain numbers.
    pub(super) fn linear(label: impl Into<String>, low: f64, high: f64) -> Self {
        Self::in_unit(label, low, high, 1.0)
    }

    /// Nanoseconds, written in the unit that suits them; `{unit}` in the label is that unit.
    pub(super) fn nanos(label: &str, low: f64, high: f64) -> Self {
        let (unit, name) = match low.abs().max(high.abs()) {
            small if small < 2e3 => (1.0, "ns"),
            middle if middle < 2e6 => (1e3, "us"),
            large if large < 2e9 => (1e6, "ms"),
            _ => (1e9, "s"),
        };
        Self::in_unit(label.replace("{unit}", name), low, high, unit)
    }

    fn in_unit(label: impl Into<String>, low: f64, high: f64, unit: f64) -> Self {
        let (low, high) = (low.clamp(-HUGE, HUGE), high.clamp(-HUGE, HUGE));
        let (low, high) = if high > low { (low, high) } else { (low - 1.0, low + 1.0) };
        let rough = (high - low) / unit / STEPS;
        let ten = 10.0_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * ten).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let digits = (-step.log10().floor()).max(0.0) as usize;
        let (first, last) = ((low / unit / step).ceil() as i64, (high / unit / step).floor() as i64);
        let tick = |at: i64| {
            let value = at as f64 * step;
            (value * unit, format!("{value:.digits$}"))
        };
        let ticks = (first..=last).map(tick).collect();
        Self { label: label.into(), ticks, scale: Scale::Linear, low, high }
    }

    /// Numbers from 1 on, of which each decade has the same room.
    pub(super) fn logarithmic(label: impl Into<String>, high: f64) -> Self {
        let high = high.max(10.0).log10();
        let tick = |power: i32| {
            let text = if power < 6 { 10_u32.pow(power as u32).to_string() } else { format!("10^{power}") };
            (10.0_f64.powi(power), text)
        };
        let ticks = (0..=high.floor() as i32).map(tick).collect();
        Self { label: label.into(), ticks, scale: Scale::Logarithmic, low: 0.0, high }
    }

    /// The position of a number, from 0 to 1: at the edge if it is beyond.
    pub(super) fn position(&self, value: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.max(1.0).log10(),
        };
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn numbers_are_written_in_even_steps_and_a_suitable_unit() {
        let axis = Axis::nanos("in {unit}", -2.0, 41.0);
        assert_eq!((axis.label.as_str(), written(&axis)), ("in ns", vec!["0", "10", "20", "30", "40"]));
        let axis = Axis::nanos("in {unit}", -400.0, 2600.0);
        assert_eq!(axis.label, "in us");
        assert_eq!(written(&axis), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
        assert_eq!(written(&Axis::logarithmic("calls", 2e6)).last(), Some(&"10^6"));
    }

    #[test]
    fn what_is_beyond_an_axis_is_at_its_edge() {
        let axis = Axis::linear("", -10.0, 10.0);
        assert_eq!([-11.0, 0.0, f64::INFINITY].map(|value| axis.position(value)), [0.0, 0.5, 1.0]);
        let axis = Axis::logarithmic("", 100.0);
        assert_eq!([0.0, 1.0, 10.0, 1e9].map(|value| axis.position(value)), [0.0, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn an_axis_without_room_or_without_end_can_be_drawn() {
        for (low, high) in [(0.0, 0.0), (f64::MIN, f64::MAX), (f64::NEG_INFINITY, f64::INFINITY), (1.0, -1.0)]
        {
            let axis = Axis::nanos("", low, high);
            assert!((1..20).contains(&axis.ticks.len()), "{low} to {high}: {:?}", axis.ticks);
            assert!((0.0..=1.0).contains(&axis.position(0.0)));
        }
    }
}
