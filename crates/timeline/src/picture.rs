//! The pictures of some runs, below each other with the same scale, and what the signs mean.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::panel::{Panel, panel};
use crate::record::Record;
use crate::scale::{LEFT, WIDTH};
use crate::text::{Escaped, Language, SIZE, width};

/// Colours for a light page and for a dark one.
const STYLE: &str = include_str!("style.css");

/// Between two panels.
const SPACE: f64 = 22.0;
const LEGEND: f64 = 30.0;

/// A sign of the legend: its class, what it means, and whether a slice of that category stands for it.
const SIGNS: [(&str, &str); 6] = [
    ("process", "runs"),
    ("wait", "waits"),
    ("hold", "holds a lock"),
    ("task", "does a task"),
    ("way", "item's way"),
    ("mark", "prints"),
];

/// Draws the runs.
pub fn picture(records: &[Record], language: Language) -> String {
    let seconds = records.iter().map(|record| record.end).fold(0.0, f64::max);
    let mut panels = String::new();
    let mut y = 0.0;
    for record in records {
        let Panel { svg, height } = panel(record, seconds, language);
        let _ = write!(panels, "<g transform=\"translate(8 {:.1})\">\n{svg}</g>\n", y + 6.0);
        y += height + SPACE;
    }
    let height = y - SPACE + LEGEND + 6.0;
    let titles: Vec<_> = records.iter().map(|record| record.title.as_str()).collect();
    let titles = titles.join(", ");
    let width = WIDTH + 16.0;
    let legend = legend(records, language, y - SPACE + 20.0);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img">
<title>{}: {}</title>
<style>{}</style>
<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M1.5 0V5"/></pattern>
<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>
<rect class="paper" width="{width:.0}" height="{height:.0}" rx="6"/>
{panels}{legend}</svg>
"##,
        language.word("Processes"),
        Escaped(&titles),
        STYLE.split_whitespace().collect::<Vec<_>>().join(" "),
    )
}

/// One line with the signs that occur.
fn legend(records: &[Record], language: Language, y: f64) -> String {
    let lanes = || records.iter().flat_map(|record| &record.lanes);
    let slices = lanes().flat_map(|lane| &lane.slices);
    let mut there: BTreeSet<&str> = slices.map(|slice| slice.category.as_str()).collect();
    there.extend(records.iter().any(|record| !record.ways.is_empty()).then_some("way"));
    there.extend(lanes().any(|lane| !lane.lines.is_empty()).then_some("mark"));
    let mut legend = String::new();
    let mut x = 8.0 + LEFT;
    for (class, word) in SIGNS.into_iter().filter(|(class, _)| there.contains(class)) {
        let word = language.word(word);
        let sign = match class {
            "way" => format!(r#"<path class="way" marker-end="url(#tip)" d="M{x} {y}h22"/>"#),
            "mark" => format!(r#"<path class="mark" d="M{x} {}v12"/>"#, y - 6.0),
            _ => format!(
                r#"<rect class="{class}" x="{x}" y="{}" width="22" height="11" rx="2"/>"#,
                y - 6.0
            ),
        };
        x += if class == "mark" { 5.0 } else { 28.0 };
        let text = format_args!(r#"<text class="key" x="{x:.1}" y="{:.1}">{word}</text>"#, y + 4.0);
        let _ = writeln!(legend, "{sign}{text}");
        x += width(word) * SIZE + 22.0;
    }
    legend
}
