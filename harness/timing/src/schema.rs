//! JSON Schemas of the reports on timings, generated from the Rust types.
//!
//! The function to know is [`schemas`]. It must not know where the files are kept.

use schemars::schema_for;
use serde_json::Value;

use crate::statistics::{Instructions, Report, Taint};

/// File names and schemas (JSON Schema, draft 2020-12).
///
/// ```
/// let names: Vec<_> = countersign_timing::schema::schemas().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["timing.schema.json", "instructions.schema.json", "taint.schema.json"]);
/// ```
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("timing.schema.json", schema_for!(Report).to_value()),
        ("instructions.schema.json", schema_for!(Instructions).to_value()),
        ("taint.schema.json", schema_for!(Taint).to_value()),
    ]
}
