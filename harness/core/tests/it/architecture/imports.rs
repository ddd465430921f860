//! Which source file of a crate uses which other, read from the text of the sources.
//!
//! The type to know is [`Sources`]. A name that a module hands on with `use` counts as a use of the file that it
//! comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module path below the root of the crate: `["judge", "verdict"]`, and nothing for the root itself.
pub(crate) type Module = Vec<String>;

/// A source file.
pub(crate) struct Source {
    /// The path under `src`.
    pub(crate) path: String,
    /// Its module.
    pub(crate) module: Module,
    /// Its text.
    pub(crate) text: String,
}

/// The source files of a crate.
pub(crate) struct Sources {
    /// All of them, in order of their paths.
    pub(crate) files: Vec<Source>,
    /// What each module has under a name of its own, from `use`: the path as written there, resolved to the crate.
    names: BTreeMap<(Module, String), Module>,
}

impl Source {
    /// A file from its path under `src` and its text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let stem = path.trim_end_matches(".rs");
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        let module: Module = match stem {
            "lib" | "main" => Module::new(),
            _ => stem.split('/').map(str::to_owned).collect(),
        };
        Self { path: path.to_owned(), module, text: text.to_owned() }
    }

    /// The text without comments and without the tests at the end, which may use what they like.
    pub(crate) fn code(&self) -> String {
        let production = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = production.lines().map(|line| line.split("//").next().unwrap_or_default());
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Sources {
    /// The files below a folder, without programs of their own in `bin`.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut paths: Vec<PathBuf> = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder of this workspace") {
                let path = entry.expect("an entry").path();
                if path.is_dir() && !path.ends_with("src/bin") {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    paths.push(path);
                }
            }
        }
        paths.sort();
        let source = |path: &PathBuf| {
            let name = path.strip_prefix(folder).expect("it was found there").components();
            let name: Vec<_> = name.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            Source::new(&name.join("/"), &fs::read_to_string(path).expect("a text file"))
        };
        Self::new(paths.iter().map(source).collect())
    }

    /// Files of one crate.
    pub(crate) fn new(files: Vec<Source>) -> Self {
        let mut all = Self { files, names: BTreeMap::new() };
        let mut names = BTreeMap::new();
        for file in &all.files {
            for (name, path) in imports(&file.code()) {
                if let Some(path) = all.absolute(&file.module, &path) {
                    names.insert((file.module.clone(), name), path);
                }
            }
        }
        all.names = names;
        all
    }

    /// Pairs of modules of which the first uses the second. A module and what is below it count as one: neither
    /// what a parent takes from its children nor what they take from it is a pair.
    pub(crate) fn uses(&self) -> BTreeSet<(Module, Module)> {
        let mut found = BTreeSet::new();
        for file in &self.files {
            let code = file.code();
            let imported = imports(&code).into_iter().map(|(_, path)| path);
            for path in imported.chain(mentions(&code)) {
                let Some(path) = self.absolute(&file.module, &path) else { continue };
                let target = self.home(&path, 0);
                if !target.starts_with(&file.module) && !file.module.starts_with(&target) {
                    found.insert((file.module.clone(), target));
                }
            }
        }
        found
    }

    fn is_module(&self, module: &[String]) -> bool {
        self.files.iter().any(|file| file.module == module)
    }

    /// A path from the root of the crate; none if it leads to another crate.
    fn absolute(&self, from: &Module, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Module::new(),
            "self" => from.clone(),
            "super" => from[..from.len().checked_sub(1)?].to_vec(),
            child => {
                let below: Module = from.iter().cloned().chain([child.to_owned()]).collect();
                if !self.is_module(&below) {
                    return None;
                }
                below
            }
        };
        let mut rest = rest;
        while let Some((first, after)) = rest.split_first()
            && first == "super"
        {
            base.pop()?;
            rest = after;
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The module in which the item of a path stands.
    fn home(&self, path: &[String], depth: usize) -> Module {
        let mut module = Module::new();
        for (at, name) in path.iter().enumerate() {
            let below: Module = module.iter().cloned().chain([name.clone()]).collect();
            if self.is_module(&below) {
                module = below;
                continue;
            }
            return match self.names.get(&(module.clone(), name.clone())) {
                Some(target) if depth < 8 => {
                    let path: Module = target.iter().chain(&path[at + 1..]).cloned().collect();
                    self.home(&path, depth + 1)
                }
                _ => module,
            };
        }
        module
    }
}

/// What `use` brings into a module: the name that it has there, and the path.
fn imports(code: &str) -> Vec<(String, Module)> {
    let mut found = Vec::new();
    let starts = code.match_indices("use ").filter(|(at, _)| {
        let before = code[..*at].trim_end_matches([' ', '\t']);
        before.is_empty() || before.ends_with(['\n', ';', '{', '}', ')', ']']) || before.ends_with("pub")
    });
    for (at, word) in starts {
        let statement = code[at + word.len()..].split(';').next().unwrap_or_default();
        expand(&statement.split_whitespace().collect::<Vec<_>>().join(" "), &[], &mut found);
    }
    found
}

/// Takes a tree of a `use` apart.
fn expand(tree: &str, before: &[String], found: &mut Vec<(String, Module)>) {
    let tree = tree.trim();
    if let Some(at) = tree.find('{') {
        let mut path = before.to_vec();
        path.extend(
            tree[..at].split("::").filter(|part| !part.trim().is_empty()).map(|part| part.trim().to_owned()),
        );
        let list = tree[at + 1..].trim_end().strip_suffix('}').unwrap_or(&tree[at + 1..]);
        let mut depth = 0_usize;
        let mut start = 0;
        for (end, letter) in list.char_indices().chain([(list.len(), ',')]) {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !list[start..end].trim().is_empty() {
                        expand(&list[start..end], &path, found);
                    }
                    start = end + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (path, alias) = match tree.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim().to_owned())),
        None => (tree, None),
    };
    let mut all = before.to_vec();
    all.extend(path.split("::").map(|part| part.trim().to_owned()));
    // `{self, X}` names the module itself; a star names everything, which is the module as well.
    if all.len() > 1 && all.last().is_some_and(|last| last == "self" || last == "*") {
        all.pop();
    }
    let name = alias.unwrap_or_else(|| all.last().cloned().unwrap_or_default());
    found.push((name, all));
}

/// Paths that begin with `crate`, `self` or `super`, wherever they stand.
fn mentions(code: &str) -> Vec<Module> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            if code[..at].ends_with(|letter: char| is_word(letter) || letter == ':') {
                continue;
            }
            let end =
                code[at..].find(|letter: char| !is_word(letter) && letter != ':').unwrap_or(code.len() - at);
            let path = code[at..at + end].split("::").filter(|part| !part.is_empty());
            found.push(path.map(str::to_owned).collect());
        }
    }
    found
}
