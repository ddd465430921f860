//! tacet at 5 ns, on the same verifier that the program `timing` measures: `tacet-peer RUNS`.

#[path = "../../../src/verifiers.rs"]
#[allow(dead_code)]
mod verifiers;

use std::time::Duration;

use tacet::helpers::InputPair;
use tacet::{AttackerModel, Outcome, TimingOracle};
use verifiers::{constant_time, tag};

/// Alike, but for the character at one place.
fn wrong_at(place: usize) -> [u8; 64] {
    let mut tag: [u8; 64] = tag().into_bytes().try_into().expect("64 characters");
    tag[place] = if tag[place] == b'0' { b'1' } else { b'0' };
    tag
}

fn main() {
    let runs: usize = std::env::args().nth(1).and_then(|runs| runs.parse().ok()).unwrap_or(200);
    for (name, first, second) in [("identical inputs", 63, 63), ("constant time", 0, 63)] {
        let (mut pass, mut fail, mut open) = (0, 0, 0);
        for _ in 0..runs {
            let inputs = InputPair::new_unchecked(|| wrong_at(first), || wrong_at(second));
            let oracle = TimingOracle::for_attacker(AttackerModel::Custom { threshold_ns: 5.0 });
            match oracle.time_budget(Duration::from_secs(10)).test(inputs, |tag| {
                std::hint::black_box(constant_time(tag));
            }) {
                Outcome::Pass { .. } => pass += 1,
                Outcome::Fail { .. } => fail += 1,
                _ => open += 1,
            }
        }
        println!("tacet 0.4.2 at 5 ns, {name}, {runs} runs: {fail} leaks, {pass} passed, {open} inconclusive");
    }
}
