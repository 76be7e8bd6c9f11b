//! The file: Chrome's trace format, a JSON object.

use std::fmt;
use std::io::{self, Write};

use crate::event::Event;
use crate::history::{Step, What, history};

/// Writes the events. `dropped` had no place, `torn` were left unfinished by killed processes.
pub(crate) fn write(
    out: &mut impl Write,
    events: Vec<Event>,
    dropped: u64,
    torn: usize,
) -> io::Result<()> {
    writeln!(out, "{{\"displayTimeUnit\":\"ms\",")?;
    writeln!(out, "\"otherData\":{{\"dropped\":\"{dropped}\",\"torn\":\"{torn}\"}},")?;
    write!(out, "\"traceEvents\":[")?;
    for (n, step) in history(events).iter().enumerate() {
        let separator = if n == 0 { "\n" } else { ",\n" };
        write!(out, "{separator}{}", Line(step))?;
    }
    writeln!(out, "\n]}}")
}

/// A step as an object of JSON.
struct Line<'a>(&'a Step);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { time, pid, tid, what } = self.0;
        let (micros, nanos) = (time / 1000, time % 1000);
        write!(f, "{{\"pid\":{pid},\"tid\":{tid},\"ts\":{micros}.{nanos:03},")?;
        match what {
            What::Lane(name) => {
                write!(f, r#""ph":"M","name":"process_name","args":{{"name":{}}}}}"#, Quoted(name))
            }
            What::Begin { name, category } => {
                write!(f, r#""ph":"B","cat":"{category}","name":{}}}"#, Quoted(name))
            }
            What::End => write!(f, r#""ph":"E"}}"#),
            What::Instant(name) => write!(f, r#""ph":"i","s":"t","name":{}}}"#, Quoted(name)),
            What::Depart(way) => {
                write!(f, r#""ph":"s","cat":"item","name":"item","id":{way}}}"#)
            }
            What::Arrive(way) => {
                write!(f, r#""ph":"f","bp":"e","cat":"item","name":"item","id":{way}}}"#)
            }
        }
    }
}

/// A string of JSON.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.0.chars() {
            match char {
                '"' | '\\' => write!(f, "\\{char}")?,
                '\0'..' ' => write!(f, "\\u{:04x}", char as u32)?,
                _ => write!(f, "{char}")?,
            }
        }
        f.write_str("\"")
    }
}
