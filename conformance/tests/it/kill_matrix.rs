//! Every case kills a mutant, every mutant dies, and the reference passes everything.
//!
//! The matrix itself is a snapshot; `INSTA_UPDATE=always cargo test -p countersign-conformance` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use countersign_conformance::matrix::check::{Excuses, Problem, ProblemKind, problems};
use countersign_conformance::matrix::{Matrix, Row};
use countersign_conformance::mutants::MUTANTS;
use countersign_conformance::smoke::Smoke;
use countersign_conformance::{Catalog, detection};
use countersign_core::case::Case;
use countersign_core::id::{BugClassId, CaseId, RequirementId};
use countersign_core::spec::ClassState;

fn matrix() -> &'static Matrix {
    static MATRIX: OnceLock<Matrix> = OnceLock::new();
    MATRIX.get_or_init(|| Matrix::compute(Catalog::embedded()))
}

fn cases() -> impl Iterator<Item = &'static Case> {
    Catalog::embedded().cases().map(|(_, case)| case)
}

/// Reasons by id, from a file beside this one.
fn reasons(file: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    let text = std::fs::read_to_string(&path).expect("the file stands beside the test");
    let reasons: Option<BTreeMap<String, String>> =
        countersign_core::vector::yaml::parse(file, &text).expect("a map");
    let reasons = reasons.unwrap_or_default();
    for (id, reason) in &reasons {
        assert!(reason.trim().len() > 10, "{file}: `{id}` needs a reason that a reader can judge");
    }
    reasons
}

/// Fails with all offenders, one to a line.
#[track_caller]
fn none(offenders: &[String], what: &str, to_do: &str) {
    assert!(offenders.is_empty(), "{} {what}:\n  {}\n{to_do}", offenders.len(), offenders.join("\n  "));
}

/// What `countersign matrix --check` says, of some kinds.
fn wrong(kinds: &[ProblemKind]) -> Vec<String> {
    static PROBLEMS: OnceLock<Vec<Problem>> = OnceLock::new();
    let all = PROBLEMS.get_or_init(|| {
        let excuses = Excuses::embedded().expect("the excuses are well-formed");
        problems(matrix(), Catalog::embedded(), &excuses)
    });
    all.iter().filter(|problem| kinds.contains(&problem.kind)).map(ToString::to_string).collect()
}

#[test]
fn the_reference_passes_every_case_of_every_scheme() {
    let to_do = "Read the requirement and decide who is wrong: the case, which then needs another expectation or a \
                 `needs:`, or the reference.";
    none(&wrong(&[ProblemKind::Reference]), "cases that the reference does not pass", to_do);
}

#[test]
fn every_case_runs_under_some_scheme() {
    let idle: Vec<String> = matrix()
        .runs
        .iter()
        .filter(|(_, schemes)| schemes.is_empty())
        .map(|(case, _)| case.to_string())
        .collect();
    none(
        &idle,
        "cases run under no shipped scheme",
        "Loosen their `needs:`, mend the recipe, or take them out.",
    );
}

#[test]
fn no_case_repeats_another() {
    let mut same = Vec::new();
    let all: Vec<_> = cases()
        .map(|case| (case, (case.recipe.clone(), case.secret.clone(), case.twin.clone(), case.effects)))
        .collect();
    let within = |a: &Case, b: &Case| a.needs.iter().all(|need| b.needs.contains(need));
    for (index, (case, recipe)) in all.iter().enumerate() {
        let twins = all[..index].iter().filter(|(_, other)| other == recipe);
        let twins = twins.filter(|(other, _)| within(other, case) || within(case, other));
        same.extend(twins.map(|(other, _)| format!("{} and {}", other.id, case.id)));
    }
    none(&same, "cases send the same requests", "Keep one and give it the requirements and classes of both.");
}

#[test]
fn every_mutant_dies_under_every_scheme_where_it_shows() {
    let to_do =
        "Write a case that tells each from the reference, or write into spec/excused/mutants.yaml why not.";
    none(&wrong(&[ProblemKind::Survivor]), "mutants survive", to_do);
}

