//! Figures.
use countersign_benches::load::{Load, Size};
use countersign_benches::rounds::{Rounds, median};
fn main() {
    for size in [Size::Any, Size::Small] {
        let load = Load::shipped(size);
        let rounds = Rounds::interleaved(9, |round| load.generate(round), |_| load.macs());
        println!("{size:?}: {} cases, mean {} bytes; {:.0}/s vs {:.0}/s; ratio {:.3} {:?}", load.cases(), load.mean_length(), median(rounds.first.clone()), median(rounds.second.clone()), rounds.ratio(), rounds.spread());
    }
}
