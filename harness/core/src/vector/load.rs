//! Reading schemes and suites, with every check that needs no target.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Diagnostic, yaml};
use crate::case::{Case, Expectation, SuiteFile};
use crate::id::{BugClassId, RequirementId};
use crate::recipe::{Delivery, Step};
use crate::scheme::{self, CODED, Scheme, SchemeFile};

/// A suite that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    /// Path of the file.
    pub path: String,
    /// Name: the file's own name.
    pub name: String,
    /// What it is about.
    pub about: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// The ids that cases may name.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Requirements.
    pub requirements: BTreeSet<RequirementId>,
    /// Bug classes.
    pub bug_classes: BTreeSet<BugClassId>,
}

/// Problems of one file that are shown.
const ENOUGH: usize = 20;

/// Reads a scheme file.
///
/// # Errors
/// Everything that is wrong with it, with its place; the first only.
pub fn scheme(path: &str, text: &str) -> Result<Arc<dyn Scheme>, Diagnostic> {
    let file: SchemeFile = yaml::parse(path, text)?;
    if let Some(code) = file.code.as_deref().filter(|code| CODED.iter().all(|known| known.name != *code)) {
        let message = format!("there is no code `{code}`");
        let names: Vec<&str> = CODED.iter().map(|known| known.name).collect();
        let all = format!("known are {}", names.join(", "));
        return Err(Diagnostic::find(path, text, "code:", code, message).nearest(code, names, &all));
    }
    scheme::scheme(file).map_err(|error| {
        Diagnostic::find(path, text, &error.at, &error.at, error.message)
            .help("the scheme format is described in vectors/README.md")
    })
}

/// Reads a suite file.
///
/// # Errors
/// Everything that is wrong with it, with its place.
pub fn suite(path: &str, text: &str, known: &Known) -> Result<Suite, Vec<Diagnostic>> {
    let file: SuiteFile = yaml::parse(path, text).map_err(|diagnostic| vec![diagnostic])?;
    let mut found = Vec::new();
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".yaml").trim_end_matches(".yml");
    if file.suite != stem {
        let message = format!("the suite is called `{}`, the file `{stem}`", file.suite);
        found.push(
            Diagnostic::find(path, text, "suite:", &file.suite, message).help("give both the same name"),
        );
    }
    if file.cases.is_empty() {
        found.push(Diagnostic::find(path, text, "cases:", "cases", "a suite without cases tests nothing"));
    }
    let mut seen = BTreeSet::new();
    for case in &file.cases {
        if found.len() >= ENOUGH {
            let message = format!("more than {ENOUGH} problems; the rest is not shown");
            found.push(Diagnostic::find(path, text, "cases:", "cases", message));
            break;
        }
        let anchor = format!("id: {}", case.id);
        let at = |needle: &str, message: String| Diagnostic::find(path, text, &anchor, needle, message);
        if !seen.insert(&case.id) {
            let last = text.rfind(&anchor).unwrap_or(0);
            let message = format!("case id `{}` is used twice", case.id);
            found.push(
                Diagnostic::at(path, text, last, anchor.len(), message).help("ids are unique and permanent"),
            );
        }
        if case.requires.is_empty() {
            let message = format!("case `{}` names no requirement", case.id);
            found.push(at("requires", message).help("see `countersign list requirements`"));
        }
        for id in case.requires.iter().filter(|id| !known.requirements.contains(*id)) {
            let names = known.requirements.iter().map(RequirementId::as_str);
            let message = format!("unknown requirement `{id}`");
            found.push(at(id.as_str(), message).nearest(
                id.as_str(),
                names,
                "see `countersign list requirements`",
            ));
        }
        for id in case.kills.iter().filter(|id| !known.bug_classes.contains(*id)) {
            let names = known.bug_classes.iter().map(BugClassId::as_str);
            let message = format!("unknown bug class `{id}`");
            found.push(at(id.as_str(), message).nearest(id.as_str(), names, "see `countersign explain A01`"));
        }
        if let Some((needle, message)) = idle(case) {
            found.push(at(needle, format!("case `{}`: {message}", case.id)));
        }
    }
    if found.is_empty() {
        Ok(Suite { path: path.to_owned(), name: file.suite, about: file.about, cases: file.cases })
    } else {
        Err(found)
    }
}