#[test]
fn every_mutant_accepts_genuine_requests_of_most_schemes() {
    let schemes = Catalog::embedded().schemes.len();
    let strict: Vec<String> = matrix()
        .rows
        .iter()
        .filter(|row| row.without_control.len() * 4 > schemes)
        .map(|row| format!("{} refuses the control of {:?}", row.class, row.without_control))
        .collect();
    none(&strict, "mutants refuse genuine requests", "Make the mutant a smaller change to the reference.");
}

#[test]
fn every_case_kills_a_mutant_or_is_excused() {
    let to_do = "Sharpen the case, take it out, or write it into spec/excused/cases.yaml with the reason; take out \
                 what is stale there.";
    let kinds = [ProblemKind::IdleCase, ProblemKind::IdleExcuse];
    none(&wrong(&kinds), "cases and excuses that do not fit", to_do);
}

#[test]
fn a_survivor_an_idle_case_and_an_idle_excuse_are_all_named() {
    let catalog = Catalog::embedded();
    let mut broken = matrix().clone();
    let (lost, rest) = broken.rows.split_first_mut().expect("there are mutants");
    let class = lost.class.to_string();
    lost.kills.clear();
    let (scheme, case) = (catalog.schemes.keys().next().cloned(), cases().next().map(|case| case.id.clone()));
    let (scheme, case) = (scheme.expect("a scheme"), case.expect("a case"));
    rest[0].survives.insert(scheme.clone(), case.clone());
    let elsewhere = rest[0].class.to_string();
    broken.rows.iter_mut().for_each(|row| drop(row.kills.remove(&case)));
    let mut excuses = Excuses::embedded().expect("the excuses are well-formed");
    let found = |excuses: &Excuses| -> BTreeSet<(ProblemKind, String)> {
        problems(&broken, catalog, excuses).into_iter().map(|problem| (problem.kind, problem.id)).collect()
    };
    let all = found(&excuses);
    for wanted in [
        (ProblemKind::Survivor, class.clone()),
        (ProblemKind::Survivor, elsewhere.clone()),
        (ProblemKind::IdleCase, case.to_string()),
    ] {
        assert!(all.contains(&wanted), "{wanted:?} in {all:?}");
    }
    let reason = || "a reason that is long enough".to_owned();
    excuses.mutants.extend([(class, reason()), (format!("{elsewhere}/{scheme}"), reason())]);
    excuses.cases.insert(case.to_string(), reason());
    excuses.cases.insert("no-such-case".to_owned(), reason());
    let kinds: BTreeSet<_> = found(&excuses);
    let excused = |(kind, id): &(ProblemKind, String)| *kind != ProblemKind::IdleCase || *id != case.as_str();
    assert!(kinds.iter().all(excused) && !kinds.iter().any(|(kind, _)| *kind == ProblemKind::Survivor));
    assert!(kinds.contains(&(ProblemKind::IdleExcuse, "no-such-case".to_owned())), "{kinds:?}");
}

#[test]
fn the_smoke_selection_kills_what_all_cases_kill_under_every_scheme() {
    let smoke = Smoke::embedded().expect("the selection is well-formed");
    let missed: Vec<String> = smoke
        .misses(matrix())
        .into_iter()
        .map(|(class, scheme)| format!("the mutant of {class} under {scheme}"))
        .collect();
    none(&missed, "kills are missing from vectors/smoke.yaml", "Run `cargo xtask detection`.");
    assert!(smoke.requests < smoke.requests_of_all / 4, "{} is no small part", smoke.requests);
    let known: BTreeSet<&CaseId> = cases().map(|case| &case.id).collect();
    assert!(smoke.ids().all(|id| known.contains(id)));
    for chosen in &smoke.cases {
        assert!(!chosen.needed_for.is_empty(), "{} is needless", chosen.id);
    }
    assert_eq!(Smoke::choose(matrix()), smoke, "run `cargo xtask detection`");
}

