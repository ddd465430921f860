//! What the benchmarks and the program `ratios` measure with: the shipped cases under the shipped
//! schemes, the bare MAC of the same bytes, and an endpoint on a loopback socket.

pub mod lines;
pub mod load;
pub mod loopback;
pub mod rounds;
pub mod verifiers;
