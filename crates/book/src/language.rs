//! The two languages of the pages, and what the generated parts say in each.

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `en`
    English,
    /// `zh`
    Chinese,
}

impl Language {
    /// Both of them.
    pub const ALL: [Language; 2] = [Language::English, Language::Chinese];

    /// The name of its directories.
    pub fn code(self) -> &'static str {
        self.words().code
    }

    /// The other one.
    pub fn other(self) -> Language {
        match self {
            Language::English => Language::Chinese,
            Language::Chinese => Language::English,
        }
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }
}

/// What the generated parts say.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) code: &'static str,
    /// The `lang` of the pages.
    pub(crate) tag: &'static str,
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The pages that are written by hand: file and title.
    pub(crate) begin: &'static str,
    pub(crate) python: &'static str,
    pub(crate) hazards: &'static str,
    pub(crate) recipes: &'static str,
    pub(crate) expected_output: &'static str,
    pub(crate) programs: &'static str,
    pub(crate) from: &'static str,
    pub(crate) run: &'static str,
    pub(crate) takes: &'static str,
    pub(crate) program: &'static str,
    pub(crate) file: &'static str,
    pub(crate) own_project: &'static str,
    pub(crate) in_python: &'static str,
    pub(crate) all_names: &'static str,
    pub(crate) printed: &'static str,
    pub(crate) printed_how: &'static str,
    pub(crate) timeline: &'static str,
    pub(crate) timeline_of: &'static str,
    pub(crate) varies: &'static str,
    pub(crate) right_outputs: &'static str,
    pub(crate) next: &'static str,
    pub(crate) last: &'static str,
    pub(crate) search: &'static str,
    pub(crate) nothing_found: &'static str,
    /// The heads of the table of hazards.
    pub(crate) hazard_heads: [&'static str; 3],
    pub(crate) proof: &'static str,
}

static ENGLISH: Words = Words {
    code: "en",
    tag: "en",
    name: "English",
    title: "Python's multiprocessing, in Rust",
    begin: "Begin here",
    python: "From Python to Rust",
    hazards: "Hazards",
    recipes: "Recipes",
    expected_output: "Expected outputs",
    programs: "The programs",
    from: "From document",
    run: "Run it",
    takes: "It takes {} seconds.",
    program: "The program",
    file: "It is in `{}`. Change it, and run it again.",
    own_project: "In a project of your own it needs this in `Cargo.toml`; the path leads to your copy of the repository.",
    in_python: "In Python",
    all_names: "All names, from Python to Rust",
    printed: "What it printed",
    printed_how: "A real run; on the left, the seconds since it began and, where there are several, the process that printed the line.",
    timeline: "What the processes did meanwhile",
    timeline_of: "The same run: a lane for each process, time to the right",
    varies: "What may vary, and why",
    right_outputs: "All right outputs, in [one notation](expected-output.md):",
    next: "Next:",
    last: "This is the last one. [Recipes](recipes.md) has what comes after it.",
    search: "Search",
    nothing_found: "Nothing found",
    hazard_heads: ["hazard", "CPython", "here"],
    proof: "Proved by",
};

static CHINESE: Words = Words {
    code: "zh",
    tag: "zh-CN",
    name: "中文",
    title: "用 Rust 学 Python 的 multiprocessing",
    begin: "从这里开始",
    python: "从 Python 到 Rust",
    hazards: "隐患",
    recipes: "做法",
    expected_output: "期望输出",
    programs: "程序",
    from: "出自文档",
    run: "运行",
    takes: "用时 {} 秒。",
    program: "程序",
    file: "在 `{}` 里。改一改，再运行。",
    own_project: "放进自己的项目时，`Cargo.toml` 里要有下面几行；路径指向你那份仓库。",
    in_python: "Python 里的名字",
    all_names: "全部名字：从 Python 到 Rust",
    printed: "它打印了什么",
    printed_how: "一次真实的运行；左边是开始后经过的秒数，打印的进程不止一个时，还有进程的名字。",
    timeline: "这期间各个进程在做什么",
    timeline_of: "同一次运行：每个进程一条泳道，时间向右",
    varies: "哪里会变，为什么",
    right_outputs: "全部正确的输出，用[一种写法](expected-output.md)表示：",
    next: "下一个：",
    last: "这是最后一个。接下来可以看[做法](recipes.md)。",
    search: "搜索",
    nothing_found: "没有找到",
    hazard_heads: ["隐患", "CPython", "这里"],
    proof: "由这些测试证明",
};
