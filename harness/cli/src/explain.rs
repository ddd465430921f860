//! `countersign explain ID`: what one id means, on one screen.
//!
//! The type to know is [`Extent`]. This module only shows what the catalog holds; it must not run anything.

use std::fmt::Write as _;

use countersign_conformance::Catalog;
use countersign_conformance::mutants::Mutant;
use countersign_core::case::Case;
use countersign_core::id::{BugClassId, CaseId, RequirementId, SchemeName, nearest};
use countersign_core::report::wrap;
use countersign_core::spec::{Attacker, BugClass, ClassState, Requirement};
use countersign_core::vector::{Suite, yaml};

use crate::exit::{Exit, Failed};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What fits on one screen.
    Screen,
    /// Everything.
    All,
}

/// Columns of a line, as in the help.
const WIDTH: usize = 100;

/// Lines of a screen.
const HEIGHT: usize = 24;

/// Lines of one field, where a screen has to do.
const FIELD: usize = 4;

/// Columns before a field's text.
const INDENT: usize = 10;

/// Prints what is known about one id.
pub(crate) fn explain(id: &str, extent: Extent) -> Result<Exit, Failed> {
    super::print(&explained(Catalog::embedded(), id, extent)?)
}

fn explained(catalog: &Catalog, id: &str, extent: Extent) -> Result<String, Failed> {
    let upper = id.to_uppercase();
    if let Some(found) = upper.parse::<RequirementId>().ok().and_then(|id| catalog.requirements.get(&id)) {
        return Ok(requirement(catalog, found, extent));
    }
    if let Some(found) = upper.parse::<BugClassId>().ok().and_then(|id| catalog.bug_classes.get(&id)) {
        return Ok(bug_class(catalog, found, extent));
    }
    if let Ok(wanted) = id.parse::<CaseId>()
        && let Some((suite, found)) = catalog.cases().find(|(_, case)| case.id == wanted)
    {
        return case(suite, found, extent);
    }
    if let Some(found) = id.parse::<SchemeName>().ok().and_then(|id| catalog.schemes.get(&id)) {
        let mut page = Page::new(extent);
        let file = found.file();
        page.line(&format!("{}: {}", file.scheme, file.title));
        page.document(&yaml::write(file).map_err(|why| Failed::usage(why.to_string()))?);
        page.command("try it", &format!("countersign run --target reference --scheme {}", file.scheme));
        return Ok(page.finish(id));
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

fn requirement(catalog: &Catalog, found: &Requirement, extent: Extent) -> String {
    let severity: Vec<String> =
        found.severity.iter().map(|(attacker, severity)| format!("{severity} {}", held(*attacker))).collect();
    let cases = catalog.cases().filter(|(_, case)| case.requires.contains(&found.id));
    let mut page = Page::new(extent);
    page.line(&format!("{} ({}): {}", found.id, found.level, found.title));
    page.field("rule", &found.text);
    page.field("why", &found.reason);
    page.field("fix", &found.remediation);
    page.field("severity", &severity.join("; "));
    page.field("source", &found.source);
    page.field(
        "maps to",
        &format!("{}, OWASP {}, OWASP {}", cwe(&found.cwe), found.owasp.api, found.owasp.top10),
    );
    page.list("cases", cases.map(|(_, case)| case.id.as_str()));
    page.finish(found.id.as_str())
}

fn bug_class(catalog: &Catalog, found: &BugClass, extent: Extent) -> String {
    let state = match &found.state {
        ClassState::Covered => found.state.name().to_owned(),
        ClassState::Planned(why) | ClassState::NotTestable(why) => format!("{}: {why}", found.state.name()),
    };
    let mut page = Page::new(extent);
    page.line(&format!("{}: {}", found.id, found.title));
    page.field("test", &found.probe);
    page.field("severity", &found.severity.to_string());
    page.field("maps to", &cwe(&found.cwe));
    page.field("state", &state);
    page.list("seen in", found.seen_in.iter().map(String::as_str));
    if let Some(mutant) = Mutant::of(found.id.as_str()) {
        page.field("mutant", mutant.about);
        let kills = catalog.cases().filter(|(_, case)| case.kills.contains(&found.id));
        let kills: Vec<&str> = kills.map(|(_, case)| case.id.as_str()).collect();
        if kills.is_empty() {
            page.field("killed by", "cases that were written for other classes");
        }
        page.list("killed by", kills.into_iter());
        page.command("all kills", &format!("countersign matrix --class {}", found.id));
        page.command("try it", &format!("countersign run --target mutant:{}", found.id));
    }
    if let Some(mutant) = Mutant::shown_by_timing(found.id.as_str()) {
        page.field("mutant", mutant.about);
        page.field("killed by", "no case: it answers as the reference does, and only takes longer");
        page.command("try it", &format!("countersign timing --target mutant:{} --scheme github", found.id));
        page.command("beside it", "countersign timing --target reference --scheme github");
    }
    page.finish(found.id.as_str())
}

fn case(suite: &Suite, found: &Case, extent: Extent) -> Result<String, Failed> {
    let mut page = Page::new(extent);
    page.line(&format!("# {}: {}", suite.path, suite.about));
    page.document(&yaml::write(found).map_err(|why| Failed::usage(why.to_string()))?);
    page.command("try it", &format!("countersign run --target reference --case {}", found.id));
    Ok(page.finish(found.id.as_str()))
}

fn cwe(numbers: &[u32]) -> String {
    numbers.iter().map(|number| format!("CWE-{number}")).collect::<Vec<_>>().join(", ")
}

/// What an attacker of a level holds, in words.
fn held(attacker: Attacker) -> &'static str {
    match attacker {
        Attacker::L0 => "for anyone who can send requests (L0)",
        Attacker::L1 => "for an attacker with a genuine signed request (L1)",
        Attacker::L2 => "only if the odd value itself is signed (L2)",
    }
}

/// The text in the making.
struct Page {
    text: String,
    extent: Extent,
    /// Whether something was left out.
    cut: Cut,
}

/// Whether a page holds everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Nothing,
    Something,
}

