//! Building, delivering in process and judging every shipped case of a scheme.

use countersign_conformance::Catalog;
use countersign_conformance::in_process::InProcess;
use countersign_conformance::place::Place;
use countersign_conformance::reference::Reference;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn judge(criterion: &mut Criterion) {
    let places = Place::all();
    let mut group = criterion.benchmark_group("judge");
    for name in ["github", "stripe", "canonical-request-nonce"] {
        let place =
            places.iter().find(|place| place.scheme.file().scheme.as_str() == name).expect("it is shipped");
        // Large bodies would only measure the MAC.
        let cases: Vec<_> = Catalog::embedded()
            .cases()
            .filter(|(_, case)| {
                case.build(&place.world("bench")).is_ok_and(|built| {
                    built.rounds.iter().all(|r| r.wires.iter().all(|w| w.bytes().len() < 4096))
                })
            })
            .map(|(_, case)| case)
            .collect();
        group.throughput(Throughput::Elements(cases.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let setup = place.setup();
                let verifier = InProcess { setup: &setup, steps: &Reference };
                let proof =
                    verifier.control(&place.world("control")).expect("the reference accepts its control");
                cases
                    .iter()
                    .filter(|case| verifier.run(&proof, case, &place.world(case.id.as_str())).is_ok())
                    .count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, judge);
criterion_main!(benches);
