//! A case as a suite says it: the fields of its recipe stand beside the others.
//!
//! The type to know is [`WrittenCase`]. It is the format and nothing else: whoever uses a case uses
//! [`Case`](super::Case).

use serde::{Deserialize, Serialize};

use super::{Case, Expectation, Need};
use crate::id::{BugClassId, CaseId, RequirementId};
use crate::recipe::{Delivery, Message, Recipe, Signing};
use crate::spec::Attacker;
use crate::tamper::{Tamper, WireTamper};
use crate::wire::ByteString;

/// A case as written: what is sent, and what must happen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Case"))]
pub(super) struct WrittenCase {
    /// Permanent id: a fact in kebab case.
    id: CaseId,
    /// Why the case is there, where the id does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// Requirements that it tests; the first decides level, severity and advice.
    requires: Vec<RequirementId>,
    /// Bug classes whose mutants must die of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kills: Vec<BugClassId>,
    /// What the scheme must have in addition to what the recipe itself asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    needs: Vec<Need>,
    /// Key bytes with which the target is set up for this case, written in the form of the scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<ByteString>,
    /// What the attacker holds, if not the weakest level of the first requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attacker: Option<Attacker>,
    /// What is signed.
    #[serde(default)]
    message: Message,
    /// How it is signed.
    #[serde(default)]
    sign: Signing,
    /// What is changed after signing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tamper: Vec<Tamper>,
    /// How the framing differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wire: Vec<WireTamper>,
    /// How often and in which order it is sent.
    #[serde(default)]
    deliver: Delivery,
    /// With `expect: alike`: the same message, refused for another cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    twin: Option<Twin>,
    /// Whether a refused request must also have had no effect, which takes a counter of effects to see.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    effects: bool,
    /// What must happen.
    expect: Expectation,
}

/// A second request of a case: the same message, signed or tampered with differently.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Twin {
    /// What is signed, if not the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    /// How it is signed.
    sign: Signing,
    /// What is changed after signing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tamper: Vec<Tamper>,
}

impl Twin {
    /// The recipe of the twin of this one: framed as it is, and sent once.
    fn read(self, first: &Recipe) -> Recipe {
        let Self { message, sign, tamper } = self;
        let message = message.unwrap_or_else(|| first.message.clone());
        Recipe { message, sign, tamper, wire: first.wire.clone(), deliver: Delivery::Once }
    }

    /// The twin of a recipe as it is written.
    fn write(twin: Recipe, first: &Recipe) -> Self {
        let Recipe { message, sign, tamper, wire: _, deliver: _ } = twin;
        Self { message: (message != first.message).then_some(message), sign, tamper }
    }
}

impl From<WrittenCase> for Case {
    fn from(written: WrittenCase) -> Self {
        let WrittenCase { id, about, requires, kills, needs, secret, attacker, .. } = written;
        let WrittenCase { message, sign, tamper, wire, deliver, twin, effects, expect, .. } = written;
        let recipe = Recipe { message, sign, tamper, wire, deliver };
        let twin = twin.map(|twin| twin.read(&recipe));
        Self { id, about, requires, kills, needs, secret, attacker, recipe, twin, effects, expect }
    }
}

impl From<Case> for WrittenCase {
    fn from(case: Case) -> Self {
        let Case { id, about, requires, kills, needs, secret, attacker, recipe, twin, effects, expect } =
            case;
        let twin = twin.map(|twin| Twin::write(twin, &recipe));
        let Recipe { message, sign, tamper, wire, deliver } = recipe;
        Self {
            id,
            about,
            requires,
            kills,
            needs,
            secret,
            attacker,
            message,
            sign,
            tamper,
            wire,
            deliver,
            twin,
            effects,
            expect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWINS: &str = r#"{
        "id": "a", "requires": ["INT-BODY"], "message": {"body": {"text": "x"}}, "sign": {},
        "tamper": [{"remove": {"part": "tag"}}], "deliver": "once", "twin": TWIN, "expect": "alike"
    }"#;

    fn twin(text: &str) -> (Case, serde_json::Value) {
        let case: Case = serde_json::from_str(&TWINS.replace("TWIN", text)).expect("a case");
        let written = serde_json::to_value(&case).expect("plain data");
        assert_eq!(serde_json::from_value::<Case>(written.clone()).expect("a case"), case);
        (case, written)
    }

    #[test]
    fn a_twin_that_says_no_message_has_that_of_the_case() {
        let (case, written) = twin(r#"{"sign": {"key": "wrong"}}"#);
        assert_eq!(case.twin.expect("a twin").message, case.recipe.message);
        assert_eq!(written["twin"], serde_json::json!({"sign": {"key": "wrong"}}));
        let (case, written) = twin(r#"{"message": {"body": {"text": "y"}}, "sign": {}}"#);
        assert_ne!(case.twin.expect("a twin").message, case.recipe.message);
        assert_eq!(written["twin"]["message"]["body"]["text"], "y");
    }
}
