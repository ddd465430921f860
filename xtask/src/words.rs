//! Public text keeps to the glossary of ARCHITECTURE.md: it uses none of the words in [`BANNED`].
//!
//! Public text is what users and newcomers read: documents, the spec, comments of helper files, and of Rust sources the doc
//! comments and the string literals, which hold help, errors and reports. What is in backticks is code and does not count. This
//! module must not know what the words mean.

use std::fs;
use std::path::{Path, PathBuf};

/// Words and phrases that public text must not use, and what to say instead.
const BANNED: &[(&str, &str)] = &[
    ("octet", "byte"),
    ("octets", "bytes"),
    ("carrier", "transport"),
    ("carriers", "transports"),
    ("polite", "HTTP client"),
    ("workshop", "endpoint factory"),
    ("workshops", "endpoint factories"),
    ("pace", "rate limiter"),
    ("lane", "worker"),
    ("lanes", "workers"),
    ("hang on", "depend on"),
    ("hangs on", "depends on"),
    ("hung on", "depended on"),
    ("says of", "says about"),
    ("say of", "say about"),
    ("said of", "said about"),
    ("stands twice", "is there twice"),
    ("yardstick", "reference timing"),
    ("exhibit", "evidence"),
    ("besides", "also, or in addition"),
    ("otherwise than", "differently from"),
];

/// Where words may still be used: a file or a folder, and the words. An entry that allows nothing is an error.
const ALLOWED: &[(&str, &[&str])] = &[
    // A reason that exports hold: the digests of what is shipped cover it.
    ("harness/core/src/vector/export/mod.rs", &["octets"]),
];

/// Documents, data and sources with public text; folders are read whole.
const PUBLIC: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs",
    "benches",
    "conformance/PROTOCOL.md",
    "conformance/DETECTION.md",
    "conformance/spec",
    "conformance/src",
    "conformance/implementations",
    "fuzz",
    "harness",
    "vectors/README.md",
    "vectors/src",
    "xtask/src",
];

/// Parts of paths that hold no text of ours, or none for readers.
const NOT_PUBLIC: &[&str] =
    &["/tests/", "/target/", "/node_modules/", "/.venv", "/build/", "/corpus/", "/grid/", "/artifacts/"];

/// One use of a banned word.
struct Use {
    file: String,
    line: usize,
    word: &'static str,
    instead: &'static str,
}

fn files(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = PUBLIC.iter().map(|name| root.join(name)).collect();
    while let Some(path) = open.pop() {
        let name =
            path.strip_prefix(root).expect("everything is below the root").to_string_lossy().into_owned();
        if NOT_PUBLIC.iter().any(|part| format!("/{name}/").contains(part)) {
            continue;
        }
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
            open.extend(entries.map(|entry| entry.expect("an entry of a folder").path()));
            continue;
        }
        let kind = path.extension().and_then(|kind| kind.to_str());
        if matches!(kind, Some("md" | "rs" | "yaml")) && path.exists() {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
            found.push((name, text));
        }
    }
    found.sort();
    found
}

/// The public text of a file, line by line; lines without any are empty.
fn public(name: &str, text: &str) -> Vec<String> {
    if name.ends_with(".rs") { rust(text) } else { prose(text) }
}

/// A document without its blocks of code.
fn prose(text: &str) -> Vec<String> {
    let mut fences = 0;
    let mut line = |line: &str| {
        let is_fence = line.trim_start().starts_with("```");
        fences += usize::from(is_fence);
        if is_fence || fences % 2 == 1 { String::new() } else { plain(line) }
    };
    text.lines().map(&mut line).collect()
}

/// A line without what is in backticks.
fn plain(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// Doc comments and string literals of a Rust source, up to its unit tests.
fn rust(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let mut lines = vec![String::new()];
    let mut rest = text;
    let mut inside = Inside::Code;
    while let Some(next) = rest.chars().next() {
        let (taken, then) = step(inside, rest, next);
        if keeps(inside) || keeps(then) {
            lines.last_mut().expect("there is a line").push_str(taken.trim_end_matches('\n'));
        }
        lines.extend(taken.matches('\n').map(|_| String::new()));
        (rest, inside) = (&rest[taken.len()..], then);
    }
    lines.iter().map(|line| plain(line)).collect()
}

/// Where in a Rust source something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    Comment,
    DocComment,
    Text,
    /// With as many number signs.
    RawText(usize),
}

fn keeps(inside: Inside) -> bool {
    match inside {
        Inside::DocComment | Inside::Text | Inside::RawText(_) => true,
        Inside::Code | Inside::Comment => false,
    }
}

