//! The page of a program.

use std::fmt::Write;

use crate::html::{escape, inline};
use crate::language::Language;
use crate::recording::Recording;
use crate::source::{Line, Source};
use crate::variation::reasons;

/// What the page of a program is made of.
#[derive(Debug)]
pub struct ProgramPage<'a> {
    /// The program's name.
    pub name: &'a str,
    /// Its file in the repository.
    pub file: &'a str,
    /// The document and section it comes from.
    pub origin: &'a str,
    /// The program, with the explanations of the page's language.
    pub source: &'a Source,
    /// A run of it.
    pub recording: &'a Recording,
    /// What it needs in a project of its own: lines of a manifest.
    pub dependencies: &'a str,
    /// The text of its expected output.
    pub expected: &'a str,
}

impl ProgramPage<'_> {
    /// The page, as Markdown with HTML in it.
    pub fn render(&self, language: Language) -> String {
        let words = language.words();
        let ProgramPage { name, source, recording, .. } = self;
        let mut page = self.head(language);
        self.run_command(&mut page, language);
        let file = words.file.replace("{}", self.file);
        let _ = writeln!(page, "## {}\n\n{file}\n\n{}\n", words.program, program(&source.lines));
        if !self.dependencies.is_empty() {
            let _ = writeln!(
                page,
                "{}\n\n```toml\n[dependencies]\n{}\n```\n",
                words.own_project, self.dependencies
            );
        }
        let _ = writeln!(
            page,
            "## {}\n\n{}\n\n[{}](python.md)\n",
            words.in_python, source.python, words.all_names
        );
        let _ = writeln!(
            page,
            "## {}\n\n{}\n\n{}\n",
            words.printed,
            words.printed_how,
            output(recording)
        );
        let _ = writeln!(
            page,
            "## {}\n\n<figure class=\"timeline\"><img src=\"{name}.svg\" alt=\"{}\"></figure>\n",
            words.timeline, words.timeline_of
        );
        self.variation(&mut page, language);
        let _ = match &source.next {
            Some(next) => writeln!(page, "**{} [{next}]({next}.md)**", words.next),
            None => writeln!(page, "{}", words.last),
        };
        page
    }

    /// What the program shows.
    fn head(&self, language: Language) -> String {
        let ProgramPage { name, origin, source, .. } = self;
        let mut head = format!(
            "# {name}\n\n<p class=\"shows\">{}</p>\n<p class=\"origin\">{} {}</p>\n\n",
            inline(&source.title),
            language.words().from,
            inline(origin),
        );
        for paragraph in &source.body {
            let _ = writeln!(head, "{paragraph}\n");
        }
        head
    }

    fn run_command(&self, page: &mut String, language: Language) {
        let words = language.words();
        let took = self.recording.lines.last().map_or(0.0, |line| line.time);
        let _ =
            writeln!(page, "## {}\n\n```console\n$ {}\n```\n", words.run, self.recording.command());
        if let Some(alternative) = &self.source.alternative {
            let _ = writeln!(page, "{alternative}\n");
        }
        if took >= 1.5 {
            let _ = writeln!(page, "{}\n", words.takes.replace("{}", &format!("{took:.0}")));
        }
    }

    fn variation(&self, page: &mut String, language: Language) {
        let words = language.words();
        let _ = writeln!(page, "## {}\n\n{}\n", words.varies, self.source.variation);
        for reason in reasons(self.expected, language) {
            let _ = writeln!(page, "- {reason}");
        }
        let body: Vec<&str> = self.expected.lines().skip(2).collect();
        let _ = writeln!(page, "\n{}\n\n```text\n{}\n```\n", words.right_outputs, body.join("\n"));
    }
}

/// The lines in steps: each begins with a line that is explained, or after a blank one, and has the explanation beside
/// it. The blank lines themselves are left to the style, for mdBook drops those at the end of a block.
fn program(lines: &[Line]) -> String {
    let mut html = String::from("<div class=\"program\">\n");
    let mut class = "step";
    for step in lines.chunk_by(|before, line| line.note.is_none() && !before.code.is_empty()) {
        let code: Vec<&str> = step.iter().map(|line| line.code.as_str()).collect();
        let note = step[0].note.as_deref().map(inline).unwrap_or_default();
        let _ = writeln!(
            html,
            "<div class=\"{class}\"><p class=\"note\">{note}</p><pre><code class=\"language-rust\">{}</code></pre></div>",
            escape(code.join("\n").trim_end()),
        );
        class = if code.last() == Some(&"") { "step apart" } else { "step" };
    }
    html + "</div>"
}

fn output(recording: &Recording) -> String {
    let has_processes = recording.lines.iter().any(|line| line.process.is_some());
    let class = if has_processes { "output by-process" } else { "output" };
    let mut html = format!("<div class=\"{class}\">\n");
    for line in &recording.lines {
        let process = line.process.as_deref().unwrap_or_default();
        let process = if has_processes {
            format!("<span class=\"process\">{}</span>", escape(process))
        } else {
            String::new()
        };
        let _ = writeln!(
            html,
            "<div><span class=\"time\">{:.3}</span>{process}<span class=\"line\">{}</span></div>",
            line.time,
            escape(&line.text)
        );
    }
    html + "</div>"
}
