//! JSON Schemas of what this package writes, generated from the Rust types.
//!
//! The function to know is [`schemas`]. It must not know where the files are kept.

use schemars::schema_for;
use serde_json::Value;

use crate::matrix::report::Report;
use crate::smoke::Smoke;

/// File names and schemas (JSON Schema, draft 2020-12).
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("matrix.schema.json", schema_for!(Report).to_value()),
        ("selection.schema.json", schema_for!(Smoke).to_value()),
    ]
}