/// What makes a case pointless.
fn idle(case: &Case) -> Option<(&'static str, &'static str)> {
    let sends = |wanted: &Step| match &case.recipe.deliver {
        Delivery::Sequence(steps) => steps.contains(wanted),
        Delivery::Once
        | Delivery::Parallel(_)
        | Delivery::Interleaved(_)
        | Delivery::BesideSlow(_)
        | Delivery::Flooded(_) => *wanted == Step::Tampered,
    };
    if let Delivery::Sequence(steps) = &case.recipe.deliver
        && steps.len() < 2
    {
        return Some(("deliver", "a sequence has at least two steps"));
    }
    if let Delivery::Sequence(steps) = &case.recipe.deliver
        && matches!(steps.last(), Some(Step::Wait(_)))
    {
        return Some(("deliver", "a sequence does not end with a wait: the last answer is judged"));
    }
    if let Delivery::Sequence(steps) = &case.recipe.deliver
        && steps.last() == Some(&Step::HandlerFails)
    {
        return Some(("deliver", "a sequence does not end with `handler-fails`: the last answer is judged"));
    }
    if case.effects && case.expect != Expectation::Reject {
        return Some((
            "effects",
            "`effects` belongs to `expect: reject`: only a refusal must have no effect",
        ));
    }
    if !case.recipe.tamper.is_empty() && !sends(&Step::Tampered) {
        return Some(("deliver", "the tampered request is never sent"));
    }
    if (case.expect == Expectation::Alike) != case.twin.is_some() {
        return Some(("expect", "`expect: alike` and `twin:` belong together"));
    }
    let measures = case.expect == Expectation::Quick;
    if measures && (case.recipe.tamper.is_empty() || case.recipe.deliver != Delivery::Once) {
        return Some(("expect", "`expect: quick` compares one request with the same before its tampers"));
    }
    if case.twin.is_some() && case.recipe.deliver != Delivery::Once {
        return Some(("deliver", "a case with a twin sends each of the two once"));
    }
    let plain = case.secret.is_none()
        && case.recipe.tamper.is_empty()
        && case.recipe.sign.is_genuine()
        && case.recipe.deliver == Delivery::Once;
    if plain && case.expect == Expectation::Reject && case.recipe.wire.is_empty() {
        return Some(("expect", "a genuine request cannot be expected to be refused"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: &str = "title: Own\nsource: here\nmac: { hash: sha256, encoding: hex, key: utf8 }\n";

    /// The error for a scheme file with these lines after the usual ones.
    #[track_caller]
    fn wrong(lines: &str) -> Diagnostic {
        scheme("own.yaml", &format!("scheme: own\n{MAC}{lines}")).expect_err("a file with a mistake")
    }

    #[test]
    fn a_scheme_can_be_a_variant_of_shipped_code() {
        let lines = "code: dropbox-sign\nclock: { unit: seconds }\nconstants: { event-type: mine }\n";
        let own = scheme("own.yaml", &format!("scheme: own\n{MAC}{lines}")).expect("a variant");
        assert_eq!(own.file().code.as_deref(), Some("dropbox-sign"));
    }

    #[test]
    fn an_unknown_code_is_shown_with_the_nearest_one() {
        let shown = wrong("code: dropbox-sing\n");
        assert_eq!((shown.line, shown.column), (5, 7));
        assert_eq!(shown.help.as_deref(), Some("did you mean `dropbox-sign`?"));
    }

    #[test]
    fn code_stands_in_place_of_templates_and_has_all_it_needs() {
        let mistakes = [
            ("code: twilio\nsigns: \"{body}\"\n", "leave out `signs`"),
            ("code: twilio\ncarries: [{ header: X, value: \"{tag}\" }]\n", "leave out `carries`"),
            ("", "give `signs`"),
            ("code: dropbox-sign\n", "`event-type`"),
            ("code: mailgun\n", "carries a timestamp; give `clock:`"),
            ("code: twilio\nclock: { unit: seconds }\n", "carries no timestamp; leave out `clock:`"),
            ("code: twilio\nonce: nonce\n", "carries no nonce"),
            ("code: jwt-hmac\nconstants: { header: a, payload: b }\n", "base64url"),
        ];
        for (lines, expected) in mistakes {
            let shown = wrong(lines);
            assert!(shown.message.contains(expected), "{lines}: {shown}");
        }
    }
}
