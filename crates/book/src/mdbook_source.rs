//! What mdBook reads: the pages, its settings, and the index of our own search.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use crate::html;
use crate::language::Language;

/// A page: its file without the extension, its title, and its text.
pub(crate) type Page = (String, String, String);

/// Writes what mdBook reads.
pub(crate) fn write_book(
    book: &Path,
    root: &Path,
    pages: &[Page],
    language: Language,
) -> io::Result<()> {
    let words = language.words();
    let source = book.join("src");
    match fs::remove_dir_all(book) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(&source)?,
    }
    let mut summary = String::new();
    for (i, (name, title, text)) in pages.iter().enumerate() {
        if i == 1 {
            let _ = writeln!(summary, "\n# {}\n", words.programs);
        }
        let _ = writeln!(summary, "- [{title}]({name}.md)");
        let other = language.other().words();
        let link = format!(
            "<p class=\"language\"><a href=\"../{}/{name}.html\" lang=\"{}\">{}</a></p>",
            other.code, other.tag, other.name
        );
        fs::write(source.join(format!("{name}.md")), format!("{link}\n\n{text}"))?;
    }
    fs::write(source.join("SUMMARY.md"), summary)?;
    fs::write(source.join("search-index.js"), search_index(pages, language))?;
    for file in ["book.css", "search.js"] {
        fs::copy(root.join("crates/book/theme").join(file), book.join(file))?;
    }
    let settings = fs::read_to_string(root.join("crates/book/theme/book.toml"))?;
    let settings = settings.replace("{title}", words.title).replace("{language}", words.tag);
    fs::write(book.join("book.toml"), settings)
}

/// What the search looks through: mdBook's own finds no Chinese words, which have no blanks between them.
fn search_index(pages: &[Page], language: Language) -> String {
    let words = language.words();
    let mut index = format!(
        "window.bookSearch = {{ label: {}, nothing: {}, pages: [\n",
        html::js_string(words.search),
        html::js_string(words.nothing_found)
    );
    for (name, title, text) in pages {
        let strings = [title, &format!("{name}.html"), &html::visible(text)];
        let strings = strings.map(|text| html::js_string(text));
        let _ = writeln!(index, "[{}],", strings.join(","));
    }
    index + "] };\n"
}
