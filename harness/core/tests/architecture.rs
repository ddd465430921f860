//! Who may know whom, and the rules of the house that a program can check.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// For each module, the modules that it uses. What is not listed is not allowed, and what is listed
/// is used.
const EDGES: &[(&str, &[&str])] = &[
    ("case", &["id", "recipe", "scheme", "spec", "tamper", "time", "wire"]),
    ("event", &["finding", "id", "judge", "observe", "spec"]),
    ("evidence", &["finding", "observe", "redact", "wire"]),
    ("exposure", &["observe", "redact", "scheme", "wire"]),
    ("finding", &["event", "id", "judge", "spec"]),
    ("grid", &["event", "id", "judge", "observe", "spec"]),
    ("judge", &["case", "observe"]),
    ("line", &["wire"]),
    ("observe", &["wire"]),
    ("recipe", &["scheme", "secret", "tamper", "time", "wire"]),
    ("redact", &["secret", "wire"]),
    ("report", &["event", "finding", "id", "judge", "observe", "spec"]),
    ("schema", &["case", "event", "grid", "line", "report", "scheme", "spec", "vector"]),
    ("scheme", &["id", "secret", "time", "wire"]),
    ("snapshot", &["event", "judge", "redact", "wire"]),
    ("spec", &["id"]),
    ("tamper", &["recipe", "scheme", "time", "wire"]),
    ("target", &["observe", "wire"]),
    ("vector", &["case", "id", "recipe", "scheme", "spec", "wire"]),
];

/// The edges that lead back against the flow, with the reason. Without them there is no cycle.
const BACK: &[(&str, &str, &str)] = &[
    ("finding", "event", "findings are gathered from the results of cases, and the last event carries them"),
    ("tamper", "recipe", "a tamper and a signature say points in time in the same words"),
];

/// Borders that no edit of the table may cross, with the reason.
const NEVER: &[(&str, &str, &str)] = &[
    ("judge", "target", "a verdict does not depend on how a request was carried"),
    ("judge", "recipe", "a verdict does not depend on how a request was made"),
    ("judge", "report", "a verdict does not depend on how it is shown"),
    ("report", "target", "reporters consume events only"),
    ("report", "wire", "reporters consume events only"),
    ("report", "recipe", "reporters consume events only"),
    ("report", "case", "reporters consume events only"),
    ("wire", "scheme", "octets do not know what they mean"),
    ("wire", "case", "octets do not know what they mean"),
    ("scheme", "case", "a scheme does not know who attacks it"),
    ("scheme", "recipe", "a scheme does not know who attacks it"),
    ("scheme", "tamper", "a scheme does not know who attacks it"),
    ("recipe", "case", "a recipe does not know what is expected"),
    ("tamper", "case", "a tamper does not know what is expected"),
    ("case", "observe", "an expectation does not depend on what was seen"),
    ("case", "judge", "an expectation does not depend on what was seen"),
    ("observe", "case", "an observation does not know what was expected"),
    ("observe", "judge", "an observation does not know what was expected"),
    ("target", "case", "a target does not know what is expected of it"),
    ("target", "judge", "a target does not know what is expected of it"),
    ("finding", "report", "a finding does not know how it is shown"),
    ("event", "report", "a run needs no reporter"),
    ("vector", "target", "reading files needs no target"),
    ("vector", "report", "reading files needs no reporter"),
];

/// A source file, by its path under `src`.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The top-level module that the file belongs to; none for the root of the crate.
    fn module(&self) -> Option<&str> {
        let module = self.path.split('/').next()?.trim_end_matches(".rs");
        (module != "lib").then_some(module)
    }

    /// The text without comments and without the tests at the end, which may use what they like.
    fn code(&self) -> String {
        let production = self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let lines = production.lines().map(|line| line.split("//").next().unwrap_or_default());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Top-level modules that the code names after `crate::`, or after as many `super::` as lead there.
    fn uses(&self) -> BTreeSet<String> {
        let code = self.code();
        let depth = self.path.trim_end_matches("/mod.rs").split('/').count();
        let up = "super::".repeat(depth);
        let after_root = code.split("crate::").skip(1);
        let after_supers = code.split(&up).skip(1).filter(|rest| !rest.starts_with("super::"));
        let mut found: BTreeSet<String> = after_root.chain(after_supers).flat_map(first_words).collect();
        found.retain(|module| !module.is_empty());
        found
    }
}

