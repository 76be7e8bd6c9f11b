//! What may vary from run to run, and why: read off a program's expected output.

use std::collections::BTreeSet;

use crate::language::Language;

/// The reasons, one sentence each.
pub(crate) fn reasons(expected: &str, language: Language) -> Vec<String> {
    let body: Vec<(&str, &str)> =
        expected.lines().skip(2).filter_map(|line| line.split_once('|')).collect();
    let has = |piece: &str| body.iter().any(|(_, text)| text.contains(piece));
    let chains: BTreeSet<&str> = body
        .iter()
        .flat_map(|(labels, _)| labels.split_whitespace())
        .filter(|label| *label != "all")
        .collect();
    let is_range = |text: &str| {
        let mut places = text.split('<').skip(1);
        places.any(|place| place.split('>').next().is_some_and(|inside| inside.contains("..")))
    };
    let is_outside = body.iter().any(|(_, text)| text.trim() == "...");
    let facts = [
        chains.len() > 1,
        has("<\""),
        has("<pid:"),
        has("<time"),
        body.iter().any(|(_, text)| is_range(text)),
        is_outside,
    ];
    let sentences = match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    };
    let true_ones = facts.iter().zip(sentences).filter(|(fact, _)| **fact);
    true_ones.map(|(_, sentence)| (*sentence).to_string()).collect()
}

/// In the order of the facts.
static ENGLISH: [&str; 6] = [
    "Lines that have no word in common left of the bar come in any order: processes print them that \
     run at the same time, and the kernel's scheduler decides anew in each run which one is first.",
    "`<\"…\"|\"…\">` is one of these texts: which process gets there first is open, too.",
    "`<pid:…>` is a process id. The kernel gives out new ones in each run; the same name is the same \
     process.",
    "`<time…>` is the time of day; the same name is the same time.",
    "`<…..…>` is a number in this range: a process sleeps at least as long as it asked for, and starts \
     later on a busy machine.",
    "`...` is what other programs print, which is different on each machine.",
];

static CHINESE: [&str; 6] = [
    "竖线左边没有共同名字的行，先后不定：它们由同时运行的进程打印，谁先谁后由内核调度，每次都重新决定。",
    "`<\"…\"|\"…\">` 是其中一个：哪个进程先到，同样不定。",
    "`<pid:…>` 是进程编号，内核每次都给新的；同名就是同一个进程。",
    "`<time…>` 是当时的时间；同名就是同一个时间。",
    "`<…..…>` 是这个范围里的一个数：睡眠只会比要求的长，机器忙时进程也启动得晚。",
    "`...` 是别的程序打印的内容，每台机器都不一样。",
];