/// What is read next, and where the reader is then.
fn step(inside: Inside, rest: &str, next: char) -> (&str, Inside) {
    let one = &rest[..next.len_utf8()];
    match inside {
        Inside::Comment | Inside::DocComment if next == '\n' => (one, Inside::Code),
        Inside::Comment | Inside::DocComment => (one, inside),
        Inside::Text if next == '\\' => {
            (&rest[..1 + rest[1..].chars().next().map_or(0, char::len_utf8)], inside)
        }
        Inside::Text if next == '"' => (one, Inside::Code),
        Inside::Text => (one, inside),
        Inside::RawText(signs) => {
            let end = format!("\"{}", "#".repeat(signs));
            if rest.starts_with(&end) { (&rest[..end.len()], Inside::Code) } else { (one, inside) }
        }
        Inside::Code => code(rest, one, next),
    }
}

fn code<'t>(rest: &'t str, one: &'t str, next: char) -> (&'t str, Inside) {
    if rest.starts_with("///") || rest.starts_with("//!") {
        return (&rest[..3], Inside::DocComment);
    }
    if rest.starts_with("//") {
        return (&rest[..2], Inside::Comment);
    }
    if next == '\'' {
        // A character, or the start of a lifetime.
        let second = rest[1..].chars().next().map_or(0, char::len_utf8);
        let length = if rest[1..].starts_with('\\') {
            rest[3..].find('\'').map_or(1, |at| at + 4)
        } else {
            second + 2
        };
        let is_character = rest.get(..length).is_some_and(|found| found.len() > 2 && found.ends_with('\''));
        return (if is_character { &rest[..length] } else { one }, Inside::Code);
    }
    if next == 'r' {
        let signs = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
        if rest[1 + signs..].starts_with('"') {
            return (&rest[..signs + 2], Inside::RawText(signs));
        }
    }
    (one, if next == '"' { Inside::Text } else { Inside::Code })
}

/// Whether a line uses a word or phrase, as a word of its own.
fn uses(line: &str, word: &str) -> bool {
    let line = line.to_lowercase();
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
}

fn found(root: &Path) -> Vec<Use> {
    let mut found = Vec::new();
    for (file, text) in files(root) {
        if file == "xtask/src/words.rs" {
            continue;
        }
        for (at, line) in public(&file, &text).iter().enumerate() {
            for &(word, instead) in BANNED.iter().filter(|(word, _)| uses(line, word)) {
                found.push(Use { file: file.clone(), line: at + 1, word, instead });
            }
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in a folder of the repository")
}

#[test]
fn public_text_uses_the_words_of_the_glossary() {
    let found = found(root());
    let allows = |entry: &(&str, &[&str]), one: &Use| {
        (one.file == entry.0 || one.file.starts_with(&format!("{}/", entry.0))) && entry.1.contains(&one.word)
    };
    let wrong: Vec<String> = found
        .iter()
        .filter(|one| !ALLOWED.iter().any(|entry| allows(entry, one)))
        .map(|one| format!("{}:{}: `{}`; say: {}", one.file, one.line, one.word, one.instead))
        .collect();
    assert!(wrong.is_empty(), "{} words are not of the glossary:\n{}", wrong.len(), wrong.join("\n"));
    let idle: Vec<String> = ALLOWED
        .iter()
        .flat_map(|entry| entry.1.iter().map(move |word| (entry.0, *word)))
        .filter(|(file, word)| !found.iter().any(|one| allows(&(*file, &[*word]), one)))
        .map(|(file, word)| format!("{file}: `{word}` is not used any more; take it out of ALLOWED"))
        .collect();
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

#[test]
fn every_part_of_public_text_is_looked_at() {
    let source = "/// An octet.\nfn f<'a>(x: &'a str) -> char { let c = '\"'; // a lane\n    say(\"a \\\" carrier\", r#\"the \" pace\"#, '\\'');\n    '\\u{41}'\n}\nconst `X`: &str = \"`lane`\";\n#[cfg(test)]\nmod tests { const A: &str = \"polite\"; }\n";
    let lines = rust(source);
    let used: Vec<(usize, &str)> = lines
        .iter()
        .enumerate()
        .flat_map(|(at, line)| {
            BANNED.iter().filter(|(word, _)| uses(line, word)).map(move |(word, _)| (at, *word))
        })
        .collect();
    assert_eq!(used, [(0, "octet"), (2, "carrier"), (2, "pace")]);
    assert_eq!(prose("a\n```sh\nlane\n```\n`lane` b").concat().trim(), "a  b");
    assert!(uses("It Hangs on it.", "hangs on") && !uses("octet-stream, replaced, space", "octet"));
    assert!(!uses("a workspace", "pace") && !uses(&plain("the `octets` field"), "octets"));
    let names: Vec<String> = files(root()).into_iter().map(|(name, _)| name).collect();
    for name in
        ["README.md", "ARCHITECTURE.md", "harness/cli/src/args.rs", "conformance/spec/requirements/key.yaml"]
    {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
}
