//! The kill matrix: which case tells which mutant from the reference, under which schemes.
//!
//! The type to know is [`Matrix`]. Everything runs in this process, at a fixed time, with fixed
//! secrets and a fresh memory for each case, so that nothing couples cases and every computation
//! gives the same matrix. It must not know what is expected of the matrix; [`check`] does.
//!
//! A mutant that compares one byte lets one forged tag in 256 pass. That is luck, not detection, so
//! a kill counts only if it happens under each of several seeds ([`crate::place::SEEDS`]), each with
//! fresh ids and a secret of its own, and with it with other tags. Only the kills of the first seed
//! are tried again, which keeps the cost far below that of several matrices.

pub mod check;
pub mod report;
pub mod text;
mod trial;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::id::{BugClassId, CaseId, RequirementId, SchemeName};
use countersign_core::judge::Verdict;
use countersign_core::scheme::Scheme;
use countersign_core::spec::Level;

use crate::catalog::Catalog;
use crate::mutants::{MUTANTS, Mutant};
use trial::{Mark, Part, Trial};

/// Which case tells which mutant from the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Mutants in order of their classes.
    pub rows: Vec<Row>,
    /// Under which schemes each case runs; a case that runs nowhere has an empty set.
    pub runs: BTreeMap<CaseId, BTreeSet<SchemeName>>,
    /// How many requests each case sends under one scheme.
    pub requests: BTreeMap<CaseId, usize>,
    /// The schemes that were tried.
    pub schemes: BTreeSet<SchemeName>,
    /// Where the reference itself does not pass.
    pub troubles: Vec<Trouble>,
    /// Whether everything that is shipped was tried.
    pub extent: Extent,
}

/// How much of what is shipped a matrix covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every scheme and every mutant.
    Whole,
    /// A choice of schemes, with every mutant.
    SomeSchemes,
    /// A choice of mutants.
    SomeMutants,
}

/// One mutant and what kills it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its bug class.
    pub class: BugClassId,
    /// What it does wrong.
    pub about: &'static str,
    /// The cases that it fails where the reference passes, and the schemes under which it does; each
    /// with how much the failure weighs.
    pub kills: BTreeMap<CaseId, BTreeMap<SchemeName, Level>>,
    /// Schemes whose valid request it refuses, so that nothing can be said about it there.
    pub without_control: BTreeSet<SchemeName>,
    /// Schemes under which it answers some case differently from the reference and still passes all;
    /// each with such a case.
    pub survives: BTreeMap<SchemeName, CaseId>,
}

impl Row {
    /// The schemes under which any case kills it.
    pub fn schemes(&self) -> BTreeSet<&SchemeName> {
        self.kills.values().flat_map(BTreeMap::keys).collect()
    }

    /// The schemes under which any case kills it, and the level of the heaviest kill there.
    pub fn weightiest(&self) -> BTreeMap<&SchemeName, Level> {
        let mut found: BTreeMap<&SchemeName, Level> = BTreeMap::new();
        for (scheme, level) in self.kills.values().flatten() {
            let most = found.entry(scheme).or_insert(*level);
            *most = (*most).min(*level);
        }
        found
    }

    /// The title of its class.
    pub fn title<'c>(&self, catalog: &'c Catalog) -> &'c str {
        catalog.bug_classes.get(&self.class).map_or("", |class| &class.title)
    }

    /// The cases that name its class under `kills:`.
    pub fn written_for_it<'c>(&self, catalog: &'c Catalog) -> BTreeSet<&'c CaseId> {
        let own = catalog.cases().filter(|(_, case)| case.kills.contains(&self.class));
        own.map(|(_, case)| &case.id).collect()
    }

    /// The requirements that notice it: the first one of each case that kills it.
    pub fn requirements<'c>(&self, catalog: &'c Catalog) -> BTreeSet<&'c RequirementId> {
        catalog
            .cases()
            .filter(|(_, case)| self.kills.contains_key(&case.id))
            .filter_map(|(_, case)| case.requires.first())
            .collect()
    }
}

