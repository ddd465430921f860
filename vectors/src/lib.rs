//! The data of Countersign, embedded: schemes and suites as they stand in this folder.
//!
//! The files are the product; this crate only carries their bytes into a binary. It knows
//! nothing of their meaning: `countersign-core` parses them.
//!
//! ```
//! let names: Vec<_> = countersign_vectors::schemes().map(|file| file.path).collect();
//! assert!(names.contains(&"schemes/github.yaml".to_owned()));
//! ```

pub mod schema;

use include_dir::{Dir, include_dir};

static SCHEMES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemes");
static SUITES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/suites");

/// One embedded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path below `vectors/`, with forward slashes.
    pub path: String,
    /// The text, byte for byte.
    pub text: &'static str,
}

/// Scheme files (`schemes/*.yaml`), in path order.
pub fn schemes() -> impl Iterator<Item = File> {
    files("schemes", &SCHEMES)
}

/// Suite files (`suites/<family>/<topic>.yaml`), in path order.
pub fn suites() -> impl Iterator<Item = File> {
    files("suites", &SUITES)
}

/// The smoke selection (`smoke.yaml`): ids of cases, generated from the kill matrix.
pub fn smoke() -> File {
    File { path: "smoke.yaml".to_owned(), text: include_str!("../smoke.yaml") }
}

fn files(root: &'static str, dir: &'static Dir<'static>) -> impl Iterator<Item = File> {
    let mut found = Vec::new();
    collect(dir, &mut found);
    found.sort_by(|a: &File, b: &File| a.path.cmp(&b.path));
    found.into_iter().map(move |file| File { path: format!("{root}/{}", file.path), text: file.text })
}

fn collect(dir: &'static Dir<'static>, found: &mut Vec<File>) {
    for file in dir.files() {
        let path = file.path().to_string_lossy().replace('\\', "/");
        if path.ends_with(".yaml") {
            let text = file.contents_utf8().expect("vector files are UTF-8, checked by a test");
            found.push(File { path, text });
        }
    }
    for child in dir.dirs() {
        collect(child, found);
    }
}
