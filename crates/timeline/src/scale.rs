//! [`Scale`]: from time to place.

/// The width of all pictures: that of a README.
pub(crate) const WIDTH: f64 = 830.0;
/// Where time begins, and where it ends.
pub(crate) const LEFT: f64 = 128.0;
pub(crate) const RIGHT: f64 = WIDTH - 14.0;

/// From seconds to points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    per_second: f64,
    end: f64,
}

impl Scale {
    /// So many seconds fill the width.
    pub(crate) fn new(seconds: f64) -> Self {
        let end = seconds.max(1e-6);
        Scale { per_second: (RIGHT - LEFT) / end, end }
    }

    pub(crate) fn x(self, time: f64) -> f64 {
        LEFT + time * self.per_second
    }

    /// The times to name on the axis, in round steps, with their names.
    pub(crate) fn ticks(self) -> Vec<(f64, String)> {
        let rough = self.end / 8.0;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(power);
        let (unit, per_second) = match step {
            0.1.. => ("s", 1.0),
            0.0001.. => ("ms", 1e3),
            _ => ("µs", 1e6),
        };
        let decimals = usize::from(step * per_second < 0.999);
        let name = |time: f64| format!("{:.decimals$} {unit}", time * per_second);
        let times = (0..).map(|n| f64::from(n) * step).take_while(|time| *time <= self.end);
        times.map(|time| (time, name(time))).collect()
    }
}
