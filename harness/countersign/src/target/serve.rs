//! A server that is started for the run and stopped at its end.
//!
//! The type to know is [`Serve`].

use countersign_conformance::place::NOW;
use countersign_core::grid::Package;
use countersign_core::observe::{Observation, Oracle};
use countersign_core::redact::Redactor;
use countersign_core::wire::Wire;
use tokio::runtime::Handle;

use super::setup::{CannotSetUp, Setup, Started};
use super::{
    Behavior, CannotVary, HOST, Kind, PATH, Profile, SchemeChoice, SecretSupply, Support, UsageError, Variant,
};
use crate::clock::Clock;
use crate::process::{About, CommandLine, Server, Setting};
use crate::transport::Raw;

/// Defaults for a server that is started for the run. Simple servers take few connections at once.
pub(super) const PROFILE: Profile = Profile {
    jobs: 4,
    secret: SecretSupply::MadeUp,
    schemes: SchemeChoice::Named,
    second_sender: Support::No {
        message: "a driver or a started server gets one secret at a time",
        help: "leave --second-secret out, or start an endpoint with both secrets yourself",
    },
    effects: Support::No {
        message: "--effects needs an endpoint given by its URL",
        help: "start the server yourself, and give its URL with --target",
    },
    transport: Support::No {
        message: "--transport needs an endpoint given by its URL, or the embedded one",
        help: "leave it out: a started server always gets exact bytes",
    },
};

/// Starts a server for one scheme and secret.
pub(super) async fn start(command: &CommandLine, setup: &Setup) -> Result<Started, CannotSetUp> {
    let (scheme, secret) = (&setup.scheme, setup.secret());
    let name = scheme.file().scheme.to_string();
    let mut redactor = Redactor::new(std::slice::from_ref(&secret));
    if let Ok(key) = scheme.key(&secret) {
        redactor = redactor.and(&key);
    }
    let (command, deadlines) = (command.clone(), setup.deadlines);
    let setting = Setting { command, scheme: name.clone(), time: NOW, deadlines, redactor };
    let server = Server::start(setting, secret, Handle::current()).await?;
    if let Some(about) =
        server.about().filter(|about| !about.schemes.is_empty() && !about.schemes.contains(&name))
    {
        let message = format!("the server of `{}` does not verify `{name}`", about.name.escape_debug());
        let help = format!("it names: {}", about.schemes.join(", ").escape_debug());
        return Err(UsageError::new(message, help).into());
    }
    let path = server.about().map_or(PATH, |about| &about.path).to_owned();
    let address = (server.address().ip().to_string(), server.address().port());
    Ok(Started {
        kind: Kind::Serve(Serve { server }),
        host: HOST.to_owned(),
        path,
        // It speaks plain HTTP, and may check the URL under which it was called.
        origin: format!("http://{HOST}"),
        address: Some(address),
    })
}

/// A server started for the run.
#[derive(Debug)]
pub struct Serve {
    server: Server,
}

impl Behavior for Serve {
    async fn deliver(&self, wire: &Wire) -> Observation {
        self.server.deliver(wire).await
    }

    fn set_oracle(&self, oracle: Oracle) {
        self.server.raw().set_oracle(oracle);
    }

    fn raw(&self) -> Result<&Raw, &'static str> {
        Ok(self.server.raw())
    }

    fn clock(&self) -> Clock {
        self.server.clock()
    }

    fn starts(&self) -> u64 {
        self.server.starts()
    }

    fn restarts(&self) -> bool {
        true
    }

    async fn replace(&self) -> bool {
        self.server.replace().await
    }

    /// Starts another server with another secret. Its clock cannot be moved.
    async fn variant(&self, wanted: &Variant<'_>) -> Option<Result<Kind, CannotVary>> {
        if wanted.case.fails_the_handler() || wanted.case.waits() > 0 {
            return None;
        }
        let other = self.server.with_secret(wanted.secret).await;
        Some(other.map(|server| Kind::Serve(Self { server })).map_err(CannotVary::from))
    }

    fn gone(&self) -> Option<String> {
        self.server.gone()
    }

    fn package(&self) -> Option<Package> {
        let About { name, version, language, .. } = self.server.about()?.clone();
        Some(Package { name, version, language })
    }

    async fn shutdown(&self) {
        self.server.shutdown().await;
    }
}
