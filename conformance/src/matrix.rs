//! The kill matrix: which case tells which mutant from the reference, under which schemes.
//!
//! The type to know is [`Matrix`]. Everything runs in this process, at a fixed time, with fixed
//! secrets and a fresh memory for each case, so that nothing couples cases and every computation
//! gives the same matrix. It must not know what is expected of the matrix; its test does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::id::{BugClassId, CaseId, SchemeName};
use countersign_core::judge::Verdict;
use countersign_core::scheme::Scheme;

use crate::catalog::Catalog;
use crate::in_process::{Heard, InProcess};
use crate::mutants::{MUTANTS, Mutant};
use crate::place::{NOW, Place};
use crate::reference::{Reference, Steps};

/// Which case tells which mutant from the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Mutants in order of their classes.
    pub rows: Vec<Row>,
    /// Under which schemes each case runs; a case that runs nowhere has an empty set.
    pub runs: BTreeMap<CaseId, BTreeSet<SchemeName>>,
    /// Where the reference itself does not pass.
    pub troubles: Vec<Trouble>,
}

/// One mutant and what kills it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its bug class.
    pub class: BugClassId,
    /// What it does wrong.
    pub about: &'static str,
    /// The cases that it fails where the reference passes, and the schemes under which it does.
    pub kills: BTreeMap<CaseId, BTreeSet<SchemeName>>,
    /// Schemes whose valid request it refuses, so that nothing can be said of it there.
    pub without_control: BTreeSet<SchemeName>,
}

impl Row {
    /// The schemes under which any case kills it.
    pub fn schemes(&self) -> BTreeSet<&SchemeName> {
        self.kills.values().flatten().collect()
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

/// What was computed under one scheme.
#[derive(Default)]
struct Part {
    runs: Vec<CaseId>,
    troubles: Vec<Trouble>,
    /// For each mutant in order: the cases that kill it; none if it refuses the control.
    kills: Vec<Option<Vec<CaseId>>>,
}

impl Matrix {
    /// Runs every case under every scheme against the reference and every mutant.
    pub fn compute(catalog: &Catalog) -> Self {
        let schemes: Vec<&Arc<dyn Scheme>> = catalog.schemes.values().collect();
        let parts: Mutex<BTreeMap<usize, Part>> = Mutex::default();
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(scheme) = schemes.get(next.fetch_add(1, Ordering::Relaxed)) {
                let part = Place::new(scheme).part(catalog);
                let index =
                    schemes.iter().position(|known| Arc::ptr_eq(known, scheme)).expect("taken from there");
                parts.lock().unwrap_or_else(PoisonError::into_inner).insert(index, part);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(work);
            }
        });
        let parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
        Self::merge(catalog, parts.into_values().zip(catalog.schemes.keys()))
    }

    fn merge<'c>(catalog: &Catalog, parts: impl Iterator<Item = (Part, &'c SchemeName)>) -> Self {
        let empty = |mutant: &Mutant| Row {
            class: mutant.id(),
            about: mutant.about,
            kills: BTreeMap::new(),
            without_control: BTreeSet::new(),
        };
        let mut matrix = Self {
            rows: MUTANTS.iter().map(empty).collect(),
            runs: catalog.cases().map(|(_, case)| (case.id.clone(), BTreeSet::new())).collect(),
            troubles: Vec::new(),
        };
        for (part, scheme) in parts {
            for case in part.runs {
                matrix.runs.entry(case).or_default().insert(scheme.clone());
            }
            matrix.troubles.extend(part.troubles);
            for (row, kills) in matrix.rows.iter_mut().zip(part.kills) {
                match kills {
                    Some(cases) => cases.into_iter().for_each(|case| {
                        row.kills.entry(case).or_default().insert(scheme.clone());
                    }),
                    None => {
                        row.without_control.insert(scheme.clone());
                    }
                }
            }
        }
        matrix
    }

    /// The classes whose mutants die of a case.
    pub fn killed_by<'m>(&'m self, case: &'m CaseId) -> impl Iterator<Item = &'m BugClassId> {
        self.rows.iter().filter(|row| row.kills.contains_key(case)).map(|row| &row.class)
    }
}

impl Place {
    fn part(&self, catalog: &Catalog) -> Part {
        let mut part = Part::default();
        let name = &self.scheme.file().scheme;
        let baseline =
            |steps: &dyn Steps| InProcess { setup: &self.setup(), steps }.baseline(&self.world("control"));
        let trouble = |case, verdict| Trouble { scheme: name.clone(), case, verdict };
        let Some(proof) = baseline(&Reference) else {
            let verdict = Verdict::Inconclusive("the reference refuses the valid request".to_owned());
            part.troubles.push(trouble(None, verdict));
            part.kills = MUTANTS.iter().map(|_| None).collect();
            return part;
        };
        let proofs: Vec<_> = MUTANTS.iter().map(|mutant| baseline(&*(mutant.make)())).collect();
        part.kills = proofs.iter().map(|proof| proof.map(|_| Vec::new())).collect();
        for (_, case) in catalog.cases() {
            let other = match &case.secret {
                None => None,
                Some(key) => match self.with_key(key) {
                    None => continue,
                    other => other,
                },
            };
            let place = other.as_ref().unwrap_or(self);
            let Ok(built) = case.build(&place.world(case.id.as_str())) else { continue };
            let heard = Heard::new(&built);
            let verdict = |steps: &dyn Steps, proof| {
                InProcess { setup: &place.setup(), steps }.judge_heard(proof, case, &heard, NOW)
            };
            match verdict(&Reference, &proof) {
                Verdict::Pass => part.runs.push(case.id.clone()),
                Verdict::Skipped(_) => continue,
                other @ (Verdict::Fail(_) | Verdict::Inconclusive(_)) => {
                    part.troubles.push(trouble(Some(case.id.clone()), other));
                    continue;
                }
            }
            for ((mutant, proof), kills) in MUTANTS.iter().zip(&proofs).zip(&mut part.kills) {
                if let (Some(proof), Some(kills)) = (proof, kills)
                    && let Verdict::Fail(_) = verdict(&*(mutant.make)(), proof)
                {
                    kills.push(case.id.clone());
                }
            }
        }
        part
    }
}
