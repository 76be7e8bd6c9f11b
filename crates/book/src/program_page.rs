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
    /// A picture of a run, as SVG.
    pub timeline: Option<&'a str>,
    /// The text of its expected output.
    pub expected: &'a str,
}

impl ProgramPage<'_> {
    /// The page, as Markdown with HTML in it.
    pub fn render(&self, language: Language) -> String {
        let words = language.words();
        let ProgramPage { name, origin, source, recording, .. } = self;
        let mut page = format!(
            "# {name}\n\n<p class=\"shows\">{}</p>\n<p class=\"origin\">{} {}</p>\n\n",
            inline(&source.title),
            words.from,
            inline(origin),
        );
        for paragraph in &source.body {
            let _ = writeln!(page, "{paragraph}\n");
        }
        self.run_command(&mut page, language);
        let file = words.file.replace("{}", self.file);
        let _ = writeln!(page, "## {}\n\n{file}\n\n{}\n", words.program, program(&source.lines));
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
        if let Some(svg) = self.timeline {
            let _ = writeln!(
                page,
                "## {}\n\n<figure class=\"timeline\">\n{svg}\n</figure>\n",
                words.timeline
            );
        }
        self.variation(&mut page, language);
        let _ = match &source.next {
            Some(next) => writeln!(page, "**{} [{next}]({next}.md)**", words.next),
            None => writeln!(page, "{}", words.last),
        };
        page
    }

    fn run_command(&self, page: &mut String, language: Language) {
        let words = language.words();
        let took = self.recording.lines.last().map_or(0.0, |(time, _)| time.as_secs_f64());
        let _ =
            writeln!(page, "## {}\n\n```console\n$ {}\n```\n", words.run, self.recording.command);
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
    let mut html = String::from("<div class=\"output\">\n");
    for (time, line) in &recording.lines {
        let _ = writeln!(
            html,
            "<div><span class=\"time\">{:.3}</span><span class=\"line\">{}</span></div>",
            time.as_secs_f64(),
            escape(line)
        );
    }
    html + "</div>"
}
