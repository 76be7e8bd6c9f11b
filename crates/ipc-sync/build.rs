//! Stops the build with one sentence on a platform that lacks what this crate stands on.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |key: &str| var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    let (os, env) = (target("OS"), target("ENV"));
    let (width, endian) = (target("POINTER_WIDTH"), target("ENDIAN"));
    if (&*os, &*env, &*width, &*endian) != ("linux", "gnu", "64", "little") {
        println!(
            "cargo::error=needs 64-bit little-endian Linux with glibc, because it stands on fork, \
             pidfds, futexes and glibc's list of robust locks; this target is {width}-bit \
             {endian}-endian {os} {env}"
        );
    }
}
