//! The statistics of timing verdicts, and the verifiers that they are tried on.

use countersign_benches::verifiers::{constant_time, early_exit, equals, tag};
use countersign_timing::statistics::{Comparison, Label, Limits};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const TIMINGS: u32 = 10_000;

/// Timings that vary as those of a machine do, without one.
fn timings() -> Vec<(Label, f64)> {
    let one = |n: u32| {
        let drawn = n.wrapping_mul(2_654_435_769).rotate_left(13).wrapping_mul(0x85EB_CA6B);
        let label = if drawn & 1 == 1 { Label::Y } else { Label::X };
        let slow = if drawn >> 8 & 127 == 0 { 4000.0 } else { 0.0 };
        (label, 550.0 + f64::from(drawn >> 16 & 63) + slow)
    };
    (0..TIMINGS).map(one).collect()
}

fn statistics(criterion: &mut Criterion) {
    let timings = timings();
    let mut group = criterion.benchmark_group("timing");
    group.throughput(Throughput::Elements(TIMINGS.into()));
    group.bench_function("statistics", |bencher| {
        bencher.iter(|| {
            let limits = Limits { resolution: Some(5.0), step: 10.0, ..Limits::default() };
            let mut comparison = Comparison::new(limits, 1);
            timings.iter().for_each(|&(label, timing)| comparison.push(label, timing));
            comparison.verdict(0.0)
        });
    });
    group.finish();
}

fn verifiers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verifiers");
    let (right, mut wrong) = (tag().into_bytes(), tag().into_bytes());
    wrong[0] ^= 1;
    type Verifier = (&'static str, fn(&[u8]) -> bool);
    let all: [Verifier; 3] =
        [("ends early", early_exit), ("equals", equals), ("constant time", constant_time)];
    for (name, verifier) in all {
        group.bench_function(format!("{name}, right"), |bencher| bencher.iter(|| verifier(&right)));
        group.bench_function(format!("{name}, wrong"), |bencher| bencher.iter(|| verifier(&wrong)));
    }
    group.finish();
}

criterion_group!(benches, statistics, verifiers);
criterion_main!(benches);
