//! What users install: how much the library brings with it, and whether each package is complete.
//!
//! The list to know is [`PUBLISHED`]. [`build`] compiles each from what its archive holds.

use std::path::Path;

use crate::step::cargo;

/// The packages that users install or build on. The others stay in this repository.
const PUBLISHED: &[&str] = &[
    "countersign-core",
    "countersign-timing",
    "countersign-vectors",
    "countersign-conformance",
    "countersign",
    "countersign-cli",
];

/// Packs what users install, and compiles each package from its archive; then the library with some of its features,
/// which no other step builds.
///
/// # Errors
/// A file or a version is missing in an archive, or something does not compile.
pub(crate) fn build(root: &Path) -> Result<(), String> {
    let packages = PUBLISHED.iter().flat_map(|name| ["-p", name]);
    let words: Vec<&str> = ["package", "--locked", "--allow-dirty"].into_iter().chain(packages).collect();
    cargo(root, &words)?;
    for features in ["targets", "http-client", "schema-checks"] {
        cargo(root, &["check", "--locked", "-p", "countersign", "--features", features])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use super::*;

    /// Crates that the library has at most with default features, with itself.
    const MOST: usize = 90;

    /// What a check of a function needs none of: argument parser, progress bars, HTTP server and client, TLS, URLs, schemas.
    const NEVER: &[&str] =
        &["clap", "indicatif", "hyper", "reqwest", "rustls", "url", "jsonschema", "askama", "quick-junit"];

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in a folder of the repository")
    }

    /// What a command of Cargo prints.
    fn printed(words: &[&str]) -> String {
        let output =
            Command::new(env!("CARGO")).args(words).current_dir(root()).output().expect("cargo runs");
        assert!(output.status.success(), "cargo {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("names are UTF-8")
    }

    /// The crates that the library needs with some features.
    fn crates(features: &str) -> BTreeSet<String> {
        let tree = ["tree", "--offline", "--locked", "-p", "countersign", "-e", "normal", "--prefix", "none"];
        let tree = printed(&[&tree[..], &["--features", features]].concat());
        tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    }

    #[test]
    fn a_check_in_a_test_brings_few_crates() {
        let found = crates("");
        assert!(found.contains("countersign-core"), "{found:?}");
        assert!(found.len() <= MOST, "{} crates, and at most {MOST} are meant: {found:?}", found.len());
        let heavy: Vec<_> = NEVER.iter().filter(|name| found.contains(**name)).collect();
        assert!(heavy.is_empty(), "{heavy:?} came with the default features");
    }

    #[test]
    fn what_default_features_leave_out_is_known_to_full_ones() {
        // A name in the list that no build has would forbid nothing.
        let full = crates("full");
        for name in ["hyper", "reqwest", "rustls", "url", "jsonschema"] {
            assert!(NEVER.contains(&name) && full.contains(name), "{name}: {full:?}");
        }
    }

    #[test]
    fn every_published_package_has_a_readme_and_its_licenses() {
        for package in PUBLISHED {
            let list =
                printed(&["package", "--offline", "--locked", "--list", "--allow-dirty", "-p", package]);
            let files: BTreeSet<&str> = list.lines().collect();
            for file in ["README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
                assert!(files.contains(file), "{package} has no {file}: {files:?}");
            }
            let odd = files.iter().find(|file| {
                file.starts_with("tests/")
                    || file.starts_with("implementations/grid/")
                    || file.contains("lock.json")
            });
            assert_eq!(odd, None, "{package} has a file that nobody needs who installs it");
        }
    }

    #[test]
    fn exactly_the_published_packages_can_be_published() {
        let members = printed(&[
            "tree",
            "--offline",
            "--locked",
            "--workspace",
            "--depth",
            "0",
            "--prefix",
            "none",
            "-f",
            "{p}",
        ]);
        for line in members.lines().filter(|line| !line.is_empty()) {
            let mut words = line.split_whitespace();
            let name = words.next().expect("a name");
            let folder = line.rsplit_once('(').expect("a folder").1.trim_end_matches(')');
            let manifest = std::fs::read_to_string(Path::new(folder).join("Cargo.toml")).expect("a manifest");
            let is_kept = manifest.contains("publish.workspace = true");
            assert_eq!(is_kept, !PUBLISHED.contains(&name), "{name}");
        }
        assert!(PUBLISHED.iter().all(|name| members.contains(&format!("{name} v"))), "{members}");
    }
}
