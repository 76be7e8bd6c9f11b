//! [`Label`]: a text below a lane's bar, at its time.

use std::ops::Range;

use crate::record::{Lane, Line};
use crate::scale::{LEFT, RIGHT, Scale};
use crate::text::{Language, SIZE, shortened, width};

/// A text and its mark on the bar. It stands behind the mark, or before it where there is no room.
pub(crate) struct Label {
    pub(crate) class: &'static str,
    pub(crate) mark: f64,
    pub(crate) place: Range<f64>,
    pub(crate) is_before: bool,
    pub(crate) text: String,
}

/// What a lane's process has printed, and how it was killed.
pub(crate) fn labels(lane: &Lane, scale: Scale, language: Language) -> Vec<Label> {
    let lines = lane.lines.iter().filter(|line| !line.text.is_empty());
    let printed = lines.map(|Line { time, text, .. }| Label::new("line", *time, text, scale));
    let death = lane.death.map(|(time, code)| {
        let text = match code {
            Some(code @ ..0) => format!("{} {}", language.word("killed by signal"), -code),
            Some(_) | None => language.word("killed").into(),
        };
        Label::new("dead", time, &text, scale)
    });
    printed.chain(death).collect()
}

impl Label {
    fn new(class: &'static str, time: f64, text: &str, scale: Scale) -> Self {
        const SPACE: f64 = 4.0;

        let text = shortened(text, (RIGHT - LEFT - SPACE) / SIZE);
        let (mark, long) = (scale.x(time), width(&text) * SIZE);
        let before = mark - SPACE - long;
        let is_before = mark + SPACE + long > RIGHT && before >= LEFT;
        let left = if is_before { before } else { (mark + SPACE).min(RIGHT - long) };
        Label { class, mark, place: left..left + long, is_before, text }
    }
}
