//! What is said in English is said in Chinese, and nothing else.

use book::hazards;
use book::language::Language;
use book::site::source_in;
use book::source::Source;
use book::translation::Translation;
use golden::program::Program;

use crate::site::{SITE, read, root};

#[test]
fn each_program_has_its_chinese_explanations() {
    let root = root();
    let mut faults = Vec::new();
    for program in Program::in_workspace(&root).unwrap() {
        if let Err(fault) = source_in(&root, &program, Language::Chinese) {
            faults.push(format!("crates/book/zh/programs/{}.md: {fault}", program.name));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_explanations_are_left_of_programs_that_are_gone() {
    let root = root();
    let programs = Program::in_workspace(&root).unwrap();
    for entry in root.join("crates/book/zh/programs").read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap();
        assert!(programs.iter().any(|program| *program.name == *name), "{}", path.display());
    }
}

#[test]
fn an_explanation_without_its_line_is_found() {
    let program = "//! A.\n//!\n//! In Python: `a`.\n//!\n//! Run: `b`. C.\n//! Next: none.\n\nlet a = 1; // one\nlet b = 2;\n";
    let chinese = |notes: &str| {
        Translation::parse(&format!("# 甲\n\n## 逐行\n\n{notes}\n## 变化\n\n无\n")).unwrap()
    };
    let annotate = |notes: &str| {
        chinese(notes).annotate(&mut Source::parse(program).unwrap()).map_err(|e| e.to_string())
    };
    assert_eq!(annotate("- `let a`：一\n"), Ok(()));
    assert!(annotate("").unwrap_err().contains("no explanation here: One"));
    assert!(annotate("- `let b`：二\n").unwrap_err().contains("not one with `let b`"));
    assert!(
        annotate("- `let a`：一\n- `let b`：二\n")
            .unwrap_err()
            .contains("in no line with a comment")
    );
}

/// What must be the same in both languages.
#[derive(Debug, Default, PartialEq)]
struct Shape {
    headings: Vec<usize>,
    code_blocks: Vec<String>,
    links: Vec<String>,
    /// The code in each row of the tables, but for that of columns that differ.
    rows: Vec<Vec<String>>,
}

impl Shape {
    fn of(text: &str) -> Shape {
        let mut shape = Shape::default();
        for (i, part) in text.split("\n```").enumerate() {
            if i % 2 == 1 {
                shape.code_blocks.push(part.to_string());
                continue;
            }
            for line in part.lines() {
                shape.headings.extend(
                    line.strip_prefix('#').map(|rest| rest.split(' ').next().unwrap().len()),
                );
                if line.starts_with('|') {
                    shape.rows.push(code(line));
                }
            }
            let links =
                part.split("](").skip(1).map(|link| link.split(')').next().unwrap().to_string());
            shape.links.extend(links);
        }
        shape
    }
}

/// The code in a row, sorted: another language may have another order.
fn code(row: &str) -> Vec<String> {
    let mut code: Vec<String> = row.split('`').skip(1).step_by(2).map(String::from).collect();
    code.sort();
    code.dedup();
    code
}

#[test]
fn pages_written_by_hand_have_the_same_shape() {
    for name in ["index", "python", "recipes", "hazards", "expected-output"] {
        let english = match name {
            "expected-output" => read("expected-output/README.md"),
            _ => read(format!("crates/book/en/{name}.md")),
        };
        let (english, chinese) =
            (Shape::of(&english), Shape::of(&read(format!("crates/book/zh/{name}.md"))));
        assert_eq!(chinese.headings, english.headings, "{name}: headings");
        assert_eq!(chinese.code_blocks, english.code_blocks, "{name}: code blocks");
        assert_eq!(sorted(chinese.links), sorted(english.links), "{name}: links");
        for (chinese, english) in chinese.rows.iter().zip(&english.rows) {
            assert_eq!(chinese, english, "{name}: a row of a table");
        }
        assert_eq!(chinese.rows.len(), english.rows.len(), "{name}: rows of tables");
    }
}

/// The order of links may differ with that of the words.
fn sorted(mut links: Vec<String>) -> Vec<String> {
    links.sort();
    links
}

#[test]
fn the_readmes_lead_to_each_other_and_have_the_same_hazards() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    assert!(english.lines().nth(2).unwrap().contains("(README.zh-CN.md)"), "README.md, third line");
    assert!(chinese.lines().nth(2).unwrap().contains("(README.md)"), "README.zh-CN.md, third line");
    let blocks = Shape::of(&english).code_blocks;
    for block in
        Shape::of(&chinese).code_blocks.iter().filter(|block| !block.contains("scripts/book"))
    {
        assert!(blocks.contains(block), "README.zh-CN.md: README.md has no such block:{block}");
    }
    let (english, chinese) = (hazards::rows(&english).unwrap(), hazards::rows(&chinese).unwrap());
    assert_eq!(chinese.len(), english.len());
    for (chinese, english) in chinese.iter().zip(&english) {
        assert_eq!(code(&chinese[0]), code(&english[0]), "{} is not {}", chinese[0], english[0]);
    }
}

#[test]
fn both_readmes_have_the_programs_in_the_same_order() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    let programs = |readme: &str| -> Vec<Vec<String>> {
        let rows = readme.lines().filter(|line| line.starts_with("| `"));
        let cells =
            |row: &str| row.split(" | ").map(|cell| cell.trim_matches(['|', ' ']).into()).collect();
        rows.map(cells).filter(|cells: &Vec<String>| cells.len() == 4).collect()
    };
    let (english, chinese) = (programs(&english), programs(&chinese));
    assert_eq!(chinese.len(), english.len());
    for (chinese, english) in chinese.iter().zip(&english) {
        assert_eq!(chinese[..2], english[..2]);
        let marks = |text: &str| text.replace(['«', '《'], "<").replace(['»', '》'], ">");
        let (section, _) = english[2].split_once('»').unwrap();
        assert!(marks(&chinese[2]).starts_with(&marks(section)), "{}", chinese[0]);
        let name = chinese[0].trim_matches('`');
        let text = read(format!("crates/book/zh/programs/{name}.md"));
        assert_eq!(Some(&*format!("# {}", chinese[3])), text.lines().next(), "{name}");
    }
}

#[test]
fn generated_pages_have_the_same_shape() {
    for entry in SITE.join("source/en/src").read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let name = path.file_name().unwrap();
        let english = Shape::of(&std::fs::read_to_string(&path).unwrap());
        let chinese = std::fs::read_to_string(SITE.join("source/zh/src").join(name)).unwrap();
        let chinese = Shape::of(&chinese);
        assert_eq!(chinese.headings, english.headings, "{}", path.display());
        assert_eq!(chinese.code_blocks, english.code_blocks, "{}", path.display());
        assert_eq!(sorted(chinese.links), sorted(english.links), "{}", path.display());
    }
}
