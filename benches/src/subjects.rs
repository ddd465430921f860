//! Targets of one scheme, as a run has them.
//!
//! The functions to know are [`endpoint`] and [`library`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::process::{Driver, Pool, SchemaChecks};
use countersign::run::{Session, Signer};
use countersign::target::Target;
use countersign::transport::{Deadlines, Raw};
use countersign_conformance::Catalog;
use countersign_conformance::place::{NOW, PATH, secret};
use countersign_core::recipe::Sender;
use countersign_core::scheme::{Deployment, Scheme};
use countersign_core::secret::Secret;

/// The scheme that is measured: the body alone is signed, and nothing needs memory.
pub const SCHEME: &str = "github";

/// The scheme of a name; panics if it is not shipped.
pub fn scheme(name: &str) -> Arc<dyn Scheme> {
    Arc::clone(Catalog::embedded().schemes.get(name).expect("the scheme is shipped"))
}

/// The secret of [`SCHEME`].
pub fn the_secret() -> Secret {
    secret(&scheme(SCHEME).file().mac.key)
}

/// An endpoint that listens.
pub fn endpoint(address: SocketAddr) -> Session {
    let place = (address.ip().to_string(), address.port());
    let raw = Raw::new(place.0.clone(), place.1, Deadlines::default());
    session(Target::raw_address(raw), address.to_string(), Some(place))
}

/// The library behind a driver, which runs as long as the session does.
///
/// # Errors
/// The driver does not start.
pub fn library(command: &str, runtime: &tokio::runtime::Runtime) -> Result<Session, String> {
    let command = command.parse().map_err(str::to_owned)?;
    let pool = runtime.block_on(async {
        let here = tokio::runtime::Handle::current();
        Pool::start(command, 1, Duration::from_secs(10), SchemaChecks::Off, here).await
    });
    let pool = Arc::new(pool.map_err(|why| why.to_string())?);
    let driver = Driver::new(pool, &*scheme(SCHEME), the_secret(), &Deployment::default(), NOW);
    Ok(session(Target::driver(driver), "countersign.test".to_owned(), None))
}

fn session(target: Target, host: String, address: Option<(String, u16)>) -> Session {
    let signer = Signer {
        scheme: scheme(SCHEME),
        sender: Sender::new(&*scheme(SCHEME), the_secret(), PATH, Deployment::default())
            .expect("the secret fits the scheme"),
        host,
        address,
        replay: "countersign run".to_owned(),
        seed: 0,
    };
    Session::new(signer, target)
}
