//! End to end over loopback, in one process: single deliveries, and the run loop at 1 and 16 connections.

use countersign_benches::loopback::{Judge, start};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Cases in one run of the loop.
const CASES: usize = 2000;

fn loopback(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("it can be started");
    let endpoint = runtime.block_on(start());
    let mut group = criterion.benchmark_group("loopback");
    let single = Judge::new(endpoint.addr(), 1, 1);
    let wire = single.genuine();
    group.bench_function("deliver", |bencher| bencher.iter(|| single.deliver(&wire)));
    for jobs in [1, 16] {
        let mut judge = Judge::new(endpoint.addr(), jobs, CASES);
        let cases = judge.run(0);
        group.sample_size(10).throughput(Throughput::Elements(cases as u64));
        let mut round = 0;
        group.bench_function(format!("run-{jobs}"), |bencher| {
            bencher.iter(|| {
                round += 1;
                judge.run(round)
            });
        });
    }
    group.finish();
    runtime.block_on(endpoint.shutdown());
}

criterion_group!(benches, loopback);
criterion_main!(benches);
