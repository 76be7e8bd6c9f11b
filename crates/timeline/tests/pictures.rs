//! The picture of a run.

use roxmltree::{Document, Node};
use timeline::picture::picture;
use timeline::record::Record;
use timeline::text::Language;

use crate::records::sample;

fn elements<'a>(document: &'a Document<'a>, class: &str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.attribute("class") == Some(class)).collect()
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn texts(document: &Document<'_>) -> Vec<String> {
    document.descendants().filter_map(|node| node.text().map(String::from)).collect()
}

#[test]
fn it_has_a_bar_for_each_slice() {
    let svg = picture(&[sample()], Language::English);
    let document = Document::parse(&svg).unwrap();
    let bars = |class| {
        let bars = elements(&document, class).into_iter();
        bars.filter(|bar| bar.has_tag_name("rect") && bar.attribute("height") == Some("17")).count()
    };
    assert_eq!((bars("process"), bars("wait"), bars("hold"), bars("task")), (3, 1, 1, 0));
    assert_eq!(elements(&document, "death").len(), 1);
    assert!(texts(&document).contains(&"killed by signal 9".into()));
}

#[test]
fn an_arrow_leads_down_from_put_to_get() {
    let svg = picture(&[sample()], Language::English);
    let document = Document::parse(&svg).unwrap();
    let ways = elements(&document, "way");
    assert_eq!(ways.len(), 2); // one is the legend's
    let path = ways[0].attribute("d").unwrap();
    let numbers = path.split(['M', 'C', ' ']).filter_map(|number| number.parse::<f64>().ok());
    let numbers: Vec<_> = numbers.collect();
    assert!(numbers[0] < numbers[6] && numbers[1] < numbers[7], "{path}");
}

#[test]
fn what_was_printed_is_text() {
    let svg = picture(&[sample()], Language::English);
    let document = Document::parse(&svg).unwrap();
    assert!(texts(&document).contains(&"<bread> & butter".into()), "{svg}");
}

#[test]
fn several_runs_have_one_scale() {
    let mut short = sample();
    short.end = 0.5;
    let svg = picture(&[short, sample()], Language::English);
    let document = Document::parse(&svg).unwrap();
    let holds = elements(&document, "hold").into_iter().filter(|node| node.has_tag_name("rect"));
    let places: Vec<_> = holds.map(|hold| number(hold, "x")).collect();
    assert_eq!(places[0], places[1]);
}

#[test]
fn no_line_reaches_beyond_the_picture() {
    let mut record = sample();
    let long =
        "a line that is printed at the very end of the whole run and is rather long".to_owned();
    let line = timeline::record::Line { time: record.end, text: long.repeat(3), place: 0 };
    record.lanes[0].lines = vec![line; 3];
    let svg = picture(&[record], Language::English);
    let document = Document::parse(&svg).unwrap();
    let width = number(document.root_element(), "width");
    let mut lines = document.descendants().filter(|node| {
        node.has_tag_name("text") && node.text().is_some_and(|text| text.starts_with("a line"))
    });
    let line = lines.next().unwrap();
    assert!(line.text().unwrap().ends_with('…'));
    assert!(number(line, "x") >= 0.0 && number(line, "x") < width);
    let second = lines.next().unwrap();
    assert!(number(line, "y") < number(second, "y"), "one is upon the other");
}

#[test]
fn words_are_english_or_chinese() {
    let svg = picture(&[sample()], Language::Chinese);
    let document = Document::parse(&svg).unwrap();
    let texts = texts(&document);
    for word in ["等待队列", "持有锁", "打印", "被杀死，信号 9"] {
        assert!(texts.iter().any(|text| text == word), "{word}: {texts:?}");
    }
}

#[test]
fn an_empty_run_is_an_empty_picture() {
    let svg = picture(&[Record::default()], Language::English);
    assert!(Document::parse(&svg).is_ok(), "{svg}");
}
