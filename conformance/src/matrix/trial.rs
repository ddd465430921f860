//! One scheme: every case against the reference and every mutant, under each of the seeds.
//!
//! The type to know is [`Trial`]. It must not know other schemes.

use std::cmp::Reverse;
use std::sync::Arc;

use countersign_core::case::Case;
use countersign_core::id::CaseId;
use countersign_core::judge::{Baseline, Verdict};
use countersign_core::observe::Observation;
use countersign_core::scheme::Scheme;
use countersign_core::spec::Level;

use super::Trouble;
use crate::catalog::Catalog;
use crate::in_process::{Heard, InProcess};
use crate::mutants::Mutant;
use crate::place::{NOW, Place, SEEDS};
use crate::reference::{Reference, Steps};

/// What a case shows about a mutant; over several seeds the weakest result counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// It answers as the reference does.
    Same,
    /// It answers otherwise, and may.
    Differs,
    /// It fails the case; the failure weighs this much.
    Killed(Reverse<Level>),
}

/// What was computed under one scheme.
#[derive(Default)]
pub(super) struct Part {
    /// The cases that run, and how many requests each sends.
    pub(super) runs: Vec<(CaseId, usize)>,
    /// Where the reference does not pass.
    pub(super) troubles: Vec<Trouble>,
    /// For each mutant in order: the cases that it answers otherwise; none if it refuses the control.
    pub(super) marks: Vec<Option<Vec<(CaseId, Mark)>>>,
}

/// One scheme under several seeds.
pub(super) struct Trial<'m> {
    mutants: &'m [&'static Mutant],
    stands: Vec<Stand>,
}

/// One scheme under one seed.
struct Stand {
    place: Place,
    reference: Option<Baseline>,
    /// Proof of each mutant that it accepts the valid request.
    proofs: Vec<Option<Baseline>>,
}

/// What came of a case under one seed.
enum Tried {
    NotForThisScheme,
    Trouble(Verdict),
    Marks { requests: usize, marks: Vec<Mark> },
}

impl<'m> Trial<'m> {
    pub(super) fn new(scheme: &Arc<dyn Scheme>, mutants: &'m [&'static Mutant]) -> Self {
        let stand = |seed: &u64| {
            let place = Place::under(scheme, *seed);
            let proof = |steps: &dyn Steps| {
                InProcess { setup: &place.setup(), steps }.control(&place.world("control"))
            };
            let reference = proof(&Reference);
            let proofs = mutants.iter().map(|mutant| proof(&*(mutant.make)())).collect();
            Stand { place, reference, proofs }
        };
        Self { mutants, stands: SEEDS.iter().map(stand).collect() }
    }

    pub(super) fn part(&self, catalog: &Catalog) -> Part {
        let mut part = Part::default();
        let scheme = &self.stands[0].place.scheme.file().scheme;
        let mut trouble =
            |case, verdict| part.troubles.push(Trouble { scheme: scheme.clone(), case, verdict });
        if self.stands.iter().any(|stand| stand.reference.is_none()) {
            let verdict = Verdict::Inconclusive("the reference refuses the valid request".to_owned());
            trouble(None, verdict);
            part.marks = self.mutants.iter().map(|_| None).collect();
            return part;
        }
        let accepts = |index: usize| self.stands.iter().all(|stand: &Stand| stand.proofs[index].is_some());
        part.marks = (0..self.mutants.len()).map(|index| accepts(index).then(Vec::new)).collect();
        for (_, case) in catalog.cases() {
            match self.case(catalog, case) {
                Tried::NotForThisScheme => {}
                Tried::Trouble(verdict) => trouble(Some(case.id.clone()), verdict),
                Tried::Marks { requests, marks } => {
                    part.runs.push((case.id.clone(), requests));
                    for (all, mark) in part.marks.iter_mut().zip(marks) {
                        if let (Some(all), Mark::Differs | Mark::Killed(_)) = (all, mark) {
                            all.push((case.id.clone(), mark));
                        }
                    }
                }
            }
        }
        part
    }

    /// One case under all seeds; the later ones try only what the first one saw.
    fn case(&self, catalog: &Catalog, case: &Case) -> Tried {
        let mut all = self.stands[0].case(catalog, case, self.mutants, |_| true);
        for stand in &self.stands[1..] {
            let Tried::Marks { marks, .. } = &mut all else { break };
            if marks.iter().all(|mark| *mark == Mark::Same) {
                break;
            }
            match stand.case(catalog, case, self.mutants, |index| marks[index] != Mark::Same) {
                Tried::Marks { marks: again, .. } => {
                    marks.iter_mut().zip(again).for_each(|(mark, again)| *mark = again.min(*mark));
                }
                other => return other,
            }
        }
        all
    }
}

impl Stand {
    fn case(
        &self,
        catalog: &Catalog,
        case: &Case,
        mutants: &[&Mutant],
        wanted: impl Fn(usize) -> bool,
    ) -> Tried {
        let Some(reference) = &self.reference else { return Tried::NotForThisScheme };
        let other = case.secret.as_ref().map(|key| self.place.with_key(key));
        let place = match &other {
            None => &self.place,
            Some(Some(other)) => other,
            Some(None) => return Tried::NotForThisScheme,
        };
        let Ok(built) = case.build(&place.world(case.id.as_str())) else {
            return Tried::NotForThisScheme;
        };
        let heard = Heard::new(&built);
        let see = |steps: &dyn Steps, proof: &Baseline| -> (Verdict, (Vec<Observation>, u64)) {
            let setup = place.setup();
            let verifier = InProcess { setup: &setup, steps };
            let (executed, answers) = verifier.execute(proof, case, &heard, NOW);
            (executed.verdict, (answers, setup.handler.effects()))
        };
        let (verdict, right) = see(&Reference, reference);
        match verdict {
            Verdict::Pass => {}
            Verdict::Skipped(_) => return Tried::NotForThisScheme,
            other @ (Verdict::Fail(_) | Verdict::Inconclusive(_)) => return Tried::Trouble(other),
        }
        let mark = |(index, mutant): (usize, &&Mutant)| match &self.proofs[index] {
            Some(proof) if wanted(index) => match see(&*(mutant.make)(), proof) {
                (Verdict::Fail(failure), _) => {
                    Mark::Killed(Reverse(catalog.weight(case, &*self.place.scheme, failure)))
                }
                (Verdict::Pass | Verdict::Skipped(_) | Verdict::Inconclusive(_), answers) => {
                    if answers == right { Mark::Same } else { Mark::Differs }
                }
            },
            Some(_) | None => Mark::Same,
        };
        let requests = built.rounds.iter().map(|round| round.wires.len()).sum();
        Tried::Marks { requests, marks: mutants.iter().enumerate().map(mark).collect() }
    }
}
