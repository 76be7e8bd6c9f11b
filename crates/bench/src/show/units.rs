//! Figures for people.

use crate::results::measure::Measure;

/// A value with its unit, in three digits.
pub fn value(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Rate => scaled(value, &[(1.0, "/s"), (1e3, " k/s"), (1e6, " M/s"), (1e9, " G/s")]),
        Measure::Bytes(_) => {
            scaled(value, &[(1.0, " B/s"), (1e3, " kB/s"), (1e6, " MB/s"), (1e9, " GB/s")])
        }
        Measure::Time => time(value),
        Measure::Efficiency(_) => format!("{:.0} %", value * 100.0),
        Measure::Processor => time(value),
        Measure::Survived(kills) if value >= kills as f64 => format!("all {kills}"),
        Measure::Survived(_) => format!("stops after {value:.0}"),
        Measure::Memory => memory(value.round() as u64),
    }
}

/// Seconds.
pub fn time(seconds: f64) -> String {
    scaled(seconds, &[(1e-9, " ns"), (1e-6, " µs"), (1e-3, " ms"), (1.0, " s")])
}

/// Bytes of memory.
pub fn memory(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let units = [(1.0, " B"), (KIB, " KiB"), (KIB * KIB, " MiB"), (KIB * KIB * KIB, " GiB")];
    scaled(bytes as f64, &units)
}

/// How many times as good, such as `4.1×`.
pub fn times(times: f64) -> String {
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
