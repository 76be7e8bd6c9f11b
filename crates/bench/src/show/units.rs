//! Figures for people.

use crate::Measure;

/// A value with its unit, in three digits.
pub(crate) fn value(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Rate => scaled(value, &[(1.0, "/s"), (1e3, " k/s"), (1e6, " M/s"), (1e9, " G/s")]),
        Measure::Bytes(_) => {
            scaled(value, &[(1.0, " B/s"), (1e3, " kB/s"), (1e6, " MB/s"), (1e9, " GB/s")])
        }
        Measure::Time => time(value),
        Measure::Efficiency(_) => format!("{:.0} %", value * 100.0),
        Measure::Processor => time(value),
    }
}

/// Seconds.
pub(crate) fn time(seconds: f64) -> String {
    scaled(seconds, &[(1e-9, " ns"), (1e-6, " µs"), (1e-3, " ms"), (1.0, " s")])
}

/// Bytes of memory.
pub(crate) fn memory(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let units = [(1.0, " B"), (KIB, " KiB"), (KIB * KIB, " MiB"), (KIB * KIB * KIB, " GiB")];
    scaled(bytes as f64, &units)
}

/// How many times as good, such as `4.1×`.
pub(crate) fn times(times: f64) -> String {
    format!("{}×", three_digits(times))
}

/// In the largest unit that is not larger than the value.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = |(size, _): &&(f64, &str)| *size <= value * 1.000_5;
    let unit = units.iter().rev().find(fits).or(units.first());
    unit.map_or_else(String::new, |(size, name)| format!("{}{name}", three_digits(value / size)))
}

fn three_digits(value: f64) -> String {
    match value {
        ..0.0995 => format!("{value:.3}"),
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{memory, time, times, value};
    use crate::Measure;

    #[test]
    fn figures_have_three_digits_and_the_unit_that_fits() {
        assert_eq!(value(Measure::Rate, 9_876_543.0), "9.88 M/s");
        assert_eq!(value(Measure::Bytes(8), 999_900.0), "1.00 MB/s");
        assert_eq!(value(Measure::Efficiency(1.0), 0.934), "93 %");
        assert_eq!(time(0.000_012_34), "12.3 µs");
        assert_eq!(time(0.0), "0.000 ns");
        assert_eq!(memory(5 << 20), "5.00 MiB");
        assert_eq!(times(123.4), "123×");
        assert_eq!(times(0.0123), "0.012×");
    }
}
