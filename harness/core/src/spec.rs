//! Requirements and bug classes as data.
//!
//! The types to know are [`Requirement`] and [`BugClass`]; the data itself lives in the
//! `countersign-conformance` package. Nothing here knows how a requirement is tested.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{BugClassId, RequirementId};

/// A file of requirements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequirementFile {
    /// Short name of the area.
    pub area: String,
    /// Title of the area.
    pub title: String,
    /// The requirements.
    pub requirements: Vec<Requirement>,
}

/// Requirements by id.
pub type Requirements = BTreeMap<RequirementId, Requirement>;

/// Something that a verifier must, should or may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Requirement {
    /// Permanent id.
    pub id: RequirementId,
    /// How binding it is.
    pub level: Level,
    /// A title.
    pub title: String,
    /// The normative sentence.
    pub text: String,
    /// Why.
    pub reason: String,
    /// Where it comes from.
    pub source: String,
    /// How bad a breach is, by what the attacker must hold.
    pub severity: BTreeMap<Attacker, Severity>,
    /// CWE numbers; the first is the primary one.
    pub cwe: Vec<u32>,
    /// OWASP categories.
    pub owasp: Owasp,
    /// What a developer changes.
    pub remediation: String,
}

impl Requirement {
    /// The attacker level of a case that names none: the weakest at which it can be broken.
    pub fn attacker(&self) -> Attacker {
        self.severity.keys().next().copied().unwrap_or(Attacker::L1)
    }

    /// How bad a breach by this attacker is.
    pub fn severity_for(&self, attacker: Attacker) -> Severity {
        self.severity
            .get(&attacker)
            .or_else(|| self.severity.values().next())
            .copied()
            .unwrap_or(Severity::Medium)
    }
}

/// OWASP categories of a requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Owasp {
    /// OWASP API Security Top 10, with edition.
    pub api: String,
    /// OWASP Top 10, with edition.
    pub top10: String,
}

/// How binding a requirement is (RFC 2119).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Level {
    /// MUST: a breach makes a target nonconformant.
    Must,
    /// SHOULD: a breach is a warning.
    Should,
    /// MAY: information.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        })
    }
}

/// From which level on a failed requirement makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailOn {
    /// A failed MUST.
    #[default]
    Must,
    /// A failed MUST or SHOULD.
    Should,
    /// Nothing: everything that fails is a warning.
    None,
}

impl FailOn {
    /// All choices, in the order in which help shows them.
    pub const ALL: [Self; 3] = [Self::Must, Self::Should, Self::None];

    /// The word on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::None => "none",
        }
    }

    /// Whether a failed requirement of this level makes a run fail.
    pub fn counts(self, level: Level) -> bool {
        match self {
            Self::Must => level == Level::Must,
            Self::Should => matches!(level, Level::Must | Level::Should),
            Self::None => false,
        }
    }
}

/// A word that is no [`FailOn`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not one of must, should, none", .0.escape_debug())]
pub struct UnknownFailOn(String);

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for FailOn {
    type Err = UnknownFailOn;

    fn from_str(text: &str) -> Result<Self, UnknownFailOn> {
        let found = Self::ALL.into_iter().find(|choice| choice.name() == text);
        found.ok_or_else(|| UnknownFailOn(text.to_owned()))
    }
}

/// What an attacker holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Attacker {
    /// Nothing.
    L0,
    /// One genuine signed request or more.
    L1,
    /// A key holder who signs the odd value: a laxness, not a bypass.
    L2,
}

impl fmt::Display for Attacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::L0 => "L0",
            Self::L1 => "L1",
            Self::L2 => "L2",
        })
    }
}

/// How bad a breach is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// Forgery without holding anything.
    Critical,
    /// Forgery or replay with what an attacker can get.
    High,
    /// A step towards it, or loss of service.
    Medium,
    /// Defense in depth.
    Low,
    /// Interoperability between honest parties.
    Interop,
    /// Information.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Interop => "interop",
            Self::Info => "info",
        })
    }
}

/// A file of bug classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BugClassFile {
    /// Letter of the family.
    pub family: String,
    /// Title of the family.
    pub title: String,
    /// The classes.
    pub classes: Vec<BugClass>,
}

/// A way in which verifiers have been wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BugClass {
    /// Permanent id.
    pub id: BugClassId,
    /// The fault, in a few words.
    pub title: String,
    /// What a black-box client does, and what a flawed verifier shows.
    pub probe: String,
    /// How bad it is.
    pub severity: Severity,
    /// CWE numbers; the first is the primary one.
    pub cwe: Vec<u32>,
    /// How it shows.
    #[serde(default, skip_serializing_if = "Shows::is_decision")]
    pub shows: Shows,
    /// Where it was seen.
    pub seen_in: Vec<String>,
    /// Whether cases of this project find it.
    pub state: ClassState,
}

/// How a bug class shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Shows {
    /// As a wrong decision: accepted or refused where it must not be.
    #[default]
    Decision,
    /// As a crash, a hang or the end of the process.
    Crash,
    /// As something that an answer must not show.
    Answer,
    /// As time, memory or connections that a request costs.
    Cost,
}

impl Shows {
    fn is_decision(&self) -> bool {
        *self == Self::Decision
    }
}

/// Whether a bug class is found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ClassState {
    /// A mutant of the class dies.
    Covered,
    /// Not yet, and what is missing.
    Planned(String),
    /// Not by a black box, and why.
    NotTestable(String),
}

impl ClassState {
    /// The state in a word or two.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Planned(_) => "planned",
            Self::NotTestable(_) => "not testable",
        }
    }
}
