//! All pages of both languages, made by mdBook from what is written here and what is generated.

use std::fmt::Write;
use std::fs;
use std::path::{self, Path};
use std::thread;

use golden::program::Program;
use mdbook_driver::MDBook;

use crate::language::Language;
use crate::mdbook_source::{Page, write_book};
use crate::program_page::ProgramPage;
use crate::recording::{Recording, record_all};
use crate::source::Source;
use crate::translation::Translation;
use crate::{Result, dependencies, hazards, recipes};

/// What is the same in both languages: the programs in reading order, what they and the recipes printed.
struct Material<'a> {
    root: &'a Path,
    programs: Vec<Program>,
    recordings: Vec<Recording>,
    recipes: Vec<(String, String)>,
    readme: String,
    manifest: String,
}

/// Makes the site in `target`: `index.html`, and a directory for each language.
///
/// # Errors
///
/// If a program does not run as it should, an explanation is missing, or mdBook fails.
pub fn make(root: &Path, target: &Path) -> Result<()> {
    let material = Material::gather(root)?;
    thread::scope(|scope| {
        let material = &material;
        let make = |language| scope.spawn(move || material.make_in(target, language));
        let languages = Language::ALL.map(make);
        languages.into_iter().try_for_each(|made| made.join().expect("it returns its faults"))
    })?;
    fs::copy(root.join("crates/book/theme/languages.html"), target.join("index.html"))?;
    Ok(())
}

impl Material<'_> {
    fn gather(root: &Path) -> Result<Material<'_>> {
        let programs = in_reading_order(Program::in_workspace(root)?)?;
        let recipes = page_text(root, Language::English, "recipes")?;
        // The programs mostly sleep.
        let (recordings, recipes) = thread::scope(|scope| {
            let recordings = scope.spawn(|| record_all(root, &programs));
            let recipes = recipes::run_all(root, &recipes);
            (recordings.join().expect("it returns its faults"), recipes)
        });
        Ok(Material {
            root,
            recordings: recordings?,
            programs,
            recipes: recipes?,
            readme: fs::read_to_string(root.join("README.md"))?,
            manifest: fs::read_to_string(root.join("Cargo.toml"))?,
        })
    }

    fn make_in(&self, target: &Path, language: Language) -> Result<()> {
        let source = target.join("source").join(language.code());
        write_book(&source, self.root, &self.pages(language)?, language)?;
        for (program, recording) in self.programs.iter().zip(&self.recordings) {
            let file = source.join("src").join(format!("{}.svg", program.name));
            fs::write(file, recording.picture(language))?;
        }
        let build = || {
            let mut book = MDBook::load(&source)?;
            book.config.build.build_dir = path::absolute(target.join(language.code()))?;
            book.build()
        };
        build()
            .map_err(|error| format!("mdBook cannot make {}: {error:#}", source.display()).into())
    }

    /// All pages of a language, in reading order.
    fn pages(&self, language: Language) -> Result<Vec<Page>> {
        let words = language.words();
        let text = |name: &str| page_text(self.root, language, name);
        let page = |name: &str, title: &str, text| (name.to_string(), title.to_string(), text);
        let (programs, list) = self.program_pages(language)?;
        let mut pages =
            vec![page("index", words.begin, text("index")?.replace("{{programs}}", &list))];
        pages.extend(programs);
        pages.push(page("python", words.python, text("python")?));
        let recipes = recipes::render(self.root, &text("recipes")?, &self.recipes)?;
        pages.push(page("recipes", words.recipes, recipes));
        let hazards = self.hazards(&text("hazards")?, language)?;
        pages.push(page("hazards", words.hazards, hazards));
        let expected = match language {
            Language::English => fs::read_to_string(self.root.join("expected-output/README.md"))?,
            Language::Chinese => text("expected-output")?,
        };
        pages.push(page("expected-output", words.expected_output, expected));
        Ok(pages)
    }

    /// The pages of the programs, and a list of them.
    fn program_pages(&self, language: Language) -> Result<(Vec<Page>, String)> {
        let (mut pages, mut list) = (Vec::new(), String::new());
        for (i, program) in self.programs.iter().enumerate() {
            let name = program.name.as_str();
            let in_program = |error| format!("{name}, {}: {error}", language.code());
            let source = source_in(self.root, program, language).map_err(in_program)?;
            let expected = fs::read_to_string(program.expected_output(self.root))?;
            let file = fs::canonicalize(&program.source)?;
            let text = fs::read_to_string(&program.source)?;
            let dependencies = dependencies::of(&text, &self.manifest);
            let origin = origin(&self.readme, name);
            let origin = origin.ok_or_else(|| format!("README.md has no row for {name}"))?;
            let page = ProgramPage {
                name,
                file: &file.strip_prefix(self.root)?.display().to_string(),
                origin,
                dependencies: &dependencies,
                source: &source,
                recording: &self.recordings[i],
                expected: &expected,
            };
            pages.push((name.into(), name.into(), page.render(language)));
            let _ = writeln!(list, "1. [`{name}`]({name}.md) {} ({origin})", source.title);
        }
        Ok((pages, list))
    }

    fn hazards(&self, introduction: &str, language: Language) -> Result<String> {
        let english = hazards::rows(&self.readme)?;
        let rows = match language {
            Language::English => english.clone(),
            Language::Chinese => {
                hazards::rows(&fs::read_to_string(self.root.join("README.zh-CN.md"))?)?
            }
        };
        let proofs = fs::read_to_string(self.root.join("crates/book/hazards.txt"))?;
        hazards::render(introduction, &rows, &english, &proofs, language)
    }
}

