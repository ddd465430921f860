//! The door for files that people write, schemes and suites in YAML, and for cases that leave as frozen bytes.
//!
//! Text in, checked values or diagnostics out; no file is opened here. Nothing past this door sees YAML.

mod diagnostic;
pub mod export;
mod load;
pub mod yaml;

pub use diagnostic::Diagnostic;
pub use load::{Known, Suite, scheme, suite};
