//! Targets of one scheme, as a run has them.
//!
//! The functions to know are [`endpoint`] and [`library`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::carrier::{Carrier, Deadlines, Held, Pool, Process, Raw};
use countersign::run::{Pace, Signer, Subject};
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
pub fn endpoint(address: SocketAddr) -> Subject {
    let place = (address.ip().to_string(), address.port());
    let carrier = Carrier::Raw(Raw::new(place.0.clone(), place.1, Deadlines::default()));
    subject(carrier, address.to_string(), Some(place))
}

/// The library behind a driver, which runs as long as the subject does.
///
/// # Errors
/// The driver does not start.
pub fn library(command: &str, runtime: &tokio::runtime::Runtime) -> Result<Subject, String> {
    let command = command.parse().map_err(str::to_owned)?;
    let pool = runtime.block_on(async {
        let here = tokio::runtime::Handle::current();
        Pool::start(command, 1, Duration::from_secs(10), Held::ToTypes, here).await
    });
    let pool = Arc::new(pool.map_err(|why| why.to_string())?);
    let process = Process::new(pool, &*scheme(SCHEME), the_secret(), &Deployment::default(), NOW);
    Ok(subject(Carrier::Process(process), "countersign.test".to_owned(), None))
}

fn subject(carrier: Carrier, host: String, address: Option<(String, u16)>) -> Subject {
    let signer = Signer {
        scheme: scheme(SCHEME),
        sender: Sender::new(&*scheme(SCHEME), the_secret(), PATH, Deployment::default())
            .expect("the secret fits the scheme"),
        host,
        address,
        replay: "countersign run".to_owned(),
        seed: 0,
    };
    Subject::new(signer, carrier, Pace::per_second(None))
}
