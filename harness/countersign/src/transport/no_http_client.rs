//! Replaces the HTTP client in a build without the feature `http-client`.
//!
//! The type to know is [`HttpClient`], which has no values.

use std::convert::Infallible;

use countersign_core::observe::{Observation, Oracle};
use countersign_core::wire::{Limits, Wire};

/// The HTTP client, which needs the feature `http-client`.
#[derive(Debug)]
pub struct HttpClient(Infallible);

impl HttpClient {
    /// Fails.
    ///
    /// # Errors
    /// Always: this build has no HTTP client.
    #[cfg(feature = "targets")]
    pub fn new(
        _url: url::Url,
        _deadlines: super::Deadlines,
        _roots: Option<&[u8]>,
    ) -> Result<Self, super::CannotStart> {
        Err(super::CannotStart::NotBuilt)
    }

    pub(super) fn with_limits(self, _limits: Limits) -> Self {
        match self.0 {}
    }

    pub(super) fn set_oracle(&self, _oracle: Oracle) {
        match self.0 {}
    }

    pub(super) async fn deliver(&self, _wire: &Wire) -> Observation {
        match self.0 {}
    }
}
