//! `countersign explain`.

use countersign_conformance::Catalog;
use countersign_conformance::mutants::{MUTANTS, Mutant};
use countersign_core::id::{BugClassId, CaseId, RequirementId, SchemeName, nearest};
use countersign_core::spec::{BugClass, ClassState, Requirement};
use countersign_core::vector::yaml;

use crate::exit::{Exit, Failed};

/// Prints what is known of one id.
pub(crate) fn explain(id: &str) -> Result<Exit, Failed> {
    let catalog = Catalog::embedded();
    let upper = id.to_uppercase();
    if let Some(found) = upper.parse::<RequirementId>().ok().and_then(|id| catalog.requirements.get(&id)) {
        return super::print(&requirement(catalog, found));
    }
    if let Some(found) = upper.parse::<BugClassId>().ok().and_then(|id| catalog.bug_classes.get(&id)) {
        return super::print(&bug_class(catalog, found));
    }
    if let Ok(wanted) = id.parse::<CaseId>()
        && let Some((suite, case)) = catalog.cases().find(|(_, case)| case.id == wanted)
    {
        let text = yaml::write(case).map_err(|why| Failed::usage(why.to_string()))?;
        return super::print(&format!("# {}: {}\n{text}", suite.path, suite.about));
    }
    if let Some(found) = id.parse::<SchemeName>().ok().and_then(|id| catalog.schemes.get(&id)) {
        return super::print(&yaml::write(found.file()).map_err(|why| Failed::usage(why.to_string()))?);
    }
    let known = catalog
        .requirements
        .keys()
        .map(RequirementId::as_str)
        .chain(catalog.bug_classes.keys().map(BugClassId::as_str))
        .chain(catalog.cases().map(|(_, case)| case.id.as_str()))
        .chain(catalog.schemes.keys().map(SchemeName::as_str));
    Err(unknown(
        "id",
        id,
        nearest(id, known),
        "see `countersign list requirements`, `list bug-classes`, `list cases`",
    ))
}

/// An unknown name, with the nearest known ones.
pub(crate) fn unknown(what: &str, name: &str, near: Vec<&str>, otherwise: &str) -> Failed {
    let help = if near.is_empty() {
        otherwise.to_owned()
    } else {
        format!("did you mean {}?", near.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or "))
    };
    Failed::usage_help(format!("unknown {what} `{}`", name.escape_debug()), help)
}

fn requirement(catalog: &Catalog, found: &Requirement) -> String {
    let severity: Vec<String> = found.severity.iter().map(|(who, how)| format!("{how} at {who}")).collect();
    let cwe: Vec<String> = found.cwe.iter().map(|number| format!("CWE-{number}")).collect();
    let cases: Vec<&str> = catalog
        .cases()
        .filter(|(_, case)| case.requires.contains(&found.id))
        .map(|(_, case)| case.id.as_str())
        .collect();
    format!(
        "{} ({}): {}\n\n{}\n\nwhy:       {}\nsource:    {}\nseverity:  {}\nmaps to:   {}, OWASP {}, OWASP {}\nremedy:    {}\ncases:     {}\n",
        found.id,
        found.level,
        found.title,
        found.text,
        found.reason.trim(),
        found.source,
        severity.join(", "),
        cwe.join(", "),
        found.owasp.api,
        found.owasp.top10,
        found.remediation.trim(),
        cases.join(", "),
    )
}

fn bug_class(catalog: &Catalog, found: &BugClass) -> String {
    let cwe: Vec<String> = found.cwe.iter().map(|number| format!("CWE-{number}")).collect();
    let state = match &found.state {
        ClassState::Covered => found.state.name().to_owned(),
        ClassState::Planned(why) | ClassState::NotTestable(why) => {
            format!("{}: {why}", found.state.name())
        }
    };
    let cases: Vec<&str> = catalog
        .cases()
        .filter(|(_, case)| case.kills.contains(&found.id))
        .map(|(_, case)| case.id.as_str())
        .collect();
    let mut text = format!(
        "{}: {}\n\nprobe:     {}\nseverity:  {}\nmaps to:   {}\nstate:     {state}\n",
        found.id,
        found.title,
        found.probe.trim(),
        found.severity,
        cwe.join(", "),
    );
    for seen in &found.seen_in {
        text.push_str(&format!("seen in:   {seen}\n"));
    }
    for mutant in MUTANTS.iter().filter(|mutant| mutant.class == found.id.as_str()) {
        text.push_str(&format!("mutant:    {}\n", mutant.about));
    }
    if Mutant::of(found.id.as_str()).is_some() {
        text.push_str(&format!(
            "killed by: {}\nall kills: countersign matrix --class {}\ntry it:    countersign run --target mutant:{}\n",
            if cases.is_empty() { "cases that were written for other classes".to_owned() } else { cases.join(", ") },
            found.id,
            found.id
        ));
    }
    text
}
