//! An export as JSON.

use serde::Serialize;

use super::format::Document;

impl Document {
    /// The document as JSON: the head indented, and each case on one line, so that files stay small and
    /// differences short.
    ///
    /// # Errors
    /// A value has no JSON form.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let Self { format, tool, scheme, endpoint, control, cases, not_applicable } = self;
        let mut text = String::from("{\n");
        text.push_str(&format!("  \"format\": {},\n", line(format)?));
        text.push_str(&format!("  \"tool\": {},\n", line(tool)?));
        text.push_str(&format!("  \"scheme\": {},\n", indented(scheme)?));
        text.push_str(&format!("  \"endpoint\": {},\n", indented(endpoint)?));
        text.push_str(&format!("  \"control\": {},\n", line(control)?));
        text.push_str(&format!("  \"cases\": {},\n", lines(cases)?));
        text.push_str(&format!("  \"not_applicable\": {}\n}}\n", lines(not_applicable)?));
        Ok(text)
    }
}

fn line<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value)
}

fn indented<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(text.replace('\n', "\n  "))
}

fn lines<T: Serialize>(values: &[T]) -> Result<String, serde_json::Error> {
    if values.is_empty() {
        return Ok("[]".to_owned());
    }
    let lines = values.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("[\n    {}\n  ]", lines.join(",\n    ")))
}
