//! An endpoint that somebody else runs, given by its URL.
//!
//! The types to know are [`Spec`] and [`Url`]. The guard against testing other people's hosts is here.

use std::net::IpAddr;

use countersign_core::observe::{Observation, Oracle};
use countersign_core::wire::Wire;

use super::setup::{CannotSetUp, Setup, Started};
use super::{Behavior, KeyNaming, Kind, Profile, SchemeChoice, SecretSupply, Support, UsageError};
use crate::transport::{Deadlines, HttpClient, Raw, Transport, TransportName};

/// Defaults for an endpoint that somebody else runs. Simple servers take few connections at once.
pub(super) const PROFILE: Profile = Profile {
    jobs: 4,
    secret: SecretSupply::Given,
    schemes: SchemeChoice::One,
    second_sender: Support::Yes,
    effects: Support::Yes,
    transport: Support::Yes,
};

/// The URL of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec(::url::Url);

impl Spec {
    pub(super) fn parse(text: &str) -> Result<Self, UsageError> {
        let help = "write `reference`, `mutant:ID`, `exec:COMMAND`, `serve:COMMAND`, or an address such as \
                    http://127.0.0.1:8080/hook";
        let url = ::url::Url::parse(text)
            .map_err(|error| UsageError::new(format!("`{}` is not a target: {error}", shown(text)), help))?;
        if !matches!(url.scheme(), "http" | "https") {
            let message = format!("`{}` is not an http or https address", shown(text));
            return Err(UsageError::new(message, help));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let message = "credentials in the URL of a target would show in every report";
            return Err(UsageError::new(message, "remove them from the URL"));
        }
        Ok(Self(url))
    }

    pub(super) fn name(&self) -> String {
        self.0.to_string()
    }

    pub(super) fn guard(&self, allowed: &[String]) -> Result<(), UsageError> {
        guard_host(&self.0, allowed)
    }

    /// The transport to use, given the chosen one.
    ///
    /// # Errors
    /// The chosen one cannot reach this URL.
    pub fn transport(&self, chosen: Option<TransportName>) -> Result<TransportName, UsageError> {
        match (chosen, self.0.scheme()) {
            (Some(TransportName::Raw), "https") => {
                let help =
                    "leave --transport out, or terminate TLS before the endpoint and test it over http";
                Err(UsageError::new("the raw transport speaks plain HTTP only", help))
            }
            (Some(chosen), _) => Ok(chosen),
            (None, "https") => Ok(TransportName::HttpClient),
            (None, _) => Ok(TransportName::Raw),
        }
    }

    pub(super) fn check_second_path(&self, path: &str, names_keys: KeyNaming) -> Result<(), UsageError> {
        if self.path_and_query() == path && names_keys == KeyNaming::NotAlways {
            let message = "without a key id in each request, two senders cannot share one endpoint";
            return Err(UsageError::new(
                message,
                "give the endpoint of the second sender with --second-path",
            ));
        }
        Ok(())
    }

    fn path_and_query(&self) -> &str {
        &self.0[::url::Position::BeforePath..::url::Position::AfterQuery]
    }

    /// The default path of a second sender's endpoint.
    pub(super) fn second_path(&self) -> String {
        format!("{}/second", self.0.path().trim_end_matches('/'))
    }

    pub(super) fn start(&self, setup: &Setup) -> Result<Started, CannotSetUp> {
        let url = &self.0;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().unwrap_or(80);
        let authority = url[::url::Position::BeforeHost..::url::Position::AfterPort].to_owned();
        let transport = match self.transport(setup.transport)? {
            TransportName::Raw => Transport::Raw(Raw::new(host.clone(), port, setup.deadlines)),
            TransportName::HttpClient => client(url.clone(), setup.deadlines)?,
        };
        Ok(Started {
            kind: Kind::Url(Url { transport }),
            origin: format!("{}://{authority}", url.scheme()),
            host: authority,
            path: self.path_and_query().to_owned(),
            address: Some((host, port)),
        })
    }
}

/// An HTTP client for a URL.
pub(super) fn client(url: ::url::Url, deadlines: Deadlines) -> Result<Transport, CannotSetUp> {
    let client = HttpClient::new(url, deadlines, None)?;
    Ok(Transport::HttpClient(client))
}

/// An endpoint that somebody else runs.
#[derive(Debug)]
pub struct Url {
    transport: Transport,
}

impl Url {
    /// An address reached over the raw transport.
    pub(super) fn raw(raw: Raw) -> Self {
        Self { transport: Transport::Raw(raw) }
    }
}

impl Behavior for Url {
    async fn deliver(&self, wire: &Wire) -> Observation {
        self.transport.deliver(wire).await
    }

    fn set_oracle(&self, oracle: Oracle) {
        self.transport.set_oracle(oracle);
    }

    fn raw(&self) -> Result<&Raw, &'static str> {
        self.transport.raw()
    }

    fn stays_on_one_runtime(&self) -> bool {
        matches!(self.transport, Transport::HttpClient(_))
    }
}

/// Refuses an address whose host is neither loopback nor allowed.
///
/// # Errors
/// The host is foreign.
pub fn guard_host(url: &::url::Url, allowed: &[String]) -> Result<(), UsageError> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_allowed = |name: &String| name.trim_matches(['[', ']']).eq_ignore_ascii_case(host);
    if is_loopback(host) || allowed.iter().any(is_allowed) {
        return Ok(());
    }
    let message = format!("`{host}` is not this machine, and nothing was sent");
    let help = format!("test only what is yours; if it is, allow it with --allow-host {host}");
    Err(UsageError::new(message, help))
}

fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// The text of a target for a message, without what may be a password.
fn shown(text: &str) -> String {
    let text: String = text.chars().take(120).collect();
    match (text.find("://"), text.find('@')) {
        (Some(start), Some(at)) if start < at => format!("{}…{}", &text[..start + 3], &text[at..]),
        _ => text.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(url: &str, allowed: &[&str]) -> Result<(), UsageError> {
        let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
        Spec::parse(url).expect("an address").guard(&allowed)
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
            let error = guard(foreign, &[]).expect_err("foreign");
            assert!(error.help.contains("--allow-host"), "{foreign}");
        }
        assert!(guard("http://example.com/", &["EXAMPLE.com"]).is_ok());
    }
}
