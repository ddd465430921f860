//! JSON Schemas of everything that people write or programs read, generated from the Rust types.
//!
//! The function to know is [`schemas`]. It must not know where the files are kept.

use schemars::schema_for;
use serde_json::Value;

use crate::case::SuiteFile;
use crate::event::Event;
use crate::grid::Grid;
use crate::line::{FromDriver, ToDriver};
use crate::report::json::Report;
use crate::scheme::SchemeFile;
use crate::spec::{BugClassFile, RequirementFile};
use crate::vector::export::Document;

/// File names and schemas (JSON Schema, draft 2020-12).
///
/// ```
/// let names: Vec<_> = countersign_core::schema::schemas().into_iter().map(|(name, _)| name).collect();
/// assert!(names.contains(&"report.schema.json"));
/// ```
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("scheme.schema.json", schema_for!(SchemeFile).to_value()),
        ("suite.schema.json", schema_for!(SuiteFile).to_value()),
        ("report.schema.json", schema_for!(Report).to_value()),
        ("event.schema.json", schema_for!(Event).to_value()),
        ("grid.schema.json", schema_for!(Grid).to_value()),
        ("vectors.schema.json", schema_for!(Document).to_value()),
        ("line-to-driver.schema.json", schema_for!(ToDriver).to_value()),
        ("line-from-driver.schema.json", schema_for!(FromDriver).to_value()),
        ("requirement.schema.json", schema_for!(RequirementFile).to_value()),
        ("bug-class.schema.json", schema_for!(BugClassFile).to_value()),
    ]
}
