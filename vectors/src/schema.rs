//! Schemas of the line protocol, for whoever checks lines at run time.
//!
//! The others are files in `schema/` only.

/// What the harness says to a driver.
pub const LINE_TO_DRIVER: &str = include_str!("../schema/line-to-driver.schema.json");

/// What a driver says to the harness.
pub const LINE_FROM_DRIVER: &str = include_str!("../schema/line-from-driver.schema.json");