#[test]
fn the_pages_that_follow_from_the_matrix_are_up_to_date() {
    let smoke = Smoke::choose(matrix());
    let page = detection::page(matrix(), Catalog::embedded(), &smoke);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [("DETECTION.md", page), ("../vectors/smoke.yaml", smoke.text())];
    let is_stale = |(name, text): &(&str, String)| {
        let found = std::fs::read_to_string(root.join(name)).expect("it is generated and committed");
        (found != *text).then(|| (*name).to_owned())
    };
    let stale: Vec<String> = files.iter().filter_map(is_stale).collect();
    none(&stale, "pages are out of date", "Run `cargo xtask detection`.");
}

#[test]
fn every_kill_that_a_case_claims_is_real() {
    let mut wrong = Vec::new();
    for case in cases() {
        let killed: BTreeSet<&BugClassId> = matrix().killed_by(&case.id).collect();
        for class in case.kills.iter().filter(|class| !killed.contains(class)) {
            let really: Vec<&str> = killed.iter().map(|class| class.as_str()).collect();
            wrong.push(format!("{} claims {class}; it kills {}", case.id, really.join(" ")));
        }
    }
    none(&wrong, "claims of cases are wrong", "Mend `kills:` of the case, or the mutant.");
}

#[test]
fn covered_classes_and_mutants_are_the_same() {
    let with_mutant: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.class).collect();
    let covered: BTreeSet<&str> = Catalog::embedded()
        .bug_classes
        .values()
        .filter(|class| class.state == ClassState::Covered)
        .map(|class| class.id.as_str())
        .collect();
    let wrong: Vec<String> =
        with_mutant.symmetric_difference(&covered).map(|class| (*class).to_owned()).collect();
    let to_do = "Give a covered class its mutant, or set the state of the class to what is true.";
    none(&wrong, "classes have a mutant without being covered, or the other way", to_do);
}

#[test]
fn every_requirement_has_a_case_or_a_reason() {
    let untested = reasons("untested_requirements.yaml");
    let named: BTreeSet<&RequirementId> = cases().flat_map(|case| &case.requires).collect();
    let mut wrong = Vec::new();
    for id in Catalog::embedded().requirements.keys() {
        match (named.contains(id), untested.contains_key(id.as_str())) {
            (false, false) => wrong.push(format!("{id}: no case names it")),
            (true, true) => wrong.push(format!("{id}: listed as untested, but a case names it")),
            (true, false) | (false, true) => {}
        }
    }
    let known = &Catalog::embedded().requirements;
    wrong.extend(
        untested.keys().filter(|id| !known.contains_key(id.as_str())).map(|id| format!("{id}: unknown")),
    );
    let to_do = "Write a case, or list the requirement with the reason in untested_requirements.yaml.";
    none(&wrong, "requirements and reasons do not fit", to_do);
}

#[test]
fn the_kill_matrix_is_the_recorded_one() {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} cases, {} schemes, {} mutants",
        cases().count(),
        Catalog::embedded().schemes.len(),
        MUTANTS.len()
    );
    for row in &matrix().rows {
        line(&mut text, row);
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("kill_matrix", text);
    });
}

/// Class, counts and what the mutant does, then the cases that kill it, wrapped.
fn line(text: &mut String, row: &Row) {
    let killers = row.kills.keys().map(CaseId::as_str);
    let _ = write!(
        text,
        "\n{}  {} cases, {} schemes, {} requirements: {}",
        row.class,
        row.kills.len(),
        row.schemes().len(),
        row.requirements(Catalog::embedded()).len(),
        row.about
    );
    let mut width = usize::MAX;
    for id in killers {
        if width.saturating_add(id.len() + 1) > 110 {
            text.push_str("\n   ");
            width = 3;
        }
        let _ = write!(text, " {id}");
        width += id.len() + 1;
    }
    text.push('\n');
}
