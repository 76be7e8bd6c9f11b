//! What each program of this crate prints agrees with expected-output/.

#[test]
fn programs_print_what_is_expected() {
    golden::check_crate(env!("CARGO_MANIFEST_DIR"));
}
