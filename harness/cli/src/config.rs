//! The profile of a target: `countersign.yaml`.
//!
//! The type to know is [`Config`]. Options on the command line override the file; every field is optional.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_core::vector::yaml;
use serde::Deserialize;

use crate::bounded;
use crate::exit::Failed;

/// Name of the file, searched for in the working directory and its parents.
pub(crate) const FILE: &str = "countersign.yaml";

/// The profile of a target.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// The target, as for `--target`.
    pub(crate) target: Option<String>,
    /// Scheme name or file, as for `--scheme`; a file is relative to this file.
    pub(crate) scheme: Option<String>,
    /// Where to read the secret, as for `--secret`.
    pub(crate) secret: Option<String>,
    /// Where to read the secret of a second sender, as for `--second-secret`.
    pub(crate) second_secret: Option<String>,
    /// Path of the second sender's endpoint, as for `--second-path`.
    pub(crate) second_path: Option<String>,
    /// Key id of the second sender, as for `--second-key-id`.
    pub(crate) second_key_id: Option<String>,
    /// Public origin of the endpoint, as for `--origin`.
    pub(crate) origin: Option<String>,
    /// Constants of the scheme, such as Square's notification URL.
    pub(crate) constants: BTreeMap<String, String>,
    /// Hosts other than loopback that may be tested.
    pub(crate) allow_host: Vec<String>,
    /// Statuses that mean accepted, such as `200-299`.
    pub(crate) accept_status: Option<String>,
    /// Statuses that mean refused, such as `400-499,500`.
    pub(crate) reject_status: Option<String>,
    /// The effect counter of the endpoint, as for `--effects`.
    pub(crate) effects: Option<String>,
    /// Number of cases in flight, as for `--jobs`.
    pub(crate) jobs: Option<usize>,
    /// Maximum number of requests per second, as for `--rate`.
    pub(crate) rate: Option<String>,
    /// Key id, as for `--key-id`.
    pub(crate) key_id: Option<String>,
    /// Seconds to wait for an answer, as for `--timeout`.
    pub(crate) timeout: Option<f64>,
    /// The path of this file; not part of its content.
    #[serde(skip)]
    pub(crate) path: Option<String>,
}

impl Config {
    /// Reads the given file, or the nearest one in this folder or a parent; defaults if there is none.
    ///
    /// # Errors
    /// The file cannot be read, or has a mistake; with its position.
    pub(crate) fn load(given: Option<&Path>) -> Result<Self, Failed> {
        let Some(path) = given.map(Path::to_path_buf).or_else(find) else { return Ok(Self::default()) };
        let shown = path.display().to_string();
        let unreadable = |error: String| {
            Failed::usage_help(
                format!("the configuration `{shown}` cannot be read: {error}"),
                "check --config",
            )
        };
        let bytes =
            bounded::read_file(&path, yaml::MAX_FILE).map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?;
        // The source line is not shown, because it may contain a secret.
        let mut config: Self = yaml::parse(&shown, &text).map_err(|found| {
            Failed::usage(format!("error: {}\n --> {shown}:{}:{}", found.message, found.line, found.column))
        })?;
        let is = |text: &Option<String>, start| text.as_ref().is_some_and(|text| text.starts_with(start));
        let secrets = [&config.secret, &config.second_secret];
        let starts = is(&config.target, "exec:") || is(&config.target, "serve:");
        let runs = starts || secrets.into_iter().any(|secret| is(secret, "cmd:"));
        if given.is_none() && (runs || !config.allow_host.is_empty()) {
            return Err(Failed::usage_help(
                format!("`{shown}` was only found, and it wants to run a command or to allow another host"),
                format!("if you trust it, name it: --config {shown}"),
            ));
        }
        if let (Some(scheme), Some(folder)) = (&mut config.scheme, path.parent())
            && is_file(scheme)
        {
            *scheme = folder.join(&*scheme).display().to_string();
        }
        config.path = Some(shown);
        Ok(config)
    }
}

/// Whether a scheme is named by its file.
pub(crate) fn is_file(scheme: &str) -> bool {
    scheme.contains('/') || scheme.ends_with(".yaml") || scheme.ends_with(".yml")
}

fn find() -> Option<PathBuf> {
    let start = std::env::current_dir().ok()?;
    start.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file())
}