/// A program with the explanations of a language.
///
/// # Errors
///
/// If the program or its explanations cannot be read, or do not fit together.
pub fn source_in(root: &Path, program: &Program, language: Language) -> Result<Source> {
    let mut source = Source::parse(&fs::read_to_string(&program.source)?)?;
    if language == Language::Chinese {
        let file = format!("crates/book/zh/programs/{}.md", program.name);
        let text = fs::read_to_string(root.join(&file))
            .map_err(|error| format!("cannot read {file}: {error}"))?;
        let translation = Translation::parse(&text)?;
        translation.annotate(&mut source)?;
        let Translation { title, body, python, variation, .. } = translation;
        let python = python.unwrap_or_else(|| code_of(&source.python));
        source = Source { title, body, python, variation, alternative: None, ..source };
    }
    Ok(source)
}

/// What stands between backquotes.
fn code_of(text: &str) -> String {
    let code = text.split('`').skip(1).step_by(2);
    code.map(|code| format!("`{code}`")).collect::<Vec<_>>().join("、")
}

/// Sorts the programs as their heads lead from one to the next.
///
/// # Errors
///
/// If a head cannot be read, or leads nowhere.
pub fn in_reading_order(programs: Vec<Program>) -> Result<Vec<Program>> {
    let next = |program: &Program| Ok(Source::parse(&fs::read_to_string(&program.source)?)?.next);
    let nexts = programs.iter().map(next).collect::<Result<Vec<Option<String>>>>()?;
    let is_first = |program: &&Program| !nexts.contains(&Some(program.name.clone()));
    let mut name = programs.iter().find(is_first).map(|program| program.name.clone());
    let mut ordered = Vec::new();
    while let Some(current) = name {
        let place = programs.iter().position(|program| program.name == current);
        let place =
            place.ok_or_else(|| format!("`Next:` leads to `{current}`, which is no program"))?;
        ordered.push(programs[place].clone());
        name = nexts[place].clone().filter(|_| ordered.len() <= programs.len());
    }
    if ordered.len() != programs.len() {
        return Err(format!(
            "the `Next:` of the heads lead through {} of {} programs",
            ordered.len(),
            programs.len()
        )
        .into());
    }
    Ok(ordered)
}

/// Document and section, as the README's row of the program has them.
fn origin<'a>(readme: &'a str, name: &str) -> Option<&'a str> {
    let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` |")))?;
    row.split('|').nth(3).map(str::trim)
}

/// A page that is written by hand.
fn page_text(root: &Path, language: Language, name: &str) -> Result<String> {
    let file = format!("crates/book/{}/{name}.md", language.code());
    fs::read_to_string(root.join(&file))
        .map_err(|error| format!("cannot read {file}: {error}").into())
}
