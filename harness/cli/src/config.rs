//! The profile of a target: `countersign.yaml`.
//!
//! The type to know is [`Config`]. The command line wins over the file; every field is optional.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_core::vector::yaml;
use serde::Deserialize;

use crate::bounded;
use crate::exit::Failed;

/// Name of the file that is searched upward from the working directory.
pub(crate) const FILE: &str = "countersign.yaml";

/// The profile of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// The target, as for `--target`.
    pub(crate) target: Option<String>,
    /// Scheme name or file, as for `--scheme`; a file is found relative to this one.
    pub(crate) scheme: Option<String>,
    /// Reference to the secret, as for `--secret`.
    pub(crate) secret: Option<String>,
    /// Reference to the secret of a second sender, as for `--second-secret`.
    pub(crate) second_secret: Option<String>,
    /// Path of the second sender's endpoint, as for `--second-path`.
    pub(crate) second_path: Option<String>,
    /// Text of the second sender's key id, as for `--second-key-id`.
    pub(crate) second_key_id: Option<String>,
    /// Scheme and authority under which the endpoint knows itself, for schemes that sign it.
    pub(crate) origin: Option<String>,
    /// Constants of the scheme, such as Square's notification URL.
    pub(crate) constants: BTreeMap<String, String>,
    /// Hosts other than loopback that may be tested.
    pub(crate) allow_host: Vec<String>,
    /// Statuses that mean acceptance, such as `200-299`.
    pub(crate) accept_status: Option<String>,
    /// Statuses that mean refusal, such as `400-499,500`.
    pub(crate) reject_status: Option<String>,
    /// Where the endpoint counts what it does, as for `--effects`.
    pub(crate) effects: Option<String>,
    /// Concurrent connections.
    pub(crate) jobs: Option<usize>,
    /// Requests per second at most, as for `--rate`.
    pub(crate) rate: Option<String>,
    /// Text of the key id, for schemes that carry one.
    pub(crate) key_id: Option<String>,
    /// Seconds for one answer.
    pub(crate) timeout: Option<f64>,
    /// Where this was read from; not part of the file.
    #[serde(skip)]
    pub(crate) path: Option<String>,
}

impl Config {
    /// Reads the file given, or the first one found upward; defaults if there is none.
    ///
    /// # Errors
    /// The file cannot be read, or does not say what it should; with place.
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
        // The source line is not shown: somebody may have written a secret there.
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
