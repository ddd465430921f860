//! The load: every shipped case under every scheme as data of HMAC-SHA256 that it applies to.
//!
//! The type to know is [`Load`]. Each pass builds every case anew with texts that no pass had before;
//! [`Load::macs`] computes nothing but the MACs that such a pass computes.

use std::hint::black_box;

use countersign_conformance::Catalog;
use countersign_conformance::place::Place;
use countersign_core::case::Case;
use countersign_core::recipe::{Built, Delivery, Purpose, Step};
use countersign_core::scheme::Hash;
use countersign_core::wire::Request;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Cases to build, and the texts whose MACs that takes.
pub struct Load {
    places: Vec<Place>,
    jobs: Vec<(usize, &'static Case)>,
    texts: Vec<(usize, Vec<u8>)>,
}

/// Which cases are part of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// All.
    Any,
    /// Those whose signing strings all have at most 1 KiB.
    Small,
}

impl Load {
    /// The shipped cases.
    pub fn shipped(size: Size) -> Self {
        let mut load = Self { places: Place::all(), jobs: Vec::new(), texts: Vec::new() };
        // Schemes in code do more for a tag than one MAC, and what they do is not in the peer.
        load.places.retain(|place| {
            let file = place.scheme.file();
            file.mac.hash == Hash::Sha256 && file.code.is_none()
        });
        for (index, place) in load.places.iter().enumerate() {
            for (_, case) in Catalog::embedded().cases() {
                let Ok(built) = case.build(&place.world_of(0, case.id.as_str())) else { continue };
                let texts: Vec<_> =
                    signed(case, &built).map(|request| signing_string(place, request)).collect();
                let small = texts.iter().all(|text| text.len() <= 1024);
                // Broken constructions and other hashes are not HMAC-SHA256; their cost is not in the peer.
                let plain =
                    case.recipe.sign.hash.is_none() && case.recipe.sign.construction == Default::default();
                if plain && (small || size == Size::Any) {
                    load.jobs.push((index, case));
                    load.texts.extend(texts.into_iter().map(|text| (index, text)));
                }
            }
        }
        load
    }

    /// Number of cases in a pass.
    pub fn cases(&self) -> usize {
        self.jobs.len()
    }

    /// Mean length of the texts under the MAC, in bytes.
    pub fn mean_length(&self) -> usize {
        self.texts.iter().map(|(_, text)| text.len()).sum::<usize>() / self.texts.len().max(1)
    }

    /// Builds every case, from recipe to bytes; the number of MACs that were computed for them.
    pub fn generate(&self, round: u64) -> usize {
        for at in 0..self.jobs.len() {
            black_box(self.build(at, round));
        }
        self.texts.len()
    }

    /// Builds one case, counted around, down to the bytes of everything that is sent.
    ///
    /// None if the texts of this round leave it nothing to change, such as letters in a tag without any.
    pub fn build(&self, at: usize, round: u64) -> Option<Built> {
        let (index, case) = self.jobs[at % self.jobs.len()];
        let place = &self.places[index];
        let built = case.build(&place.world_of(round, case.id.as_str())).ok()?;
        for wire in built.rounds.iter().flat_map(|round| &round.wires) {
            wire.pieces().for_each(|piece| {
                black_box(piece);
            });
        }
        Some(built)
    }

    /// The bare MACs of one pass, each with its key set up anew as a signer does; their number.
    pub fn macs(&self) -> usize {
        for (index, text) in &self.texts {
            let mut mac =
                Hmac::<Sha256>::new_from_slice(self.places[*index].key()).expect("HMAC takes any key");
            mac.update(black_box(text));
            black_box(mac.finalize().into_bytes());
        }
        self.texts.len()
    }
}

/// The bytes under the MAC of a request, as well as they can be read back from it.
fn signing_string(place: &Place, request: &Request) -> Vec<u8> {
    let claims = place.scheme.read(request).unwrap_or_default();
    place.scheme.signing_string(request, &claims, &place.world("").sender.deployment)
}

/// The requests of a case that were signed, each once.
fn signed<'b>(case: &'b Case, built: &'b Built) -> impl Iterator<Item = &'b Request> {
    let mut requests = vec![built.untampered.request()];
    if let Delivery::Sequence(steps) = &case.recipe.deliver {
        let mut rounds = built.rounds.iter();
        for step in steps {
            let (count, anew) = match step {
                Step::Genuine | Step::Tampered => (1, false),
                Step::Resigned(_) | Step::Second(_) => (1, true),
                Step::Wait(_) | Step::HandlerFails => (1, false),
                Step::Others(count) => (usize::from(*count), true),
            };
            for round in rounds.by_ref().take(count) {
                debug_assert!(round.purpose != Purpose::Judged || round.wires.len() == 1);
                requests.extend(round.wires.iter().filter(|_| anew).map(|wire| wire.request()));
            }
        }
    }
    requests.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_builds_every_case_and_no_two_passes_the_same_bytes() {
        let load = Load::shipped(Size::Small);
        assert!(load.cases() > 500, "{} cases", load.cases());
        assert_eq!(load.generate(1), load.macs());
        let first = |round| load.build(0, round).expect("the first case is always built").untampered;
        assert_ne!(first(1).bytes(), first(2).bytes());
    }
}
