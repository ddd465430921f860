//! The command that runs a case again.
//!
//! The function to know is [`words`]. It is made from all options that say what is tested, so that none of them can
//! be forgotten: an option that changes what comes of a case is in the command, whatever it is called.

use serde_json::Value;

use super::args::TargetArgs;
use crate::config::Config;
use countersign::target::TargetSpec;

/// The words of the command, up to the scheme and the case.
pub(crate) fn words(args: &TargetArgs, target: &TargetSpec, config: &Config, seed: u64) -> Vec<String> {
    let mut args = args.clone();
    args.target = match target.name() {
        name if name == "reference" => None,
        name => Some(name),
    };
    args.seed = Some(seed);
    // The scheme of a case stands behind these words, and its suite is found by its id if it is a shipped one.
    args.scheme.clear();
    args.suite.retain(|suite| crate::config::is_file(suite));
    // A profile that was only found is named: the command is the same from another folder.
    args.config = args.config.or_else(|| config.path.as_ref().map(Into::into));
    let mut words = vec!["countersign".to_owned(), "replay".to_owned()];
    let Ok(Value::Object(options)) = serde_json::to_value(&args) else {
        unreachable!("options are an object of texts and numbers")
    };
    for (name, value) in options {
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            match value {
                Value::Null | Value::Bool(false) => {}
                Value::Bool(true) => words.push(format!("--{name}")),
                Value::String(text) => words.extend([format!("--{name}"), quoted(&text)]),
                other => words.extend([format!("--{name}"), quoted(&other.to_string())]),
            }
        }
    }
    words
}

/// A word for a POSIX shell.
pub(crate) fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.replace('\0', ""), |quoted| quoted.into_owned())
}