/// The first word of a path, or of each path of a list in braces.
fn first_words(rest: &str) -> Vec<String> {
    let Some(list) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let mut depth = 0_usize;
    let mut items = vec![String::new()];
    for character in list.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            other => items.last_mut().expect("there is always one").push(other),
        }
    }
    items.iter().map(|item| word(item.trim())).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_' || c.is_ascii_digit()).collect()
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of this package") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let source = |path: &PathBuf| {
        let name = path.strip_prefix(&root).expect("it was found there").components();
        let name: Vec<String> = name.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        Source { path: name.join("/"), text: fs::read_to_string(path).expect("a text file") }
    };
    files.iter().map(source).collect()
}

/// The table as pairs.
fn table() -> BTreeSet<(String, String)> {
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    EDGES.iter().flat_map(|(from, to)| to.iter().map(move |to| pair(from, to))).collect()
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let allowed = table();
    let mut used = BTreeSet::new();
    let mut problems = Vec::new();
    for source in &sources() {
        let Some(module) = source.module() else { continue };
        for to in source.uses() {
            let edge = (module.to_owned(), to);
            if edge.0 != edge.1 && !allowed.contains(&edge) {
                problems.push(format!("`{}` must not use `{}` (src/{})", edge.0, edge.1, source.path));
            }
            used.insert(edge);
        }
    }
    let stale = allowed.difference(&used);
    problems
        .extend(stale.map(|(from, to)| format!("`{from}` does not use `{to}`: strike it from the table")));
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn the_table_crosses_no_border() {
    let table = table();
    for (from, to, why) in NEVER {
        assert!(
            !table.contains(&((*from).to_owned(), (*to).to_owned())),
            "`{from}` must not use `{to}`: {why}"
        );
    }
}

#[test]
fn no_module_looks_back_upstream() {
    let mut edges = table();
    for (from, to, _) in BACK {
        assert!(
            edges.remove(&((*from).to_owned(), (*to).to_owned())),
            "`{from}` does not use `{to}` any more"
        );
    }
    // Modules that use nothing are taken away until none is left.
    loop {
        let using: BTreeSet<String> = edges.iter().map(|(from, _)| from.clone()).collect();
        let before = edges.len();
        edges.retain(|(_, to)| using.contains(to));
        if edges.len() == before {
            break;
        }
    }
    assert!(edges.is_empty(), "these modules use each other in a circle: {edges:?}");
}

#[test]
fn the_core_touches_no_socket_process_clock_or_environment() {
    for source in &sources() {
        let code = source.code();
        for banned in
            ["std::net", "std::process", "std::env", "std::fs", "SystemTime", "Instant::now", "println!"]
        {
            assert!(
                !code.contains(banned),
                "src/{} uses {banned}: side effects belong to the runner",
                source.path
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_none_is_long() {
    for source in &sources() {
        assert!(source.text.starts_with("//! "), "src/{} does not begin with what it is", source.path);
        let lines = source.text.lines().count();
        assert!(lines <= 800, "src/{} has {lines} lines; 800 is the most", source.path);
    }
}

#[test]
fn uses_are_found_however_they_are_written() {
    let text = "use crate::wire::Wire;\nuse crate::{case::{Case, x}, spec};\nfn f() { crate::time::now(); super::super::id::x() }\n\
                // crate::comment\n#[cfg(test)]\nmod tests { use crate::target; }";
    let source = Source { path: "a/b.rs".to_owned(), text: text.to_owned() };
    let found: Vec<String> = source.uses().into_iter().collect();
    assert_eq!(found, ["case", "id", "spec", "time", "wire"]);
    assert_eq!(source.module(), Some("a"));
}
