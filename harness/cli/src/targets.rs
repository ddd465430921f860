//! What can be tested, and the guard that keeps it to the user's own targets.
//!
//! The type to know is [`TargetSpec`].

use std::net::IpAddr;
use std::sync::Arc;

use countersign_conformance::Catalog;
use countersign_conformance::mutants::{MUTANTS, Mutant, SHOWN_BY_TIMING};
use countersign_conformance::reference::{Reference, Steps};
use countersign_core::id::nearest;
use countersign_core::spec::ClassState;
use url::Url;

use crate::exit::{Exit, Failed};
use countersign::carrier::CommandLine;

/// A target as named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TargetSpec {
    /// The embedded endpoint with the correct verifier.
    Reference,
    /// The embedded endpoint with a deliberately broken verifier.
    Mutant(String),
    /// An endpoint.
    Url(Url),
    /// A library behind a driver, by its command line.
    Exec(CommandLine),
    /// A server that is started for the run, by its command line.
    Serve(CommandLine),
}

impl std::str::FromStr for TargetSpec {
    type Err = Failed;

    fn from_str(text: &str) -> Result<Self, Failed> {
        if text == "reference" {
            return Ok(Self::Reference);
        }
        if let Some(id) = text.strip_prefix("mutant:") {
            return mutant(id).map(|_| Self::Mutant(id.to_uppercase()));
        }
        if let Some(line) = text.strip_prefix("exec:") {
            let help = "write the command line of a driver: --target 'exec:python3 driver.py'";
            return command_line(line, help).map(Self::Exec);
        }
        if let Some(line) = text.strip_prefix("serve:") {
            let help = "write the command line of a server: --target 'serve:node server.js'";
            return command_line(line, help).map(Self::Serve);
        }
        let help = "write `reference`, `mutant:ID`, `exec:COMMAND`, `serve:COMMAND`, or an address such as \
                    http://127.0.0.1:8080/hook";
        let url = Url::parse(text).map_err(|error| {
            Failed::usage_help(format!("`{}` is not a target: {error}", shown(text)), help)
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            let message = format!("`{}` is not an http or https address", shown(text));
            return Err(Failed::usage_help(message, help));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let message = "credentials in the address of a target would stand in every report";
            return Err(Failed::usage_help(message, "leave them out"));
        }
        Ok(Self::Url(url))
    }
}

fn command_line(line: &str, help: &str) -> Result<CommandLine, Failed> {
    line.parse().map_err(|why| {
        Failed::usage_help(format!("`{}` is no command line: {why}", line.escape_debug()), help)
    })
}

/// A target text in a message: without what may be a password.
fn shown(text: &str) -> String {
    let text: String = text.chars().take(120).collect();
    match (text.find("://"), text.find('@')) {
        (Some(start), Some(at)) if start < at => format!("{}…{}", &text[..start + 3], &text[at..]),
        _ => text.escape_debug().to_string(),
    }
}

/// The steps of a mutant.
///
/// # Errors
/// There is no mutant of this name; with the nearest ones.
pub(crate) fn mutant(id: &str) -> Result<Arc<dyn Steps>, Failed> {
    let wanted = id.to_uppercase();
    match MUTANTS.iter().chain(SHOWN_BY_TIMING).find(|mutant| mutant.class == wanted) {
        Some(mutant) => Ok(Arc::from((mutant.make)())),
        None => {
            if let Some(failed) = without_mutant(Catalog::embedded(), &wanted) {
                return Err(failed);
            }
            let near: Vec<String> = nearest(&wanted, MUTANTS.iter().map(|mutant| mutant.class))
                .into_iter()
                .map(|name| format!("`{name}`"))
                .collect();
            let help = if near.is_empty() {
                "see `countersign list mutants`".to_owned()
            } else {
                format!("did you mean {}? see `countersign list mutants`", near.join(" or "))
            };
            Err(Failed::usage_help(format!("unknown mutant `{}`", id.escape_debug()), help))
        }
    }
}

/// The error for a bug class that has no mutant; none if there is no such class.
pub(crate) fn without_mutant(catalog: &Catalog, class: &str) -> Option<Failed> {
    let class = catalog.bug_classes.get(class)?;
    if Mutant::shown_by_timing(class.id.as_str()).is_some() {
        let message = format!("only timing shows the bug class `{}`: no case can kill its mutant", class.id);
        let help = format!("measure it: countersign timing --target mutant:{} --scheme github", class.id);
        return Some(Failed::usage_help(message, help));
    }
    let why = match &class.state {
        ClassState::Covered => class.state.name().to_owned(),
        ClassState::Planned(why) | ClassState::NotTestable(why) => format!("{}: {why}", class.state.name()),
    };
    let message = format!("the bug class `{}` has no mutant ({why})", class.id);
    Some(Failed::usage_help(message, "see `countersign list mutants`"))
}

impl TargetSpec {
    /// As reports name it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Reference => "reference".to_owned(),
            Self::Mutant(id) => format!("mutant:{id}"),
            Self::Url(url) => url.to_string(),
            Self::Exec(command) => format!("exec:{command}"),
            Self::Serve(command) => format!("serve:{command}"),
        }
    }

    /// The verifier of the embedded endpoint; none for what is not our own.
    ///
    /// # Errors
    /// There is no such mutant.
    pub(crate) fn steps(&self) -> Result<Option<Arc<dyn Steps>>, Failed> {
        match self {
            Self::Reference => Ok(Some(Arc::new(Reference))),
            Self::Mutant(id) => mutant(id).map(Some),
            Self::Url(_) | Self::Exec(_) | Self::Serve(_) => Ok(None),
        }
    }

    /// Refuses a host that is neither loopback nor allowed. Nothing is sent before this.
    ///
    /// # Errors
    /// The host is foreign: exit code 4.
    pub(crate) fn guard(&self, allowed: &[String]) -> Result<(), Failed> {
        match self {
            Self::Url(url) => guard_host(url, allowed),
            Self::Reference | Self::Mutant(_) | Self::Exec(_) | Self::Serve(_) => Ok(()),
        }
    }
}

