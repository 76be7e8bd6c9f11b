//! The mutants of right outputs: there are some of each sort, each is wrong, and the checker refuses them all.

use std::collections::BTreeSet;

use golden::expected::Expected;

use crate::mutants::{Mutant, mutants};

const PARENT_AND_CHILDREN: (&str, &str) = (
    "\
$ cargo run -p x

main | 父进程 <pid:main>
a    | child a is <pid:a> of <pid:main>
a    | child a slept <0.5..1.5> s
b    | child b is <pid:b> of <pid:main>
b    | child b slept <0.5..1.5> s
main | children were <pid:a> and <pid:b>
all  | 进程结束
",
    "\
父进程 100
child b is 102 of 100
child a is 101 of 100
child a slept 1.1 s
child b slept 0.9 s
children were 101 and 102
进程结束
",
);

const TWINS: (&str, &str) = (
    "\
$ cargo run -p x

a   | user <pid:a> comes
a   | user <pid:a> goes
b   | user <pid:b> comes
b   | user <pid:b> goes
c   | user <pid:c> comes
c   | user <pid:c> goes
all | end
",
    "user 2 comes\nuser 1 comes\nuser 2 goes\nuser 3 comes\nuser 1 goes\nuser 3 goes\nend\n",
);

const POOL: (&str, &str) = (
    "$ cargo run -p x\n\na | task 0 by <pid:1|2>\nb | task 1 by <pid:1|2>\nall | end of <pid:1>\n",
    "task 1 by 7\ntask 0 by 7\nend of 7\n",
);

const OUTSIDE: (&str, &str) = (
    "$ cargo run -p x\n\nall | ...\nall | ---\nall | ...\nall | end of <pid:a>\n",
    "PID\n1\n---\ntotal 0\nend of 7\n",
);

/// The mutants, all of which were refused.
fn refused((file, output): (&str, &str)) -> Vec<Mutant> {
    let expected = Expected::parse(file).expect("a good file");
    assert_eq!(expected.check(output), Ok(()));
    let mutants = mutants(&expected, output);
    for Mutant { change, output: mutant } in &mutants {
        assert_ne!(mutant, output, "{change}");
        assert!(expected.check(mutant).is_err(), "{change}:\n{mutant}");
    }
    mutants
}

fn changes(mutants: &[Mutant]) -> BTreeSet<&str> {
    mutants.iter().map(|mutant| mutant.change.as_str()).collect()
}

fn count(mutants: &[Mutant], part: &str) -> usize {
    mutants.iter().filter(|mutant| mutant.change.contains(part)).count()
}

#[test]
fn all_mutants_of_right_outputs_are_refused() {
    for example in [PARENT_AND_CHILDREN, TWINS, POOL] {
        let mutants = refused(example);
        let lines = example.1.lines().count();
        assert_eq!(count(&mutants, "dropped"), lines);
        assert_eq!(count(&mutants, "repeated"), lines);
        assert_eq!(count(&mutants, "the last newline cut"), 1);
        let outputs: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.output.as_str()).collect();
        assert_eq!(outputs.len(), mutants.len(), "each is made once");
    }
}

#[test]
fn neighbours_in_a_chain_are_swapped() {
    let mutants = refused(PARENT_AND_CHILDREN);
    for swap in [
        "lines 1 and 6",
        "lines 3 and 4",
        "lines 2 and 5",
        "lines 6 and 7",
        "lines 4 and 7",
        "lines 5 and 7",
    ] {
        assert!(changes(&mutants).contains(format!("{swap} swapped").as_str()), "{swap}");
    }
    // Which of the twins' lines is which is not certain.
    assert_eq!(count(&refused(TWINS), "lines"), 0);
}

#[test]
fn words_are_changed() {
    let mutants = refused(PARENT_AND_CHILDREN);
    for change in [
        "in line 1 父进程 changed to x",
        "in line 2 b changed to x",
        "in line 7 进程结束 changed to x",
    ] {
        assert!(changes(&mutants).contains(change), "{change}");
    }
}

#[test]
fn ids_are_changed_and_swapped_where_the_names_are_certain() {
    let mutants = refused(PARENT_AND_CHILDREN);
    for change in [
        "in line 1 the id 100 changed to 101",
        "in line 2 the id 102 changed to 101",
        "in line 2 the id 100 changed to 101",
        "the ids 102 in line 2 and 101 in line 3 swapped",
        "the ids 100 in line 1 and 102 in line 6 swapped",
    ] {
        assert!(changes(&mutants).contains(change), "{change}");
    }
}

#[test]
fn ids_of_twins_are_changed_because_each_occurs_twice_but_not_swapped() {
    let mutants = refused(TWINS);
    assert_eq!(count(&mutants, "the id "), 6 * 2);
    assert_eq!(count(&mutants, "the ids "), 0);
}

#[test]
fn nothing_is_made_of_ids_that_are_not_certain() {
    let mutants = refused(POOL);
    assert_eq!(count(&mutants, "the id"), 0);
}

#[test]
fn an_empty_output_has_no_mutants() {
    assert_eq!(refused(("$ cargo run -p x\n\n", "")), []);
}

#[test]
fn what_the_outside_world_prints_is_not_changed() {
    let mutants = refused(OUTSIDE);
    assert_eq!(
        changes(&mutants),
        BTreeSet::from([
            "line 3 dropped",
            "line 5 dropped",
            "in line 5 end changed to x",
            "in line 5 of changed to x",
            "in line 5 7 changed to x",
            "the last newline cut",
        ])
    );
}
