//! Cases from recipe to bytes, beside the bare MACs of the same bytes, on one core; and their ratio.

use countersign_benches::load::{Load, Size};
use countersign_benches::rounds::Rounds;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn generate(criterion: &mut Criterion) {
    for (size, name) in [(Size::Any, "all"), (Size::Small, "small")] {
        let load = Load::shipped(size);
        let mut group = criterion.benchmark_group(format!("generate-{name}"));
        group.sample_size(20).throughput(Throughput::Elements(load.macs() as u64));
        let mut round = 0;
        group.bench_function("cases", |bencher| {
            bencher.iter(|| {
                round += 1;
                load.generate(round)
            });
        });
        group.bench_function("bare-macs", |bencher| bencher.iter(|| load.macs()));
        group.finish();
        let rounds = Rounds::interleaved(9, |round| load.generate(round), |_| load.macs());
        println!("generate-{name}: {:.3} of the bare MAC rate, interleaved", rounds.ratio());
    }
}

criterion_group!(benches, generate);
criterion_main!(benches);
