//! What conforming means: requirements and bug classes as data, the correct verifier, and mutants
//! of it, one per bug class.
//!
//! ```
//! use countersign_conformance::Catalog;
//! let catalog = Catalog::embedded();
//! assert_eq!(catalog.bug_classes.len(), 122);
//! ```

mod catalog;
pub mod detection;
pub mod in_process;
pub mod matrix;
pub mod mutants;
pub mod place;
pub mod reference;
#[cfg(feature = "schema")]
pub mod schema;
pub mod smoke;
pub mod starters;

pub use catalog::Catalog;
