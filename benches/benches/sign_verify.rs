//! Signing a genuine request, and verifying one, under every shipped scheme.

use std::hint::black_box;

use countersign_conformance::place::{NOW, Place};
use countersign_conformance::reference::{Reference, Steps as _};
use countersign_core::recipe::genuine;
use countersign_core::wire::receive;
use criterion::{Criterion, criterion_group, criterion_main};

fn sign_verify(criterion: &mut Criterion) {
    let places = Place::all();
    let mut group = criterion.benchmark_group("sign");
    for place in &places {
        let world = place.world("bench");
        let mut n = 0;
        group.bench_function(place.scheme.file().scheme.as_str(), |bencher| {
            bencher.iter(|| {
                n += 1;
                genuine(black_box(&world), n)
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("verify");
    for place in &places {
        let setup = place.setup();
        let wire = genuine(&place.world("bench"), 0).expect("the secret fits the scheme");
        let request = receive(&wire.bytes()).expect("a genuine request is well-formed");
        group.bench_function(place.scheme.file().scheme.as_str(), |bencher| {
            // Without the replay memory, which would refuse the second one.
            bencher.iter(|| Reference.check(&setup, black_box(&request), NOW));
        });
    }
    group.finish();
}

criterion_group!(benches, sign_verify);
criterion_main!(benches);
