//! Every fuzz target on every toolchain: its committed corpus, and a fixed stream of other inputs.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use countersign_conformance::mutants::Mutant;
use countersign_core::case::{Expectation, derive};
use countersign_core::recipe::build;
use countersign_fuzz::stream::Stream;
use countersign_fuzz::{TARGETS, recipe_judge};

/// Inputs of the stream for each target; with the corpus they take a few seconds.
const INPUTS: u64 = 4000;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// Path and bytes of every corpus file, in order of their names.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("a readable file"))).collect()
}

/// Runs a target and says which input it failed on.
fn run(target: fn(&[u8]), data: &[u8], what: &dyn Fn() -> String) {
    if let Err(panic) = std::panic::catch_unwind(|| target(data)) {
        eprintln!("on {}: {data:02x?}", what());
        std::panic::resume_unwind(panic);
    }
}

fn replay(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    let seeds = corpus(name);
    assert!(!seeds.is_empty(), "{} is empty", folder(name).display());
    for (path, data) in &seeds {
        run(*target, data, &|| path.display().to_string());
    }
    let mut stream = Stream::new(20_261_121);
    for index in 0..INPUTS {
        let data = match index % 2 {
            0 => stream.bytes(512),
            _ => {
                let (_, seed) = &seeds[stream.below(seeds.len())];
                stream.changed(seed)
            }
        };
        run(*target, &data, &|| format!("input {index} of the stream"));
    }
}

#[test]
fn an_answer_reads_the_same_however_it_is_cut() {
    replay("answer_read");
}

#[test]
fn the_reference_meets_every_derived_expectation() {
    replay("recipe_judge");
}

#[test]
fn generated_recipes_reach_both_expectations() {
    let mut stream = Stream::new(1);
    let (mut accept, mut reject) = (0, 0);
    for _ in 0..INPUTS {
        let Some((place, recipe)) = recipe_judge::read(&stream.bytes(128)) else { continue };
        let Ok(built) = build(&recipe, &place.world("fuzz")) else { continue };
        match derive(&recipe, &built, &*place.scheme) {
            Some(Expectation::Accept) => accept += 1,
            Some(Expectation::Reject) => reject += 1,
            Some(Expectation::Either(_) | Expectation::Alike | Expectation::Quick) | None => {}
        }
    }
    assert!(accept >= 100 && reject >= 100, "{accept} to accept, {reject} to reject");
}

#[test]
fn generated_recipes_find_a_verifier_that_does_not_look_at_tag_or_time() {
    for class in ["A02", "C07", "D01"] {
        let mutant = (Mutant::of(class).expect("a mutant of the class").make)();
        let mut stream = Stream::new(1);
        let found = (0..20 * INPUTS).any(|_| {
            let Some((place, recipe)) = recipe_judge::read(&stream.bytes(128)) else { return false };
            catch_unwind(AssertUnwindSafe(|| recipe_judge::judge(place, &recipe, &*mutant))).is_err()
        });
        assert!(found, "{class} survives");
    }
}

#[test]
fn the_reference_accepts_only_what_is_rightly_signed() {
    replay("scheme_verify");
}

#[test]
fn files_are_refused_with_a_place_or_read_back_as_they_were() {
    replay("vector_load");
}

#[test]
fn every_target_has_a_shell_and_a_line_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("a README");
    let shells: BTreeSet<String> = fs::read_dir(root.join("fuzz_targets"))
        .expect("a folder of shells")
        .map(|entry| {
            entry.expect("readable").path().file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(shells, names);
    for name in names {
        assert!(readme.contains(&format!("cargo fuzz run --fuzz-dir fuzz -s none {name}")), "{name}");
    }
}
