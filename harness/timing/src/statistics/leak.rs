//! Evidence that timings depend on their labels: a bet on every label, made from the rank of the timing.
//!
//! The type to know is [`Leak`]. The label of every call is drawn by a fair coin. If timings say nothing about labels,
//! then the label is a fair coin still after the timing was seen, whatever the machine does meanwhile: no bettor wins,
//! and the wealth of one who starts with 1 ever reaches W with a probability of at most 1/W (Ville's inequality). So one
//! may look at any time, and stop at any time.
//!
//! Many bettors play, and their mean wealth is the evidence. Each sorts timings into a few cells, by their rank in a
//! window of earlier timings, and stakes on the label that was more frequent in the cell so far, as Krichevsky and
//! Trofimov estimate it. Others suppose that one class is slower ([`Scores`]). A label is revealed only after the *next*
//! timing was seen, so that a bettor can also look at what a call left behind.

use super::Label;
use super::scores::Scores;

/// What a bettor sorts timings by.
#[derive(Debug, Clone, Copy)]
enum Sees {
    /// The rank, in so many equal parts.
    Bins(u8),
    /// Whether the rank is above this share.
    Cut(f64),
    /// The rank, in so many equal parts, together with the label of the call before.
    Before(u8),
    /// The rank, in so many equal parts, together with the rank of the call behind.
    Behind(u8),
}

/// The bettors: whether they look at the short or the long window, what they see, and their share of the first wealth.
const BETTORS: &[(usize, Sees, f64)] = &[
    (0, Sees::Bins(2), 6.0),
    (0, Sees::Bins(4), 6.0),
    (0, Sees::Bins(8), 6.0),
    (0, Sees::Bins(16), 6.0),
    (0, Sees::Bins(32), 6.0),
    (1, Sees::Bins(2), 1.0),
    (1, Sees::Bins(4), 1.0),
    (1, Sees::Bins(8), 1.0),
    (1, Sees::Bins(16), 1.0),
    (1, Sees::Bins(32), 1.0),
    (0, Sees::Cut(0.05), 1.0),
    (0, Sees::Cut(0.9), 1.0),
    (0, Sees::Cut(0.95), 1.0),
    (0, Sees::Cut(0.98), 1.0),
    (0, Sees::Cut(0.99), 1.0),
    (0, Sees::Cut(0.995), 1.0),
    (0, Sees::Cut(0.998), 1.0),
    (1, Sees::Cut(0.05), 1.0),
    (1, Sees::Cut(0.9), 1.0),
    (1, Sees::Cut(0.95), 1.0),
    (1, Sees::Cut(0.98), 1.0),
    (1, Sees::Cut(0.99), 1.0),
    (1, Sees::Cut(0.995), 1.0),
    (1, Sees::Cut(0.998), 1.0),
    (0, Sees::Before(4), 2.0),
    (0, Sees::Before(8), 2.0),
    (0, Sees::Behind(2), 2.0),
    (0, Sees::Behind(4), 3.0),
    (0, Sees::Behind(6), 2.0),
];

/// What is never staked, in the unit of the table: half of all. It makes false alarms half as frequent as they may be, and
/// costs as much evidence as one call gives at most.
const KEPT: f64 = 150.0;

/// Wealth is brought back to this range before it leaves what a number can hold.
const LARGE: f64 = 1e200;

impl Sees {
    fn cells(self) -> usize {
        match self {
            Self::Bins(bins) => usize::from(bins),
            Self::Cut(_) => 2,
            Self::Before(bins) => 2 * usize::from(bins),
            Self::Behind(bins) => usize::from(bins).pow(2),
        }
    }

    fn cell(self, call: &Call, window: usize, behind: &[f64; 2]) -> usize {
        let rank = call.ranks[window];
        let part = |rank: f64, bins: u8| (rank * f64::from(bins)) as usize;
        match self {
            Self::Bins(bins) => part(rank, bins),
            Self::Cut(share) => usize::from(rank > share),
            Self::Before(bins) => 2 * part(rank, bins) + call.before.index(),
            Self::Behind(bins) => usize::from(bins) * part(rank, bins) + part(behind[window], bins),
        }
    }
}

/// A call whose label is not yet revealed.
#[derive(Debug, Clone, Copy)]
struct Call {
    label: Label,
    before: Label,
    ranks: [f64; 2],
}

/// A bettor: how often each label was in each cell, and what it owns.
#[derive(Debug, Clone)]
struct Bettor {
    window: usize,
    sees: Sees,
    counts: Vec<[f64; 2]>,
    wealth: f64,
}

/// Evidence that the labels can be told from the timings.
#[derive(Debug, Clone)]
pub struct Leak {
    bettors: Vec<Bettor>,
    scores: Scores,
    kept: f64,
    held: Option<Call>,
    /// Natural logarithm of what was taken out of all wealths.
    taken: f64,
    evidence: f64,
    peak: f64,
}

impl Default for Leak {
    fn default() -> Self {
        let all = KEPT + Scores::share() + BETTORS.iter().map(|(_, _, share)| share).sum::<f64>();
        let bettors = BETTORS.iter().map(|&(window, sees, share)| Bettor {
            window,
            sees,
            counts: vec![[0.5; 2]; sees.cells()],
            wealth: share / all,
        });
        Self {
            bettors: bettors.collect(),
            scores: Scores::worth(1.0 / all),
            kept: KEPT / all,
            held: None,
            taken: 0.0,
            evidence: 0.0,
            peak: 0.0,
        }
    }
}

impl Leak {
    /// Takes the label of a call, and the ranks of its timing in the short and in the long window.
    pub(super) fn push(&mut self, label: Label, ranks: [f64; 2]) {
        let before = self.held.map_or(Label::X, |call| call.label);
        if let Some(call) = self.held {
            self.reveal(&call, &ranks);
        }
        self.held = Some(Call { label, before, ranks });
    }

    fn reveal(&mut self, call: &Call, behind: &[f64; 2]) {
        let mut sum = self.kept + self.scores.reveal(call.label, call.ranks);
        for bettor in &mut self.bettors {
            let counts = &mut bettor.counts[bettor.sees.cell(call, bettor.window, behind)];
            bettor.wealth *= 2.0 * counts[call.label.index()] / (counts[0] + counts[1]);
            counts[call.label.index()] += 1.0;
            sum += bettor.wealth;
        }
        if !(1.0 / LARGE..LARGE).contains(&sum) {
            for bettor in &mut self.bettors {
                bettor.wealth /= sum;
            }
            self.scores.divide(sum);
            self.kept /= sum;
            self.taken += sum.ln();
            sum = 1.0;
        }
        self.evidence = self.taken + sum.ln();
        self.peak = self.peak.max(self.evidence);
    }

    /// Natural logarithm of the evidence now.
    pub fn evidence(&self) -> f64 {
        self.evidence
    }

    /// Natural logarithm of the largest evidence so far. That it ever reaches `ln(1/alpha)` without a leak has a
    /// probability of at most alpha.
    pub fn peak(&self) -> f64 {
        self.peak
    }
}
