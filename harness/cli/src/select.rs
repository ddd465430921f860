//! Selects cases: suites by name or file, the smoke selection, patterns for case ids.
//!
//! The functions to know are [`suites`] and [`chooses`]. This module must not know targets.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_conformance::Catalog;
use countersign_conformance::smoke::{self, Smoke};
use countersign_core::id::{CaseId, SchemeName, nearest};
use countersign_core::vector::Suite;

use wildmatch::WildMatch;

use super::explain::unknown;
use super::vectors;
use crate::exit::Failed;

/// The named suites, each case once: shipped ones in their own order, then the user's files.
pub(crate) fn suites(named: &[String]) -> Result<Vec<Suite>, Failed> {
    let catalog = Catalog::embedded();
    if named.is_empty() {
        return Ok(catalog.suites.clone());
    }
    let mut chosen: BTreeSet<CaseId> = BTreeSet::new();
    let mut own = Vec::new();
    for name in named {
        if name.ends_with(".yaml") || name.ends_with(".yml") {
            own.push(vectors::suite(Path::new(name))?);
        } else {
            chosen.extend(shipped(catalog, name)?);
        }
    }
    let mut found = catalog.suites.clone();
    found.iter_mut().for_each(|suite| suite.cases.retain(|case| chosen.contains(&case.id)));
    found.retain(|suite| !suite.cases.is_empty());
    found.extend(own);
    Ok(found)
}

/// Whether the whole text matches a pattern with `*` and `?`.
pub(crate) fn matches_pattern(pattern: &str, text: &str) -> bool {
    WildMatch::new(pattern).matches(text)
}

/// The cases of the shipped suites that match a name, or of the smoke selection.
fn shipped(catalog: &Catalog, name: &str) -> Result<Vec<CaseId>, Failed> {
    if name == smoke::NAME {
        let smoke = Smoke::embedded().map_err(|found| Failed::usage(found.to_string()))?;
        return Ok(smoke.ids().cloned().collect());
    }
    let path = |suite: &Suite| suite.path.trim_start_matches("suites/").trim_end_matches(".yaml").to_owned();
    let matches = |suite: &&Suite| {
        matches_pattern(name, &path(suite))
            || suite.name == *name
            || path(suite).starts_with(&format!("{name}/"))
    };
    let cases = catalog.suites.iter().filter(matches).flat_map(|suite| &suite.cases);
    let cases: Vec<CaseId> = cases.map(|case| case.id.clone()).collect();
    if !cases.is_empty() {
        return Ok(cases);
    }
    let names: Vec<String> = catalog.suites.iter().map(path).chain([smoke::NAME.to_owned()]).collect();
    // A suite can be named by its folder, its file name, or both.
    let known: BTreeSet<&str> =
        names.iter().flat_map(|path| path.split('/').chain([path.as_str()])).collect();
    let otherwise = "see `countersign list suites`; a file of your own ends in .yaml";
    Err(unknown("suite", name, nearest(name, known), otherwise))
}

/// Whether a `--case` pattern matches this case.
pub(crate) fn chooses(pattern: &str, scheme: &str, suite: &str, case: &str) -> bool {
    matches_pattern(pattern, case)
        || matches_pattern(pattern, &format!("{suite}/{case}"))
        || matches_pattern(pattern, &format!("{scheme}/{case}"))
}

/// Whether a pattern matches any case of these suites under any of these schemes.
pub(crate) fn chooses_any(pattern: &str, schemes: &[&str], suites: &[Suite]) -> bool {
    let mut cases = suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)));
    cases.any(|(suite, case)| {
        schemes.iter().any(|scheme| chooses(pattern, scheme, &suite.name, case.id.as_str()))
    })
}

/// The error for a pattern that matches nothing: no such case here, or no such case at all.
pub(crate) fn no_case(pattern: &str, suites: &[Suite]) -> Failed {
    let catalog = Catalog::embedded();
    let every: Vec<&str> = catalog.schemes.keys().map(SchemeName::as_str).collect();
    if chooses_any(pattern, &every, &catalog.suites) {
        let message =
            format!("no case of the chosen suites and schemes matches `{}`", pattern.escape_debug());
        return Failed::usage_help(message, "omit --suite or --scheme, or choose others");
    }
    let own = suites.iter().flat_map(|suite| suite.cases.iter().map(|case| case.id.as_str()));
    let shipped = catalog.cases().map(|(_, case)| case.id.as_str());
    let known: BTreeSet<&str> = own.chain(shipped).collect();
    let wanted = pattern.rsplit('/').next().unwrap_or(pattern);
    unknown("case", pattern, nearest(wanted, known), "see `countersign list cases`")
}