/// A case that the reference does not pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// The scheme.
    pub scheme: SchemeName,
    /// The case; none if it is the control that was refused.
    pub case: Option<CaseId>,
    /// What the reference got.
    pub verdict: Verdict,
}

impl Matrix {
    /// Runs every case under every scheme against the reference and every mutant.
    pub fn compute(catalog: &Catalog) -> Self {
        let schemes: Vec<_> = catalog.schemes.values().cloned().collect();
        let mutants: Vec<_> = MUTANTS.iter().collect();
        Self::of(catalog, &schemes, &mutants, Extent::Whole)
    }

    /// The same for a choice of schemes and mutants; the caller says how much it is.
    pub fn of(
        catalog: &Catalog,
        schemes: &[Arc<dyn Scheme>],
        mutants: &[&'static Mutant],
        extent: Extent,
    ) -> Self {
        let parts: Mutex<BTreeMap<usize, Part>> = Mutex::default();
        let next = AtomicUsize::new(0);
        let work = || loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(scheme) = schemes.get(index) else { break };
            let part = Trial::new(scheme, mutants).part(catalog);
            parts.lock().unwrap_or_else(PoisonError::into_inner).insert(index, part);
        };
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(work);
            }
        });
        let empty = |mutant: &&'static Mutant| Row {
            class: mutant.id(),
            about: mutant.about,
            kills: BTreeMap::new(),
            without_control: BTreeSet::new(),
            survives: BTreeMap::new(),
        };
        let mut matrix = Self {
            rows: mutants.iter().map(empty).collect(),
            runs: catalog.cases().map(|(_, case)| (case.id.clone(), BTreeSet::new())).collect(),
            requests: BTreeMap::new(),
            schemes: BTreeSet::new(),
            troubles: Vec::new(),
            extent,
        };
        for (index, part) in parts.into_inner().unwrap_or_else(PoisonError::into_inner) {
            matrix.add(part, &schemes[index].file().scheme);
        }
        matrix
    }

    fn add(&mut self, part: Part, scheme: &SchemeName) {
        self.schemes.insert(scheme.clone());
        for (case, requests) in part.runs {
            let most = self.requests.entry(case.clone()).or_default();
            *most = requests.max(*most);
            self.runs.entry(case).or_default().insert(scheme.clone());
        }
        self.troubles.extend(part.troubles);
        for (row, marks) in self.rows.iter_mut().zip(part.marks) {
            let Some(marks) = marks else {
                row.without_control.insert(scheme.clone());
                continue;
            };
            let killed = marks.iter().any(|(_, mark)| matches!(mark, Mark::Killed(_)));
            for (case, mark) in marks {
                match mark {
                    Mark::Killed(Reverse(level)) => {
                        row.kills.entry(case).or_default().insert(scheme.clone(), level);
                    }
                    Mark::Differs if !killed => {
                        row.survives.entry(scheme.clone()).or_insert(case);
                    }
                    Mark::Differs | Mark::Same => {}
                }
            }
        }
    }

    /// The classes whose mutants die of a case.
    pub fn killed_by<'m>(&'m self, case: &'m CaseId) -> impl Iterator<Item = &'m BugClassId> {
        self.rows.iter().filter(|row| row.kills.contains_key(case)).map(|row| &row.class)
    }

    /// How many requests the cases send, over all schemes under which they run.
    pub fn cost<'c>(&self, cases: impl IntoIterator<Item = &'c CaseId>) -> usize {
        cases.into_iter().map(|case| self.cost_of(case)).sum()
    }

    /// How many requests one case sends, over all schemes under which it runs.
    pub fn cost_of(&self, case: &CaseId) -> usize {
        let schemes = self.runs.get(case).map_or(0, BTreeSet::len);
        schemes * self.requests.get(case).copied().unwrap_or(0)
    }
}
