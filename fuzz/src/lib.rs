//! Fuzz targets as ordinary functions: bytes in, a panic if a property does not hold.
//!
//! The list to know is [`TARGETS`]. libFuzzer drives them through the shells in `fuzz_targets/`;
//! plain tests replay the corpus, and a fixed stream of other inputs, on any toolchain.

use std::sync::LazyLock;

use countersign_conformance::place::Place;

pub mod answer_read;
pub mod recipe_judge;
pub mod scheme_verify;
pub mod stream;
pub mod vector_load;

/// The scheme that a byte of an input chooses, and where its signer and verifier stand.
pub fn chosen(by: u8) -> &'static Place {
    static PLACES: LazyLock<Vec<Place>> = LazyLock::new(Place::all);
    &PLACES[usize::from(by) % PLACES.len()]
}

/// A fuzz target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All fuzz targets.
pub const TARGETS: &[Target] = &[
    ("answer_read", answer_read::run),
    ("recipe_judge", recipe_judge::run),
    ("scheme_verify", scheme_verify::run),
    ("vector_load", vector_load::run),
];
