//! The Chinese explanations of a program: `zh/programs/<program>.md`.
//!
//! ```text
//! # What it shows
//!
//! What the operating system does.
//!
//! ## Python
//!
//! The names of Python, if those of the program's head alone do not say it.
//!
//! ## 逐行
//!
//! - `a piece of the line`：what it is for
//!
//! ## 变化
//!
//! How its output varies.
//! ```

use crate::Result;
use crate::source::Source;

/// The explanations of a program in another language than its own.
#[derive(Debug)]
pub struct Translation {
    /// What it shows.
    pub title: String,
    /// What the operating system does.
    pub body: Vec<String>,
    /// Python's names, if they need words.
    pub python: Option<String>,
    /// Pieces of lines, and what is said about each.
    pub notes: Vec<(String, String)>,
    /// How its output varies.
    pub variation: String,
}

impl Translation {
    /// Parses a file.
    ///
    /// # Errors
    ///
    /// Says which part is missing, or is none of them.
    pub fn parse(text: &str) -> Result<Translation> {
        let mut sections = text.split("\n## ");
        let (title, body) =
            sections.next().unwrap_or_default().split_once('\n').unwrap_or((text, ""));
        let mut translation = Translation {
            title: title.strip_prefix("# ").ok_or("the first line is not `# …`")?.into(),
            body: body.split("\n\n").map(joined).filter(|text| !text.is_empty()).collect(),
            python: None,
            notes: Vec::new(),
            variation: String::new(),
        };
        for section in sections {
            let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
            match heading {
                "Python" => translation.python = Some(joined(text)),
                "逐行" => {
                    let lines = text.lines().filter(|line| !line.trim().is_empty());
                    translation.notes = lines.map(note).collect::<Result<_>>()?;
                }
                "变化" => translation.variation = joined(text),
                _ => return Err(format!("`## {heading}` is neither Python, 逐行 nor 变化").into()),
            }
        }
        if translation.variation.is_empty() {
            return Err("there is no `## 变化`".into());
        }
        Ok(translation)
    }

    /// The lines of the program with these explanations in the place of its own.
    ///
    /// # Errors
    ///
    /// If a line with a comment has no explanation here, or an explanation no such line. They are looked for in
    /// the order of the lines.
    pub fn annotate(&self, source: &mut Source) -> Result<()> {
        let mut notes = self.notes.iter();
        for line in source.lines.iter_mut().filter(|line| line.note.is_some()) {
            let (code, english) = (line.code.trim(), line.note.clone().unwrap_or_default());
            let missing = || format!("`{code}` has a comment, but no explanation here: {english}");
            let (piece, text) = notes.next().ok_or_else(missing)?;
            if !code.contains(piece.as_str()) {
                return Err(format!(
                    "the next line with a comment is `{code}`, not one with `{piece}`: {english}"
                )
                .into());
            }
            line.note = Some(text.clone());
        }
        match notes.next() {
            Some((piece, _)) => Err(format!("`{piece}` is in no line with a comment").into()),
            None => Ok(()),
        }
    }
}

/// One line, since Chinese is written without blanks where lines end.
fn joined(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

fn note(line: &str) -> Result<(String, String)> {
    let parts = line.strip_prefix("- `").and_then(|line| line.split_once("`："));
    let (piece, text) = parts.ok_or_else(|| format!("this is not \"- `piece`：text\": {line}"))?;
    Ok((piece.into(), text.into()))
}
