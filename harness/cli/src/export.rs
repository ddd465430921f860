//! `countersign vectors export`.

use countersign_conformance::Catalog;
use countersign_conformance::place::{Place, SEED};
use countersign_core::case::Case;
use countersign_core::id::nearest;
use countersign_core::vector::Suite;
use countersign_core::vector::export::{Chosen, export as freeze};
use countersign_core::vector::yaml;

use super::args::ExportArgs;
use super::explain::unknown;
use super::output::{self, Known, Output};
use super::plan;
use super::select::matches_pattern;
use crate::exit::{Exit, Failed};

/// How a document is written: JSON with one case to a line, or portable YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DocumentFormat {
    Json,
    Yaml,
}

const FORMATS: Known<'static, DocumentFormat> =
    &[("json", DocumentFormat::Json), ("yaml", DocumentFormat::Yaml)];

/// Writes the cases of a scheme as fixed bytes: the same on every run, at a fixed time, with a public secret.
pub(crate) fn export(args: &ExportArgs) -> Result<Exit, Failed> {
    let scheme = plan::scheme(&args.scheme)?;
    let place = Place::new(&scheme);
    let catalog = Catalog::embedded();
    let chosen: Vec<Chosen<'_>> = catalog
        .cases()
        .filter(|(suite, case)| chooses(&args.case, suite, case))
        .filter_map(|(suite, case)| {
            let requirement = catalog.decides(case, &*scheme)?;
            Some(Chosen { suite: &suite.name, case, requirement })
        })
        .collect();
    if chosen.is_empty() {
        let wanted = args.case.join("`, `");
        let names = catalog.cases().map(|(_, case)| case.id.as_str());
        let near = args.case.first().map(|first| nearest(first, names)).unwrap_or_default();
        return Err(unknown("case", &wanted, near, "see `countersign list cases`"));
    }
    let document = freeze(&place.world(""), SEED, chosen).map_err(|why| {
        let message = format!("`{}` cannot sign its own message: {why}", args.scheme.escape_debug());
        Failed::usage_help(message, "give the scheme a `message` that it can sign")
    })?;
    let outputs = output::open(&args.format, FORMATS)?;
    let on_stdout = outputs.iter().any(Output::is_on_stdout);
    let mut said = String::new();
    for output in outputs {
        let text = match output.kind {
            DocumentFormat::Json => document.to_json().map_err(|why| why.to_string()),
            DocumentFormat::Yaml => yaml::write_flat(&document).map_err(|why| why.to_string()),
        };
        let text =
            text.map_err(|why| Failed::usage(format!("error: the export cannot be written: {why}")))?;
        if let Some(path) = output.path() {
            let (cases, others) = (counted(document.cases.len()), document.not_applicable.len());
            said += &format!("{}: {cases} written, {others} not for this scheme\n", path.display());
        }
        output.write(&text)?;
    }
    if on_stdout { Ok(Exit::Conformant) } else { super::print(&said) }
}

fn counted(cases: usize) -> String {
    format!("{cases} case{}", if cases == 1 { "" } else { "s" })
}

fn chooses(patterns: &[String], suite: &Suite, case: &Case) -> bool {
    let id = case.id.as_str();
    patterns.is_empty()
        || patterns.iter().any(|pattern| {
            matches_pattern(pattern, id) || matches_pattern(pattern, &format!("{}/{id}", suite.name))
        })
}
