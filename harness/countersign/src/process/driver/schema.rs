//! Validates the lines of both sides against the published schemas of the line protocol.
//!
//! The type to know is [`Schemas`]. The error names the side that wrote the invalid line.

use std::fmt;

use countersign_vectors::schema::{LINE_FROM_DRIVER, LINE_TO_DRIVER};
use jsonschema::Validator;
use serde_json::Value;

/// The schemas of both directions.
pub(super) struct Schemas {
    to_driver: Validator,
    from_driver: Validator,
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").finish_non_exhaustive()
    }
}

impl Schemas {
    /// The schemas published with this version.
    pub(super) fn published() -> Self {
        let schema = |text: &str| -> Validator {
            let schema: Value = serde_json::from_str(text).expect("it is generated");
            jsonschema::validator_for(&schema).expect("it is generated")
        };
        Self { to_driver: schema(LINE_TO_DRIVER), from_driver: schema(LINE_FROM_DRIVER) }
    }

    /// Validates a line from the harness.
    ///
    /// # Errors
    /// Where it does not match.
    pub(super) fn ours(&self, line: &[u8]) -> Result<(), String> {
        fits(&self.to_driver, line).map_err(|why| {
            format!("a fault of the harness, not of the driver: the harness's line does not match the schema: {why}")
        })
    }

    /// Validates a line from the driver, which is JSON.
    ///
    /// # Errors
    /// Where it does not match.
    pub(super) fn theirs(&self, line: &[u8]) -> Result<(), String> {
        fits(&self.from_driver, line).map_err(|why| format!("its line does not match the schema: {why}"))
    }
}

fn fits(schema: &Validator, line: &[u8]) -> Result<(), String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    schema.validate(&value).map_err(|error| {
        let text: String = error.to_string().chars().take(200).collect();
        format!("{text} at `{}`", error.instance_path())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_side_that_is_wrong() {
        let schemas = Schemas::published();
        assert_eq!(schemas.ours(br#"{"hello":{"protocol":1}}"#), Ok(()));
        assert_eq!(schemas.theirs(br#"{"accepted":{"seq":1}}"#), Ok(()));
        let why = schemas.ours(br#"{"hello":{}}"#).expect_err("no version");
        assert!(why.starts_with("a fault of the harness, not of the driver"), "{why}");
        let why = schemas.theirs(br#"{"accepted":{"seq":"1"}}"#).expect_err("no number");
        assert!(why.starts_with("its line does not match"), "{why}");
    }
}
