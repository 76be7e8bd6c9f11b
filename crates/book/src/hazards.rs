//! The page of hazards: the table of the README, and the tests that prove each row.

use std::fmt::Write;

use crate::Result;
use crate::html::inline;
use crate::language::Language;

/// A hazard, what becomes of it in CPython, and what here.
pub type Row = [String; 3];

/// The rows of the table of hazards in a README.
///
/// # Errors
///
/// If there is no such table.
pub fn rows(readme: &str) -> Result<Vec<Row>> {
    let head = readme
        .lines()
        .position(|line| line.contains("| CPython |") && line.matches('|').count() == 4);
    let head = head.ok_or("there is no table of hazards, with CPython in its middle column")?;
    let rows = readme.lines().skip(head + 2).map_while(|line| {
        let mut cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim);
        Some([cells.next()?.into(), cells.next()?.into(), cells.next()?.into()])
    });
    Ok(rows.collect())
}

/// The tests of each hazard: `hazard`, then a line for each, `- crate module::test`.
///
/// # Errors
///
/// If a test comes before the first hazard.
pub fn proofs(text: &str) -> Result<Vec<(String, Vec<String>)>> {
    let mut proofs: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("- ") {
            None => proofs.push((line.into(), Vec::new())),
            Some(test) => {
                let (_, tests) = proofs.last_mut().ok_or("a test comes before its hazard")?;
                tests.push(test.into());
            }
        }
    }
    Ok(proofs)
}

/// The page: `rows` in the page's language, `english` for the keys of the proofs.
///
/// # Errors
///
/// If the languages have not the same number of rows, or a row has no proof or a proof no row.
pub fn render(
    introduction: &str,
    rows: &[Row],
    english: &[Row],
    proofs: &str,
    language: Language,
) -> Result<String> {
    let proofs = proofs_in_order(english, self::proofs(proofs)?)?;
    if rows.len() != english.len() {
        return Err(format!(
            "{} hazards in English, {} in {}",
            english.len(),
            rows.len(),
            language.code()
        )
        .into());
    }
    let words = language.words();
    let mut page = introduction.to_string();
    for (i, (row, tests)) in rows.iter().zip(&proofs).enumerate() {
        let [_, python, here] = words.hazard_heads;
        let _ = writeln!(page, "\n## {}. {}\n", i + 1, row[0].trim_end_matches(['.', '。']));
        let _ =
            writeln!(page, "<dl class=\"hazard\"><dt>{python}</dt><dd>{}</dd>", inline(&row[1]));
        let _ =
            writeln!(page, "<dt>{here}</dt><dd>{}</dd></dl>\n\n{}\n", inline(&row[2]), words.proof);
        let _ = writeln!(page, "```console");
        for test in tests {
            let _ = writeln!(page, "$ cargo test -p {test}");
        }
        let _ = writeln!(page, "```");
    }
    Ok(page)
}

fn proofs_in_order(
    english: &[Row],
    mut proofs: Vec<(String, Vec<String>)>,
) -> Result<Vec<Vec<String>>> {
    let mut ordered = Vec::new();
    for [hazard, ..] in english {
        let place = proofs.iter().position(|(proven, tests)| proven == hazard && !tests.is_empty());
        let place = place.ok_or_else(|| format!("no test is named for the hazard: {hazard}"))?;
        ordered.push(proofs.remove(place).1);
    }
    match proofs.first() {
        Some((stray, _)) => Err(format!("README.md has no such hazard: {stray}").into()),
        None => Ok(ordered),
    }
}
