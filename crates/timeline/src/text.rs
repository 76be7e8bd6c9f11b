//! Text in pictures: how wide it is, and in which language.

use std::fmt;

/// The size of most texts.
pub(crate) const SIZE: f64 = 12.0;

/// How wide a text is, in multiples of its size. An estimate, on the large side.
pub(crate) fn width(text: &str) -> f64 {
    let of = |char: char| match char {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | '(' | ')' | '\'' | '|' => 0.36,
        'm' | 'w' | 'M' | 'W' => 0.88,
        'A'..='Z' => 0.7,
        '0'..='9' => 0.64,
        '\0'..='\u{2ff}' => 0.58,
        _ => 1.02,
    };
    text.chars().map(of).sum()
}

/// The text, or its beginning with `…`, so that it is no wider than `most`.
pub(crate) fn shortened(text: &str, most: f64) -> String {
    if width(text) <= most {
        return text.into();
    }
    let mut short = String::new();
    for char in text.chars() {
        if width(&short) + width("m…") > most {
            break;
        }
        short.push(char);
    }
    short + "…"
}

/// Text between tags, or in an attribute.
pub(crate) struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\0'..' ' => f.write_str(" ")?, // of these XML allows few
                _ => write!(f, "{char}")?,
            }
        }
        Ok(())
    }
}

/// The language of the few words in a picture that the program did not print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Chinese.
    Chinese,
}

/// The words, in English and in Chinese.
const WORDS: &[(&str, &str)] = &[
    ("runs", "运行"),
    ("waits", "等待"),
    ("holds a lock", "持有锁"),
    ("does a task", "执行任务"),
    ("item's way", "数据的去向"),
    ("prints", "打印"),
    ("killed", "被杀死"),
    ("killed by signal", "被杀死，信号"),
    ("wait for", "等待"),
    ("join", "等待"),
    ("get from", "等待"),
    ("receive from", "等待"),
    ("put into", "放入"),
    ("send into", "发送到"),
    ("hold", "持有"),
    ("task", "任务"),
    ("Lock", "锁"),
    ("Queue", "队列"),
    ("JoinableQueue", "队列"),
    ("Pipe", "管道"),
    ("Event", "事件"),
    ("Condition", "条件变量"),
    ("Semaphore", "信号量"),
    ("Barrier", "屏障"),
    ("tasks", "任务"),
    ("results", "结果"),
    ("Processes", "进程"),
];

impl Language {
    /// A word that stands in the table above, in this language.
    pub(crate) fn word(self, english: &'static str) -> &'static str {
        self.translated(english).unwrap_or(english)
    }

    fn translated(self, english: &str) -> Option<&'static str> {
        let row = WORDS.iter().filter(|_| self == Language::Chinese);
        row.into_iter().find(|(word, _)| *word == english).map(|(_, chinese)| *chinese)
    }

    /// What a slice is called: a verb of one or two words, and an object.
    pub(crate) fn name(self, name: &str) -> String {
        let verb = WORDS
            .iter()
            .map(|(word, _)| *word)
            .filter(|word| name.strip_prefix(word).is_some_and(|object| object.starts_with(' ')));
        let Some(verb) = verb.max_by_key(|verb| verb.len()) else { return name.into() };
        let object = name[verb.len()..].trim_start();
        let (kind, number) = object.split_once(' ').unwrap_or((object, ""));
        let kind = self.translated(kind).unwrap_or(kind);
        let verb = self.translated(verb).unwrap_or(verb);
        let phrase = if number.is_empty() { kind.into() } else { format!("{kind} {number}") };
        // Chinese words stand without a blank between them.
        let blank = if verb.is_ascii() || kind.is_ascii() { " " } else { "" };
        format!("{verb}{blank}{phrase}")
    }
}
