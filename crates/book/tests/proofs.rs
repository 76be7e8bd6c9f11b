//! The tests that the page of hazards names are there.

use book::hazards::proofs;

use crate::site::read;

#[test]
fn each_proof_is_a_test() {
    let mut missing = Vec::new();
    for (hazard, tests) in proofs(&read("crates/book/hazards.txt")).unwrap() {
        for test in tests {
            let (name, path) = test.split_once(' ').unwrap();
            let (module, function) = path.split_once("::").unwrap();
            let file = read(format!("crates/{name}/tests/{module}.rs"));
            let list = file.split_once("tests![").and_then(|(_, list)| list.split_once(']'));
            let mut listed = list.into_iter().flat_map(|(list, _)| list.split([',', '\n']));
            if !listed.any(|listed| listed.trim() == function) {
                missing.push(format!("{test}, for: {hazard}"));
            }
        }
    }
    assert!(missing.is_empty(), "no such tests:\n{}\n", missing.join("\n"));
}
