//! The published schemas of the line protocol, held against what both sides say.
//!
//! The type to know is [`Schemas`]. Whoever wrote a line that does not fit is named.

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
    /// Those that are published with this version.
    pub(super) fn published() -> Self {
        let schema = |text: &str| -> Validator {
            let schema: Value = serde_json::from_str(text).expect("it is generated");
            jsonschema::validator_for(&schema).expect("it is generated")
        };
        Self { to_driver: schema(LINE_TO_DRIVER), from_driver: schema(LINE_FROM_DRIVER) }
    }

    /// A line of the harness.
    ///
    /// # Errors
    /// Where it does not fit.
    pub(super) fn ours(&self, line: &[u8]) -> Result<(), String> {
        fits(&self.to_driver, line).map_err(|why| {
            format!("not its fault but the harness's, whose line does not fit the schema: {why}")
        })
    }

    /// A line of the driver, which is JSON.
    ///
    /// # Errors
    /// Where it does not fit.
    pub(super) fn theirs(&self, line: &[u8]) -> Result<(), String> {
        fits(&self.from_driver, line).map_err(|why| format!("its line does not fit the schema: {why}"))
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
    fn whoever_is_wrong_is_named() {
        let schemas = Schemas::published();
        assert_eq!(schemas.ours(br#"{"hello":{"protocol":1}}"#), Ok(()));
        assert_eq!(schemas.theirs(br#"{"accepted":{"seq":1}}"#), Ok(()));
        let why = schemas.ours(br#"{"hello":{}}"#).expect_err("no version");
        assert!(why.starts_with("not its fault but the harness's"), "{why}");
        let why = schemas.theirs(br#"{"accepted":{"seq":"1"}}"#).expect_err("no number");
        assert!(why.starts_with("its line does not fit"), "{why}");
    }
}
