//! Who may know whom in every crate of the workspace, and the rules of the house that a program can check.
//!
//! `architecture/edges.txt` lists for each top-level module the modules that it uses. What is not listed is not
//! allowed, and what is listed is used. After a change that is meant, write the list anew and read the difference:
//!
//! ```text
//! UPDATE_EDGES=1 cargo test -p countersign-core --test it architecture
//! ```
//!
//! No list can allow a circle, neither between top-level modules nor between the files of a module. A module and
//! its own children count as one: a child may use what its parent defines.

#[path = "architecture/imports.rs"]
mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use imports::{Module, Source, Sources};

/// Borders that no edit of the table may cross, with the reason.
const NEVER: &[(&str, &str, &str, &str)] = &[
    ("countersign-core", "judge", "recipe", "a verdict does not depend on how a request was made"),
    ("countersign-core", "judge", "report", "a verdict does not depend on how it is shown"),
    ("countersign-core", "report", "wire", "reporters consume events only"),
    ("countersign-core", "report", "recipe", "reporters consume events only"),
    ("countersign-core", "report", "case", "reporters consume events only"),
    ("countersign-core", "wire", "scheme", "bytes do not know what they mean"),
    ("countersign-core", "wire", "case", "bytes do not know what they mean"),
    ("countersign-core", "scheme", "case", "a scheme does not know who attacks it"),
    ("countersign-core", "scheme", "recipe", "a scheme does not know who attacks it"),
    ("countersign-core", "scheme", "tamper", "a scheme does not know who attacks it"),
    ("countersign-core", "recipe", "case", "a recipe does not know what is expected"),
    ("countersign-core", "engine", "report", "executing a case does not depend on how results are shown"),
    ("countersign-core", "judge", "engine", "a verdict does not depend on how a request was sent"),
    ("countersign-core", "tamper", "case", "a tamper does not know what is expected"),
    ("countersign-core", "tamper", "recipe", "a tamper does not know what it is a part of"),
    ("countersign-core", "case", "observe", "an expectation does not depend on what was seen"),
    ("countersign-core", "case", "judge", "an expectation does not depend on what was seen"),
    ("countersign-core", "observe", "case", "an observation does not know what was expected"),
    ("countersign-core", "observe", "judge", "an observation does not know what was expected"),
    ("countersign-core", "finding", "report", "a finding does not know how it is shown"),
    ("countersign-core", "finding", "event", "a finding does not know where it is told"),
    ("countersign-core", "event", "report", "a run needs no reporter"),
    ("countersign-core", "vector", "report", "reading files needs no reporter"),
    ("countersign", "target", "run", "a target does not know why it is asked"),
    ("countersign", "transport", "target", "a transport does not know what is at its end"),
    ("countersign", "process", "target", "a process does not know why it runs"),
    ("countersign-conformance", "mutants", "catalog", "a mutant does not know cases"),
    ("countersign-conformance", "mutants", "matrix", "a mutant does not know cases"),
    ("countersign-conformance", "reference", "mutants", "the reference does not know how it can be broken"),
];

/// The crate whose modules touch nothing outside.
const PURE: &str = "countersign-core";

/// Lines that a file has at most.
const LONGEST: usize = 800;

/// A crate of the workspace.
struct Crate {
    name: String,
    sources: Sources,
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    assert!(root.join("Cargo.lock").is_file(), "these tests read the whole workspace");
    root
}

/// The text between the first pair of marks after a key of a manifest.
fn value<'m>(manifest: &'m str, key: &str, (open, close): (char, char)) -> &'m str {
    let rest = manifest.split_once(key).unwrap_or_else(|| panic!("`{key}` in a manifest")).1;
    let rest = rest.split_once(open).expect("a value").1;
    rest.split_once(close).expect("the end of a value").0
}

/// The crates of the workspace in the order of its manifest.
fn crates() -> Vec<Crate> {
    let manifest = |folder: &Path| fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    let workspace = manifest(&root());
    let members = value(&workspace, "\nmembers = ", ('[', ']')).split(',').map(|member| member.trim());
    let members =
        members.filter(|member| !member.is_empty()).map(|member| root().join(member.trim_matches('"')));
    let one = |folder: PathBuf| Crate {
        name: value(&manifest(&folder), "\nname = ", ('"', '"')).to_owned(),
        sources: Sources::of(&folder.join("src")),
    };
    let crates: Vec<Crate> = members.map(one).collect();
    assert!(crates.len() > 5, "the workspace has more crates than {}", crates.len());
    crates
}

impl Crate {
    /// Pairs of top-level modules of which the first uses the second.
    fn edges(&self) -> BTreeSet<(String, String)> {
        let top = |module: &Module| module.first().cloned();
        let pairs = self.sources.uses().into_iter();
        let pairs = pairs.filter_map(|(from, to)| Some((top(&from)?, top(&to)?)));
        pairs.filter(|(from, to)| from != to).collect()
    }

    /// The circles between the children of a module, for each module that has children: the names of those that
    /// use each other.
    fn circles(&self) -> Vec<String> {
        let mut levels: BTreeMap<Module, BTreeSet<(String, String)>> = BTreeMap::new();
        for (from, to) in self.sources.uses() {
            let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
            let (Some(one), Some(other)) = (from.get(common), to.get(common)) else { continue };
            levels.entry(from[..common].to_vec()).or_default().insert((one.clone(), other.clone()));
        }
        let circle = |(module, edges): (Module, BTreeSet<(String, String)>)| {
            let left = without_ends(edges);
            let names: BTreeSet<&str> = left.iter().map(|(from, _)| from.as_str()).collect();
            let place = [vec![self.name.clone()], module].concat().join("::");
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            (!left.is_empty()).then(|| format!("{place}: {names}"))
        };
        levels.into_iter().filter_map(circle).collect()
    }
}

