//! Makes a static site of the programs: what each shows, its text with explanations beside the lines, the output
//! of a real run with the time of each line, and what may vary; in English and in Chinese.
//!
//! The English explanations are the programs' own comments. The Chinese ones are in `zh/programs/`, and are
//! attached to a piece of the text of a line, because the numbers of lines change. The layers, each using those
//! above it:
//!
//! 1. [`language`]: the words of the pages; `html`; `dependencies`
//! 2. [`source`]: a program taken apart; [`translation`]: its Chinese file; [`recording`]: a run of it
//! 3. [`program_page`], [`hazards`], [`recipes`]: pages that are generated
//! 4. `mdbook_source`: what mdBook reads
//! 5. [`site`]: all pages of both languages

#![forbid(unsafe_code)]

mod dependencies;
pub mod hazards;
mod html;
pub mod language;
mod mdbook_source;
pub mod program_page;
pub mod recipes;
pub mod recording;
pub mod site;
pub mod source;
pub mod translation;
mod variation;

/// What goes wrong, as a sentence.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
