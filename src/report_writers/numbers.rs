//! How figures are printed: the same in every form.

use raduet_study::Report;
use raduet_study::report::{Figure, Standing};
use raduet_study::uncertainty::Interval;

/// What stands where a figure has no value.
pub const UNDEFINED: &str = "–";

/// A share as a percentage with one decimal.
pub fn percent(value: f64) -> String {
    format!("{:.1}", 100.0 * value)
}

/// A figure as a percentage.
pub fn figure_percent(figure: Option<&Figure>) -> String {
    value(figure).map_or_else(|| UNDEFINED.to_owned(), percent)
}

/// A figure with three decimals.
pub fn figure_plain(figure: Option<&Figure>) -> String {
    value(figure).map_or_else(|| UNDEFINED.to_owned(), |value| format!("{value:.3}"))
}

/// A figure as a percentage with its interval: `58.6 [41.4, 75.9]`.
pub fn figure_with_interval(figure: Option<&Figure>) -> String {
    let Some(found) = figure else {
        return UNDEFINED.to_owned();
    };
    match (found.value, found.interval()) {
        (Some(value), Some(interval)) => {
            format!("{} {}", percent(value), interval_percent(interval))
        }
        (Some(value), None) => percent(value),
        (None, _) => UNDEFINED.to_owned(),
    }
}

/// An interval in percent: `[41.4, 75.9]`.
pub fn interval_percent(interval: Interval) -> String {
    format!("[{}, {}]", percent(interval.lower), percent(interval.upper))
}

/// Smaller probabilities are printed as being smaller than this.
const SMALLEST_P: f64 = 0.001;

/// A p value in a sentence: three decimals, or how small it is.
pub fn p_value(p: f64) -> String {
    if p < SMALLEST_P {
        format!("< {SMALLEST_P}")
    } else {
        format!("= {p:.3}")
    }
}

/// A p value in a cell.
pub fn p_cell(p: f64) -> String {
    if p < SMALLEST_P {
        format!("<{SMALLEST_P}")
    } else {
        format!("{p:.3}")
    }
}

/// The confidence of a report's intervals in percent, without a decimal where it needs none: `95`.
pub fn confidence(report: &Report) -> String {
    let text = percent(report.settings.bootstrap.confidence);
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// A difference with its sign and so many decimals; zero has none, whatever rounding left of it.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    if text[1..].bytes().all(|digit| matches!(digit, b'0' | b'.')) {
        text[1..].to_owned()
    } else {
        text.replace('-', "−")
    }
}

/// A difference of shares in percentage points.
pub fn points(value: f64) -> String {
    signed(100.0 * value, 1)
}

/// A difference of shares in percentage points with its interval.
pub fn points_with_interval(value: f64, interval: Option<Interval>) -> String {
    match interval {
        Some(Interval { lower, upper }) => {
            format!("{} [{}, {}]", points(value), points(lower), points(upper))
        }
        None => points(value),
    }
}

/// A standing in a cell.
pub fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Established => "established",
        Standing::Barely => "barely, not established",
        Standing::NoBetter => "no better",
    }
}

fn value(figure: Option<&Figure>) -> Option<f64> {
    figure.and_then(|figure| figure.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_in_tables() {
        assert_eq!(percent(0.515_82), "51.6");
        assert_eq!(
            interval_percent(Interval {
                lower: 0.1,
                upper: 1.0
            }),
            "[10.0, 100.0]"
        );
        assert_eq!(p_value(0.000_4), "< 0.001");
        assert_eq!(p_value(0.041_9), "= 0.042");
        assert_eq!([0.000_4, 0.041_9].map(p_cell), ["<0.001", "0.042"]);
        assert_eq!(figure_percent(None), "–");
        assert_eq!(points(0.0417), "+4.2");
        assert_eq!(points(-0.25), "−25.0");
        assert_eq!(points(-0.0001), "0.0");
        assert_eq!(signed(-0.0004, 3), "0.000");
        assert_eq!(signed(0.03, 3), "+0.030");
    }
}
