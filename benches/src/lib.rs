//! What the benchmarks and the programs `ratios` and `timing` measure with: the shipped cases under the shipped schemes,
//! the bare MAC of the same bytes, endpoints on loopback sockets, drivers, and verifiers that leak and that do not.

pub mod classical;
pub mod delayed;
pub mod lines;
pub mod load;
pub mod loopback;
pub mod paired;
pub mod pairs;
pub mod rounds;
pub mod subjects;
pub mod verifiers;
