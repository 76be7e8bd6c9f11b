//! How the text of an expected line is written.

use crate::names::{Kind, Names};
use crate::pattern::{Meaning, Pattern, Piece, decimal};

const ALLOWED: &str = "allowed are <pid:name>, <time:name>, <pid:one name|another>, <time>, <min..max>, \
                       <\"one text\"|\"another\">, and \\< for the character < itself";

/// Parses the text right of the bar. Names that are new are added to `names`.
pub(crate) fn parse_pattern(text: &str, names: &mut Names) -> Result<Pattern, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let piece = match rest.strip_prefix('<') {
            Some(inside) => placeholder(inside, names)?,
            None => literal(rest),
        };
        rest = &rest[piece.source.len()..];
        pieces.push(piece);
    }
    Ok(Pattern { pieces })
}

/// The text up to the next placeholder.
fn literal(source: &str) -> Piece {
    let is_start = |&(start, _): &(usize, &str)| !source[..start].ends_with('\\');
    let end = source.match_indices('<').find(is_start).map_or(source.len(), |(start, _)| start);
    let source = &source[..end];
    Piece { source: source.into(), meaning: Meaning::OneOf(vec![source.replace("\\<", "<")]) }
}

/// The placeholder that begins before `inside`.
fn placeholder(inside: &str, names: &mut Names) -> Result<Piece, String> {
    let end = if inside.starts_with('"') { "\">" } else { ">" };
    let start = inside.find(end).ok_or_else(|| {
        format!("`<{inside}` opens a placeholder that is never closed; {ALLOWED}")
    })?;
    let content = &inside[..start + end.len() - 1];
    let source = format!("<{content}>");
    let meaning =
        meaning(content, names).map_err(|fault| format!("`{source}` {fault}; {ALLOWED}"))?;
    Ok(Piece { source, meaning })
}

fn meaning(content: &str, names: &mut Names) -> Result<Meaning, String> {
    if content == "time" {
        return Ok(Meaning::Time);
    }
    if content.starts_with('"') {
        return texts(content);
    }
    if let Some((kind, list)) = content.split_once(':') {
        return match kind {
            "pid" => name(Kind::Pid, list, names),
            "time" => name(Kind::Time, list, names),
            _ => Err(format!("is of the kind `{kind}`, but there are only pid and time")),
        };
    }
    number_range(content).ok_or_else(|| "is not a placeholder".into())
}

/// `one name` or `one name|another`.
fn name(kind: Kind, list: &str, names: &mut Names) -> Result<Meaning, String> {
    let is_no_name = |word: &&str| {
        word.is_empty() || word.contains(|char: char| char.is_whitespace() || "<\"".contains(char))
    };
    let words: Vec<&str> = list.split('|').collect();
    if let Some(word) = words.iter().find(|word| is_no_name(word)) {
        return Err(format!("has `{word}` in the place of a name, which is one word"));
    }
    unlike("name", &words)?;
    Ok(Meaning::Name(words.iter().map(|word| names.resolve(kind, word)).collect()))
}

/// `"one text"|"another"`.
fn texts(content: &str) -> Result<Meaning, String> {
    let inside = content.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let texts: Vec<&str> = inside.unwrap_or_default().split("\"|\"").collect();
    if texts.len() < 2 || texts.iter().any(|text| text.is_empty() || text.contains('"')) {
        return Err("is not two texts or more, none of them empty, without \" inside".into());
    }
    unlike("text", &texts)?;
    Ok(Meaning::OneOf(texts.into_iter().map(String::from).collect()))
}

/// Fails if an item is there twice.
pub(crate) fn unlike(what: &str, items: &[&str]) -> Result<(), String> {
    let twice = (1..items.len()).find(|&index| items[..index].contains(&items[index]));
    twice.map_or(Ok(()), |index| Err(format!("has the {what} `{}` twice", items[index])))
}

/// `2.0..4.0`.
fn number_range(content: &str) -> Option<Meaning> {
    let (min, max) = content.split_once("..")?;
    let (min, max) = (decimal(min)?, decimal(max)?);
    (min <= max).then_some(Meaning::Number(min..=max))
}
