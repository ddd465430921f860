//! Where to find an effect counter.
//!
//! The type to know is [`CounterSpec`].

use std::time::Duration;

use countersign_core::wire::{ByteString, Framing, Header, Limits, Request, encode};
use url::Url;

use super::Counter;
use crate::transport::{CannotStart, Deadlines, HttpClient, Raw, Transport};

/// Where to find a number that rises with every request that the target acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterSpec {
    /// The page.
    pub url: Url,
    /// The metric on a Prometheus page: a name, summed over all its labels, or a name with labels exactly as the page
    /// writes them. `None` if the page is a plain number.
    pub metric: Option<String>,
}

/// Why a text does not name a counter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadCounterSpec {
    /// What stands before `#` cannot be read as a URL.
    #[error("this is not a URL: {0}")]
    NotAUrl(url::ParseError),
    /// The URL is one of another protocol.
    #[error("this is not an http or https URL")]
    NotHttp,
    /// The URL contains a user name or a password.
    #[error("credentials in a URL would show in every report")]
    Credentials,
    /// Nothing follows `#`.
    #[error("the name of the metric is missing after `#`")]
    NoMetric,
}

impl std::str::FromStr for CounterSpec {
    type Err = BadCounterSpec;

    /// `http://127.0.0.1:9090/metrics#orders_total`, or an address alone.
    fn from_str(text: &str) -> Result<Self, BadCounterSpec> {
        // The part after `#` is not sent, and may contain braces and quotes.
        let (address, metric) = text.split_once('#').map_or((text, None), |(url, name)| (url, Some(name)));
        let url = Url::parse(address).map_err(BadCounterSpec::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(BadCounterSpec::NotHttp);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadCounterSpec::Credentials);
        }
        match metric {
            Some("") => Err(BadCounterSpec::NoMetric),
            metric => Ok(Self { url, metric: metric.map(str::to_owned) }),
        }
    }
}

/// Why a counter cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("no client for the page of the counter: {0}")]
pub struct CannotCount(#[from] CannotStart);

/// Maximum bytes of a page.
const PAGE: usize = 4 << 20;
/// Minimum time to wait for an effect of a target that somebody else runs.
const MIN_SETTLE: Duration = Duration::from_millis(100);

impl Counter {
    /// A counter of a target that somebody else runs.
    ///
    /// # Errors
    /// No client can be made for the address.
    pub fn new(spec: &CounterSpec, deadlines: Deadlines) -> Result<Self, CannotCount> {
        let (url, limits) = (&spec.url, Limits { body: PAGE, ..Limits::default() });
        let transport = if url.scheme() == "https" {
            let client = HttpClient::new(url.clone(), deadlines, None)?;
            Transport::HttpClient(client)
        } else {
            let port = url.port_or_known_default().unwrap_or(80);
            Transport::Raw(Raw::new(url.host_str().unwrap_or_default(), port, deadlines))
        };
        let request = Request {
            method: "GET".into(),
            target: url[url::Position::BeforePath..url::Position::AfterQuery].into(),
            headers: vec![Header::new("Host", &url[url::Position::BeforeHost..url::Position::AfterPort])],
            body: ByteString::default(),
        };
        let page = encode(request, Framing::default());
        Ok(Self {
            transport: transport.with_limits(limits),
            page,
            metric: spec.metric.clone(),
            min_settle: MIN_SETTLE,
        })
    }

    /// The counter of an embedded endpoint, which acts before it answers.
    pub fn embedded(metrics: std::net::SocketAddr) -> Self {
        let url = Url::parse(&format!("http://{metrics}/metrics")).expect("an address makes a URL");
        let spec = CounterSpec { url, metric: Some(crate::serve::EFFECTS.to_owned()) };
        let counter = Self::new(&spec, Deadlines::default()).expect("plain HTTP needs no certificates");
        Self { min_settle: Duration::ZERO, ..counter }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_an_address_and_perhaps_a_metric() {
        let spec: CounterSpec =
            "http://127.0.0.1:9/m?a=b#orders_total{kind=\"hook\"}".parse().expect("a counter");
        assert_eq!(spec.url.as_str(), "http://127.0.0.1:9/m?a=b");
        assert_eq!(spec.metric.as_deref(), Some("orders_total{kind=\"hook\"}"));
        for wrong in ["", "orders", "ftp://localhost/", "http://u:canary@localhost/", "http://localhost/#"] {
            let why = wrong.parse::<CounterSpec>().expect_err("no counter").to_string();
            assert!(!why.contains("canary"), "{why}");
        }
    }
}