impl Page {
    fn new(extent: Extent) -> Self {
        Self { text: String::new(), extent, cut: Cut::Nothing }
    }

    /// The first line.
    fn line(&mut self, text: &str) {
        for line in wrap(text, WIDTH) {
            let _ = writeln!(self.text, "{line}");
        }
        self.text.push('\n');
    }

    /// A name and its text, in lines of their own width.
    fn field(&mut self, name: &str, text: &str) {
        let mut lines = wrap(text, WIDTH - INDENT - 1);
        if self.extent == Extent::Screen && lines.len() > FIELD {
            lines.truncate(FIELD);
            lines[FIELD - 1].push('…');
            self.cut = Cut::Something;
        }
        for (at, line) in lines.iter().enumerate() {
            let name = if at == 0 { format!("{name}:") } else { String::new() };
            let _ = writeln!(self.text, "{name:INDENT$} {line}");
        }
    }

    /// A command to copy, on one line however long it is.
    fn command(&mut self, name: &str, command: &str) {
        let name = format!("{name}:");
        let _ = writeln!(self.text, "{name:INDENT$} {command}");
    }

    /// A field with names, as many as fit on two lines.
    fn list<'n>(&mut self, name: &str, names: impl Iterator<Item = &'n str>) {
        let names: Vec<&str> = names.collect();
        let room = 2 * (WIDTH - INDENT - 1) - " and 1000 more".len();
        let mut length = 0;
        let fit = names.iter().take_while(|name| {
            length += name.len() + 2;
            length <= room
        });
        let shown =
            if self.extent == Extent::All { names.len() } else { fit.count().max(1).min(names.len()) };
        if shown == names.len() {
            if !names.is_empty() {
                self.field(name, &names.join(", "));
            }
            return;
        }
        self.cut = Cut::Something;
        self.field(name, &format!("{} and {} more", names[..shown].join(", "), names.len() - shown));
    }

    /// A YAML document, as many lines as fit.
    fn document(&mut self, text: &str) {
        let total = text.lines().count();
        // Two fields follow it: how to try it, and how to see all of it.
        let room = HEIGHT - 2 - self.text.lines().count();
        let shown = if self.extent == Extent::Screen && total > room { room - 1 } else { total };
        for line in text.lines().take(shown) {
            let _ = writeln!(self.text, "{line}");
        }
        if shown < total {
            self.cut = Cut::Something;
            let _ = writeln!(self.text, "# {} more lines", total - shown);
        }
    }

    /// The whole text; where something was left out, it says how to see it.
    fn finish(mut self, id: &str) -> String {
        if self.cut == Cut::Something {
            self.command("in full", &format!("countersign explain {id} --all"));
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_explained_on_one_screen() {
        let catalog = Catalog::embedded();
        let ids = catalog.requirements.keys().map(RequirementId::as_str);
        let ids = ids.chain(catalog.bug_classes.keys().map(BugClassId::as_str));
        let ids = ids.chain(catalog.cases().map(|(_, case)| case.id.as_str()));
        for id in ids.chain(catalog.schemes.keys().map(SchemeName::as_str)) {
            let text = explained(catalog, id, Extent::Screen).expect("a known id");
            assert!(text.lines().count() <= HEIGHT, "{id}:\n{text}");
        }
    }

    #[test]
    fn what_is_left_out_is_shown_on_request() {
        let catalog = Catalog::embedded();
        let [short, full] = [Extent::Screen, Extent::All]
            .map(|extent| explained(catalog, "INT-BODY", extent).expect("a known id"));
        assert!(short.ends_with("in full:   countersign explain INT-BODY --all\n"), "{short}");
        let last =
            catalog.cases().filter(|(_, case)| case.requires.iter().any(|id| id.as_str() == "INT-BODY"));
        let last = last.last().expect("a case").1.id.as_str();
        assert!(!short.contains(last) && full.contains(last), "{full}");
        assert!(!full.contains("--all"), "{full}");
    }
}
