//! The picture of one run: an axis, and a lane for each process.

use std::fmt::Write;

use crate::labels::{Label, labels};
use crate::record::{Lane, Record, Slice};
use crate::rows::Rows;
use crate::scale::{LEFT, Scale};
use crate::text::{Escaped, Language, SIZE, shortened, width};

const HEAD: f64 = 44.0;
const BAR: f64 = 17.0;
const ROW: f64 = 15.0;
const GAP: f64 = 9.0;
/// Text in a bar.
const SMALL: f64 = 10.5;

/// A panel: its elements, and how high it is.
pub(crate) struct Panel {
    pub(crate) svg: String,
    pub(crate) height: f64,
}

/// Draws a run; the axis has so many seconds.
pub(crate) fn panel(record: &Record, seconds: f64, language: Language) -> Panel {
    let scale = Scale::new(seconds);
    let mut painter = Painter { scale, language, layers: Default::default() };
    let mut tops = vec![HEAD];
    for lane in &record.lanes {
        let top = tops[tops.len() - 1];
        let height = painter.lane(lane, top);
        tops.push(top + height + GAP);
    }
    let bottom = tops[tops.len() - 1];
    painter.axis(&record.title, bottom);
    painter.ways(record, &tops);
    Panel { svg: painter.layers.concat(), height: bottom }
}

/// From behind to the front.
enum Layer {
    Grid,
    Bars,
    Marks,
    Ways,
    Text,
}

struct Painter {
    scale: Scale,
    language: Language,
    /// By [`Layer`].
    layers: [String; 5],
}

impl Painter {
    fn add(&mut self, layer: Layer, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.layers[layer as usize], "{element}");
    }

    fn axis(&mut self, title: &str, bottom: f64) {
        let title = Escaped(title);
        self.add(Layer::Text, format_args!(r#"<text class="title" x="0" y="14">{title}</text>"#));
        for (time, name) in self.scale.ticks() {
            let x = self.scale.x(time);
            self.add(Layer::Grid, format_args!(
                r#"<path class="grid" d="M{x:.1} {:.1}V{:.1}"/><text class="axis" x="{x:.1}" y="{:.1}">{name}</text>"#,
                HEAD - 7.0,
                bottom - GAP,
                HEAD - 12.0,
            ));
        }
    }

    /// Draws a lane, and returns its height.
    fn lane(&mut self, lane: &Lane, top: f64) -> f64 {
        let (pid, known) = (lane.pid.to_string(), lane.name.as_deref());
        let name = shortened(known.unwrap_or(&pid), (LEFT - 12.0) / SIZE);
        let (name, pid) = (Escaped(&name), if known.is_some() { &pid } else { "" });
        let y = top + BAR / 2.0 + 4.0;
        self.add(Layer::Text, format_args!(
            r#"<text class="name" x="0" y="{y:.1}">{name}</text><text class="pid" x="0" y="{:.1}">{pid}</text>"#,
            y + 13.0,
        ));
        if let (None, [first, .., last]) = (known, &lane.lines[..]) {
            self.bar("process", first.time, last.time, top); // all that is known of it
        }
        lane.slices.iter().for_each(|slice| self.slice(slice, top));
        if let Some((time, _)) = lane.death {
            let (x, y) = (self.scale.x(time) - 4.5, top + BAR / 2.0 - 4.5);
            let cross = format_args!(r#"<path class="death" d="M{x:.1} {y:.1}l9 9m0 -9l-9 9"/>"#);
            self.add(Layer::Text, cross);
        }
        let rows = self.labels(labels(lane, self.scale, self.language), top + BAR);
        BAR + ROW * rows.max(1) as f64
    }

    fn slice(&mut self, slice: &Slice, top: f64) {
        let Slice { category, name, begin, end } = slice;
        let long = self.scale.x(*end) - self.scale.x(*begin);
        let is_seen = match category.as_str() {
            "process" | "hold" | "task" => true,
            "wait" => long > 0.8,
            _ => false,
        };
        if !is_seen {
            return;
        }
        self.bar(category, *begin, *end, top);
        let name = self.language.name(name);
        if category != "process" && width(&name) * SMALL + 6.0 < long {
            let (x, y) = (self.scale.x(*begin) + long / 2.0, top + BAR / 2.0 + 3.8);
            self.add(
                Layer::Text,
                format_args!(
                    r#"<text class="in {category}" x="{x:.1}" y="{y:.1}">{}</text>"#,
                    Escaped(&name)
                ),
            );
        }
    }

    fn bar(&mut self, class: &str, begin: f64, end: f64, top: f64) {
        let (x, right) = (self.scale.x(begin), self.scale.x(end));
        let width = (right - x).max(1.2);
        self.add(Layer::Bars, format_args!(
            r#"<rect class="{class}" x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{BAR}" rx="2"/>"#
        ));
    }

    /// Draws texts below a bar whose lower edge is `top`, and returns how many rows they take.
    fn labels(&mut self, labels: Vec<Label>, top: f64) -> usize {
        let mut rows = Rows::default();
        for Label { class, mark, place, is_before, text } in labels {
            let y = top + ROW * (rows.place(place.clone()) as f64 + 1.0);
            let (x, side) = if is_before { (place.end, "end") } else { (place.start, "start") };
            let (text, above, below) = (Escaped(&text), top - 4.0, y - 1.0);
            self.add(
                Layer::Marks,
                format_args!(r#"<path class="mark" d="M{mark:.1} {above:.1}V{below:.1}"/>"#),
            );
            self.add(Layer::Text, format_args!(
                r#"<text class="{class}" text-anchor="{side}" x="{x:.1}" y="{:.1}">{text}</text>"#,
                y - 3.0,
            ));
        }
        rows.count()
    }

    fn ways(&mut self, record: &Record, tops: &[f64]) {
        for way in &record.ways {
            let ((from, departure), (to, arrival)) = (way.from, way.to);
            let (x1, x2) = (self.scale.x(departure), self.scale.x(arrival));
            let (y1, y2) = match from.cmp(&to) {
                std::cmp::Ordering::Less => (tops[from] + BAR, tops[to]),
                std::cmp::Ordering::Greater => (tops[from], tops[to] + BAR),
                std::cmp::Ordering::Equal if x2 - x1 < 4.0 => continue,
                std::cmp::Ordering::Equal => (tops[from], tops[to]),
            };
            let bend = if from == to { -12.0 } else { (y2 - y1) / 2.0 };
            let (c1, c2) = if from == to { (y1 + bend, y2 + bend) } else { (y1 + bend, y2 - bend) };
            self.add(Layer::Ways, format_args!(
                r#"<path class="way" marker-end="url(#tip)" d="M{x1:.1} {y1:.1}C{x1:.1} {c1:.1} {x2:.1} {c2:.1} {x2:.1} {y2:.1}"/>"#
            ));
        }
    }
}
