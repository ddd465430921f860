//! The smoke selection: few requests that still kill every mutant that all cases kill.
//!
//! The type to know is [`Smoke`]. It is chosen from the kill matrix and shipped as
//! `vectors/smoke.yaml`, so that no matrix has to be computed to use it. It must not know the
//! command line.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::id::{BugClassId, CaseId, SchemeName};
use countersign_core::vector::{Diagnostic, Suite, yaml};
use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::matrix::Matrix;

/// A selection of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Smoke {
    /// Its name.
    pub selection: String,
    /// What it is for, in a sentence.
    pub about: String,
    /// How many requests it sends, over all shipped schemes.
    pub requests: usize,
    /// How many requests all cases send.
    pub requests_of_all: usize,
    /// The cases, in order of their ids.
    pub cases: Vec<Chosen>,
}

/// A chosen case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Chosen {
    /// The case.
    pub id: CaseId,
    /// The bug classes whose mutants no other case of the selection kills, under some scheme.
    pub needed_for: Vec<BugClassId>,
}

/// The name on the command line.
pub const NAME: &str = "smoke";

const ABOUT: &str =
    "A few requests that kill every mutant that the full set of cases kills, under the same schemes.";

const HEAD: &str = "# Generated from the kill matrix by `cargo xtask detection`. Do not edit.\n";

impl Smoke {
    /// The selection that is shipped.
    ///
    /// # Errors
    /// The file is broken; `cargo xtask detection` writes it again.
    pub fn embedded() -> Result<Self, Diagnostic> {
        let file = countersign_vectors::smoke();
        yaml::parse(&file.path, file.text)
    }

    /// Reads a selection whose cases must all be known.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn parse(path: &str, text: &str, catalog: &Catalog) -> Result<Self, Diagnostic> {
        let found: Self = yaml::parse(path, text)?;
        let known: BTreeSet<&str> = catalog.cases().map(|(_, case)| case.id.as_str()).collect();
        let Some(id) = found.ids().find(|id| !known.contains(id.as_str())) else { return Ok(found) };
        let message = format!("unknown case `{id}`");
        let diagnostic = Diagnostic::find(path, text, id.as_str(), id.as_str(), message);
        Err(diagnostic.nearest(id.as_str(), known, "see `countersign list cases`"))
    }

    /// Chooses cases greedily by new kills per request, and drops those that the rest makes unnecessary.
    ///
    /// A kill counts for a mutant under a scheme if it weighs as much as the heaviest kill there: where the full set
    /// finds a broken MUST, the selection does too. Ties go to the first id, so that the choice is always the same.
    pub fn choose(matrix: &Matrix) -> Self {
        let kills = Kills::new(matrix);
        let mut chosen = kills.greedy();
        kills.drop_needless(&mut chosen);
        let cases = chosen.iter().map(|case| Chosen {
            id: (*case).clone(),
            needed_for: kills.only_by(case, &chosen).into_iter().cloned().collect(),
        });
        Self {
            selection: NAME.to_owned(),
            about: ABOUT.to_owned(),
            requests: matrix.cost(chosen.iter().copied()),
            requests_of_all: matrix.cost(matrix.runs.keys()),
            cases: cases.collect(),
        }
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{HEAD}selection: {}\nabout: {}\nrequests: {}\nrequests-of-all: {}\ncases:\n",
            self.selection, self.about, self.requests, self.requests_of_all
        );
        for Chosen { id, needed_for } in &self.cases {
            let classes: Vec<&str> = needed_for.iter().map(BugClassId::as_str).collect();
            text.push_str(&format!("  - {{ id: {id}, needed-for: [{}] }}\n", classes.join(", ")));
        }
        text
    }

    /// The ids of its cases.
    pub fn ids(&self) -> impl Iterator<Item = &CaseId> {
        self.cases.iter().map(|chosen| &chosen.id)
    }

    /// The chosen cases in their suites.
    pub fn suites(&self, catalog: &Catalog) -> Vec<Suite> {
        let ids: BTreeSet<&CaseId> = self.ids().collect();
        let chosen = |suite: &Suite| {
            let cases = suite.cases.iter().filter(|case| ids.contains(&case.id)).cloned().collect();
            Suite { cases, ..suite.clone() }
        };
        catalog.suites.iter().map(chosen).filter(|suite| !suite.cases.is_empty()).collect()
    }

    /// Where the full set of cases kills a mutant, but the selection does not, or only with less weight.
    pub fn misses<'m>(&self, matrix: &'m Matrix) -> Vec<(&'m BugClassId, &'m SchemeName)> {
        let mut missed = Vec::new();
        for row in &matrix.rows {
            let chosen = || self.ids().filter_map(|id| row.kills.get(id)).flatten();
            for (scheme, level) in row.weightiest() {
                if !chosen().any(|(other, weight)| other == scheme && *weight == level) {
                    missed.push((&row.class, scheme));
                }
            }
        }
        missed
    }
}

/// A mutant, by its row, under a scheme.
type Kill<'m> = (usize, &'m SchemeName);

/// What each case kills, and what it costs.
struct Kills<'m> {
    matrix: &'m Matrix,
    of: BTreeMap<&'m CaseId, BTreeSet<Kill<'m>>>,
}

impl<'m> Kills<'m> {
    fn new(matrix: &'m Matrix) -> Self {
        let mut of: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (index, row) in matrix.rows.iter().enumerate() {
            let weightiest = row.weightiest();
            for (case, schemes) in &row.kills {
                let full = schemes.iter().filter(|(scheme, level)| weightiest.get(*scheme) == Some(*level));
                of.entry(case).or_default().extend(full.map(|(scheme, _)| (index, scheme)));
            }
        }
        Self { matrix, of }
    }

    fn greedy(&self) -> BTreeSet<&'m CaseId> {
        let mut left: BTreeSet<Kill<'m>> = self.of.values().flatten().copied().collect();
        let mut chosen = BTreeSet::new();
        while !left.is_empty() {
            let mut best: Option<(usize, usize, &CaseId)> = None;
            for (case, kills) in &self.of {
                let (gain, cost) = (kills.intersection(&left).count(), self.matrix.cost_of(case).max(1));
                // Gain for cost, compared without division.
                if gain > 0 && best.is_none_or(|(most, least, _)| gain * least > most * cost) {
                    best = Some((gain, cost, case));
                }
            }
            let Some((_, _, case)) = best else { break };
            left.retain(|kill| !self.of[case].contains(kill));
            chosen.insert(case);
        }
        chosen
    }

    /// Drops cases that the others make unnecessary, the most expensive first.
    fn drop_needless(&self, chosen: &mut BTreeSet<&'m CaseId>) {
        let mut order: Vec<&CaseId> = chosen.iter().copied().collect();
        order.sort_by_key(|case| std::cmp::Reverse(self.matrix.cost_of(case)));
        for case in order {
            if self.only_by(case, chosen).is_empty() {
                chosen.remove(case);
            }
        }
    }

    /// The classes whose mutants, under some scheme, only this one of the chosen cases kills.
    fn only_by(&self, case: &CaseId, chosen: &BTreeSet<&'m CaseId>) -> BTreeSet<&'m BugClassId> {
        let others: BTreeSet<&Kill<'m>> =
            chosen.iter().filter(|other| **other != case).flat_map(|other| &self.of[*other]).collect();
        let only = self.of.get(case).into_iter().flatten().filter(|kill| !others.contains(kill));
        only.map(|(row, _)| &self.matrix.rows[*row].class).collect()
    }
}