/// The edges that lie on circles or between them.
fn without_ends(mut edges: BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    loop {
        let before = edges.len();
        let using: BTreeSet<String> = edges.iter().map(|(from, _)| from.clone()).collect();
        edges.retain(|(_, to)| using.contains(to));
        let used: BTreeSet<String> = edges.iter().map(|(_, to)| to.clone()).collect();
        edges.retain(|(from, _)| used.contains(from));
        if edges.len() == before {
            return edges;
        }
    }
}

fn table_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/architecture/edges.txt")
}

/// The table as the sources have it.
fn written(crates: &[Crate]) -> String {
    let mut text = "# For each crate and top-level module: the modules of the crate that it uses.\n\
                    # UPDATE_EDGES=1 cargo test -p countersign-core --test it architecture\n"
        .to_owned();
    for one in crates {
        let _ = write!(text, "\n[{}]\n", one.name);
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (from, to) in one.edges() {
            lines.entry(from).or_default().push(to);
        }
        for (from, to) in lines {
            let _ = writeln!(text, "{from}: {}", to.join(" "));
        }
    }
    text
}

/// The edges of a table: crate, module, module.
fn edges(table: &str) -> BTreeSet<(String, String, String)> {
    let mut name = String::new();
    let mut found = BTreeSet::new();
    for line in table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name = section.to_owned();
            continue;
        }
        let (from, to) = line.split_once(": ").unwrap_or_else(|| panic!("`{line}` is no line of the table"));
        found.extend(to.split(' ').map(|to| (name.clone(), from.to_owned(), to.to_owned())));
    }
    found
}

fn table() -> String {
    fs::read_to_string(table_file()).expect("the table stands beside this file")
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let current = written(&crates());
    if std::env::var_os("UPDATE_EDGES").is_some() {
        fs::write(table_file(), &current).expect("the table can be written");
    }
    let (allowed, used) = (edges(&table()), edges(&current));
    let new = used.difference(&allowed).map(|(at, from, to)| format!("{at}: `{from}` must not use `{to}`"));
    let stale = allowed
        .difference(&used)
        .map(|(at, from, to)| format!("{at}: `{from}` does not use `{to}`: strike it from the table"));
    let problems: Vec<String> = new.chain(stale).collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn the_table_crosses_no_border() {
    let (table, crates) = (edges(&table()), crates());
    for (at, from, to, why) in NEVER {
        let edge = ((*at).to_owned(), (*from).to_owned(), (*to).to_owned());
        assert!(!table.contains(&edge), "{at}: `{from}` must not use `{to}`: {why}");
        let modules = &crates.iter().find(|one| one.name == *at).expect("a crate").sources.files;
        for name in [from, to] {
            let is_there = modules.iter().any(|file| file.module.first().is_some_and(|first| first == name));
            assert!(is_there, "{at} has no module `{name}`: strike the border");
        }
    }
}

#[test]
fn no_module_looks_back_upstream() {
    let circles: Vec<String> = crates().iter().flat_map(Crate::circles).collect();
    assert!(circles.is_empty(), "\nthese use each other in a circle:\n{}\n", circles.join("\n"));
}

#[test]
fn the_core_touches_no_socket_process_clock_or_environment() {
    let crates = crates();
    let core = crates.iter().find(|one| one.name == PURE).expect("the core");
    for source in &core.sources.files {
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
    for one in crates() {
        for source in &one.sources.files {
            let name = format!("{}: src/{}", one.name, source.path);
            assert!(source.text.starts_with("//! "), "{name} does not begin with what it is");
            let lines = source.text.lines().count();
            assert!(lines <= LONGEST, "{name} has {lines} lines; {LONGEST} is the most");
        }
    }
}

/// Uses between files, as `from > to`.
fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(path, text)| Source::new(path, text)).collect();
    let shown = |(from, to): (Module, Module)| format!("{} > {}", from.join("::"), to.join("::"));
    Sources::new(files).uses().into_iter().map(shown).collect()
}

#[test]
fn uses_are_found_however_they_are_written() {
    let user = "use crate::wire::Wire;\nuse crate::{case::{Case, x as y}, spec};\n\
                fn f() { crate::time::now(); super::super::id::x() }\n\
                // crate::comment\n#[cfg(test)]\nmod tests { use crate::target; }";
    let others = ["wire.rs", "case.rs", "spec.rs", "time.rs", "id.rs", "comment.rs", "target.rs", "a/mod.rs"];
    let mut files: Vec<(&str, &str)> = others.iter().map(|path| (*path, "")).collect();
    files.push(("a/b.rs", user));
    assert_eq!(shown(&files), ["a::b > case", "a::b > id", "a::b > spec", "a::b > time", "a::b > wire"]);
}

#[test]
fn a_name_that_is_handed_on_counts_for_the_file_it_comes_from() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\npub use a::One;"),
        ("a/mod.rs", "mod one;\nmod two;\npub use self::one::One;\npub use two::{Two, Other as Third};"),
        ("a/one.rs", "use super::{Own, Third};"),
        ("a/two.rs", "use super::One;"),
        ("b.rs", "use crate::One;\npub(crate) use super::a;"),
    ];
    assert_eq!(shown(&files), ["a::one > a::two", "a::two > a::one", "b > a", "b > a::one"]);
    let files = files.iter().map(|(path, text)| Source::new(path, text)).collect();
    let one = Crate { name: "x".to_owned(), sources: Sources::new(files) };
    assert_eq!(one.circles(), ["x::a: one, two"]);
}
