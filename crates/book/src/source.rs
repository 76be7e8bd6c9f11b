//! A program's source, taken apart: its head, its lines, and the comments that explain them.

use crate::Result;

/// What the head of a program says, and the lines below it.
#[derive(Debug)]
pub struct Source {
    /// The first sentence: what it shows.
    pub title: String,
    /// What the operating system does.
    pub body: Vec<String>,
    /// The names of Python, with backquotes.
    pub python: String,
    /// Another way to run it.
    pub alternative: Option<String>,
    /// How its output varies, as said behind the command.
    pub variation: String,
    /// The program that comes after it.
    pub next: Option<String>,
    /// The program without its head.
    pub lines: Vec<Line>,
}

/// A line of a program without its comment, and the comment.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The code.
    pub code: String,
    /// What the comments on the line, and on the lines before it, say.
    pub note: Option<String>,
}

impl Source {
    /// Takes a program apart.
    ///
    /// # Errors
    ///
    /// Says which part of the head is missing.
    pub fn parse(text: &str) -> Result<Source> {
        let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        let code: Vec<&str> = text.lines().skip(head.len()).collect();
        let mut paragraphs = paragraphs(&head).into_iter();
        let title = paragraphs.next().ok_or("the head has no first sentence")?;
        let (mut body, mut python, mut run) = (Vec::new(), None, None);
        for paragraph in paragraphs {
            if let Some(names) = paragraph.strip_prefix("In Python: ") {
                python = Some(names.to_string());
            } else if let Some(rest) = paragraph.strip_prefix("Run: ") {
                run = Some(rest.to_string());
            } else if !paragraph.starts_with("From ") {
                body.push(paragraph);
            }
        }
        let run = run.ok_or("the head has no `Run:`")?;
        let (run, next) = run.split_once("Next: ").ok_or("the head has no `Next:`")?;
        let next = next.strip_prefix('`').and_then(|next| next.split('`').next());
        Ok(Source {
            title,
            body,
            python: python.ok_or("the head has no `In Python:`")?,
            alternative: alternative(run),
            variation: after_the_command(run),
            next: next.map(String::from),
            lines: lines(&code),
        })
    }
}

fn paragraphs(head: &[&str]) -> Vec<String> {
    let paragraphs = head.split(|line| line.trim().is_empty()).filter(|lines| !lines.is_empty());
    paragraphs
        .map(|lines| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "))
        .collect()
}

/// What follows the sentence with the command.
fn after_the_command(run: &str) -> String {
    let mut sentences = run.trim().split_inclusive(". ");
    sentences.next();
    sentences.collect::<String>().trim().to_string()
}

/// What the sentence with the command says after `or`.
fn alternative(run: &str) -> Option<String> {
    let (_, alternative) = run.split(". ").next()?.split_once(", or ")?;
    Some(format!("Or {}.", alternative.trim().trim_end_matches('.')))
}

/// The lines with their comments. A comment that has lines to itself belongs to the code that follows.
fn lines(code: &[&str]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for line in code {
        let (code, comment) = split_comment(line);
        if let Some(comment) = comment {
            notes.push(sentence(comment, notes.is_empty()));
            if code.trim().is_empty() {
                continue;
            }
        }
        let is_wrapped =
            code.trim().is_empty() && lines.last().is_none_or(|last| last.code.is_empty());
        if !is_wrapped {
            let note = (!notes.is_empty()).then(|| notes.join(" "));
            lines.push(Line { code: code.trim_end().to_string(), note });
            notes.clear();
        }
    }
    lines
}

/// A comment with a capital letter, since it stands by itself on a page; the lines of one comment stay as they are.
fn sentence(comment: &str, is_first: bool) -> String {
    let mut chars = comment.chars();
    match chars.next() {
        Some(first) if is_first => first.to_uppercase().chain(chars).collect(),
        _ => comment.into(),
    }
}

/// A line's code, and its comment without the slashes.
fn split_comment(line: &str) -> (&str, Option<&str>) {
    let is_in_text = |before: &str| before.replace("\\\"", "").matches('"').count() % 2 == 1;
    let start = line.match_indices("//").find(|(start, _)| !is_in_text(&line[..*start]));
    match start {
        Some((start, _)) => (&line[..start], Some(line[start..].trim_start_matches('/').trim())),
        None => (line, None),
    }
}
