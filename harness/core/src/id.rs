//! Permanent names: parsed once at the border, then carried as types.
//!
//! It must not know which names exist; the registries do.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that is no id of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not {what}: {shape}", .text.escape_debug())]
pub struct InvalidId {
    text: String,
    what: &'static str,
    shape: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr, $shape:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { text: text.to_owned(), what: $what, shape: $shape })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id! {
    /// Name of a scheme: `stripe`, `canonical-request`.
    SchemeName, "a scheme name", slug, "lower-case letters, digits and single hyphens"
}
id! {
    /// Name of a case: `body-one-bit-flipped`. Unique over all suites.
    CaseId, "a case id", slug, "lower-case letters, digits and single hyphens"
}
id! {
    /// Id of a requirement: `INT-BODY`.
    RequirementId, "a requirement id", |text| shouted(text), "upper-case words joined by hyphens"
}
id! {
    /// Id of a bug class: `C01`.
    BugClassId, "a bug class id", bug_class, "a letter from A to F and two digits"
}

fn slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 80
        && text.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

fn shouted(text: &str) -> bool {
    text.contains('-')
        && text.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        })
}

fn bug_class(text: &str) -> bool {
    matches!(text.as_bytes(), [b'A'..=b'F', b'0'..=b'9', b'0'..=b'9'])
}

/// The known names nearest to an unknown one, best first, at most three.
///
/// ```
/// use countersign_core::id::nearest;
/// assert_eq!(nearest("strip", ["stripe", "slack", "line"]), ["stripe"]);
/// ```
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(usize, &str)> = known
        .into_iter()
        .map(|name| (strsim::levenshtein(&unknown.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().max(unknown.len()) / 4)
        .collect();
    scored.sort();
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_another_shape_are_refused_with_the_shape() {
        let error = "Body Case".parse::<CaseId>().expect_err("a space");
        assert_eq!(
            error.to_string(),
            "`Body Case` is not a case id: lower-case letters, digits and single hyphens"
        );
        assert!("INT-BODY".parse::<RequirementId>().is_ok());
        assert!("G01".parse::<BugClassId>().is_err());
    }

    #[test]
    fn nearest_finds_a_slip_and_refuses_a_stranger() {
        assert_eq!(nearest("INT-BODDY", ["INT-BODY", "INT-PATH"]), ["INT-BODY"]);
        assert!(nearest("zzzzzz", ["INT-BODY", "INT-PATH"]).is_empty());
    }
}
