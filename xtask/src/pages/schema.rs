//! `cargo xtask schema`: JSON Schemas of everything that people write or programs read.
//!
//! The schemas come from the Rust types; this only keeps the files in step with them.

use std::fs;
use std::path::Path;

use crate::Mode;

const FOLDER: &str = "vectors/schema";

/// Writes or checks the folder.
///
/// # Errors
/// A file differs, is missing, or is one too many; or it cannot be written.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<(), String> {
    let folder = root.join(FOLDER);
    let mut wanted = Vec::new();
    let all = [
        countersign_core::schema::schemas(),
        countersign_timing::schema::schemas(),
        countersign_conformance::schema::schemas(),
    ];
    for (name, schema) in all.concat() {
        let text = serde_json::to_string_pretty(&schema).map_err(|error| format!("{name}: {error}"))?;
        wanted.push((name, format!("{text}\n")));
    }
    match mode {
        Mode::Write => write(&folder, &wanted),
        Mode::Check => check(&folder, &wanted),
    }
}

fn write(folder: &Path, wanted: &[(&str, String)]) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for name in strangers(folder, wanted)? {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("removed {}", path.display());
    }
    for (name, text) in wanted {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

fn check(folder: &Path, wanted: &[(&str, String)]) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (name, text) in wanted {
        match fs::read_to_string(folder.join(name)) {
            Ok(found) if found == *text => {}
            Ok(_) => wrong.push(format!("{FOLDER}/{name} differs from the Rust types")),
            Err(error) => wrong.push(format!("{FOLDER}/{name}: {error}")),
        }
    }
    wrong.extend(
        strangers(folder, wanted)?.into_iter().map(|name| format!("{FOLDER}/{name} belongs to no type")),
    );
    if wrong.is_empty() {
        println!("{} schemas are up to date", wanted.len());
        return Ok(());
    }
    Err(format!("{}; run `cargo xtask schema`", wrong.join(", ")))
}

/// Schemas in the folder that no type makes any more.
fn strangers(folder: &Path, wanted: &[(&str, String)]) -> Result<Vec<String>, String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", folder.display())),
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    names.retain(|name| name.ends_with(".json") && !wanted.iter().any(|(known, _)| known == name));
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_missing_and_a_leftover_schema_are_all_found() {
        let folder = std::env::temp_dir().join(format!("countersign-xtask-schema-{}", std::process::id()));
        let wanted = [("a.json", "{}\n".to_owned()), ("b.json", "{}\n".to_owned())];
        assert!(check(&folder, &wanted).expect_err("nothing there").contains("a.json"));
        write(&folder, &wanted).expect("written");
        assert_eq!(check(&folder, &wanted), Ok(()));
        fs::write(folder.join("a.json"), "[]").expect("written");
        fs::write(folder.join("old.json"), "{}").expect("written");
        let error = check(&folder, &wanted).expect_err("two things are wrong");
        assert!(error.contains("a.json differs") && error.contains("old.json belongs"), "{error}");
        write(&folder, &wanted).expect("repaired");
        assert_eq!(check(&folder, &wanted), Ok(()));
        fs::remove_dir_all(&folder).expect("removed");
    }
}
