//! Which module may know which, and the rules of the house that a program can check.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of this package") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("a text file");
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 5, "{found:?}");
    found
}

#[test]
fn statistics_know_no_clock_no_environment_and_nothing_that_measures() {
    for (path, text) in sources("statistics") {
        let production = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: String = production.lines().filter_map(|line| line.split("//").next()).collect();
        for banned in [
            "crate::measure",
            "super::measure",
            "std::time",
            "Instant",
            "std::env",
            "std::fs",
            "std::process",
            "getrandom",
        ] {
            assert!(!code.contains(banned), "{} uses {banned}", path.display());
        }
    }
}

#[test]
fn the_package_depends_on_nothing_else_of_countersign() {
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("a manifest");
    let (_, dependencies) = manifest.split_once("[dependencies]").expect("a table");
    for line in dependencies.lines() {
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        assert!(!name.starts_with("countersign"), "{line}");
        assert!(!["tokio", "hyper", "reqwest"].contains(&name), "{line}");
    }
}

#[test]
fn every_file_begins_with_what_it_is_and_none_is_long() {
    for (path, text) in sources("") {
        assert!(text.starts_with("//! "), "{} does not begin with what it is", path.display());
        assert!(text.lines().count() <= 400, "{} is too long", path.display());
    }
}