/// Refuses an address whose host is neither loopback nor allowed.
///
/// # Errors
/// The host is foreign: exit code 4.
pub(crate) fn guard_host(url: &Url, allowed: &[String]) -> Result<(), Failed> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    if is_loopback(host)
        || allowed.iter().any(|name| name.trim_matches(['[', ']']).eq_ignore_ascii_case(host))
    {
        return Ok(());
    }
    let message = format!(
        "error: `{host}` is not this machine, and nothing was sent\n  help: test only what is yours; then allow \
             it with --allow-host {host}"
    );
    Err(Failed { exit: Exit::Guard, message })
}

fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(url: &str, allowed: &[&str]) -> Result<(), Failed> {
        let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
        url.parse::<TargetSpec>().expect("a target").guard(&allowed)
    }

    #[test]
    fn only_loopback_is_tested_without_being_allowed() {
        for own in [
            "http://127.0.0.1:1/",
            "http://127.8.0.1/",
            "http://localhost:80/x",
            "http://[::1]:9/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(guard(own, &[]).is_ok(), "{own}");
        }
        for foreign in [
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
        ] {
            assert_eq!(guard(foreign, &[]).expect_err("foreign").exit, Exit::Guard, "{foreign}");
        }
        assert!(guard("http://example.com/", &["EXAMPLE.com"]).is_ok());
    }

    #[test]
    fn credentials_in_an_address_are_refused_and_not_repeated() {
        for target in
            ["http://user:canary@localhost/", "ftp://user:canary@localhost/", "http://u:canary@[bad/"]
        {
            let error = target.parse::<TargetSpec>().expect_err("credentials");
            assert!(!error.message.contains("canary"), "{}", error.message);
        }
    }
}
