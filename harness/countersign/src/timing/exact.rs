//! What counting instructions and following a secret have in common: the driver as it is without valgrind, as the control.

use std::collections::BTreeMap;

use countersign_core::observe::Outcome;
use countersign_core::wire::Wire;

use super::valgrind::Valgrind;
use super::wrong::Requests;
use crate::process::Driver;
use crate::session;

/// The driver that runs.
pub(super) struct Verifier<'a> {
    pub(super) process: &'a Driver,
}

impl<'a> Verifier<'a> {
    pub(super) fn of(session: &'a session::Session) -> Result<Self, String> {
        match session.target.library() {
            Some(process) => Ok(Self { process }),
            None => Err("only drivers can be run under valgrind: --target 'exec:COMMAND'".to_owned()),
        }
    }

    /// Every wrong request is refused, and the genuine one is not.
    pub(super) async fn refuses(&self, requests: &Requests) -> Result<(), String> {
        self.still_accepts(requests).await?;
        for wire in requests.wrong.iter().flat_map(|wrong| &wrong.wires) {
            expect(self.process, wire, Outcome::Rejected).await?;
        }
        Ok(())
    }

    /// The genuine request did not become too old meanwhile. A library with a memory knows it and is not asked.
    pub(super) async fn still_accepts(&self, requests: &Requests) -> Result<(), String> {
        if self.process.hello().can(countersign_core::line::Capability::Replay) {
            return Ok(());
        }
        expect(self.process, &requests.genuine, Outcome::Accepted).await
    }
}

/// Asks once.
pub(super) async fn expect(process: &Driver, wire: &Wire, wanted: Outcome) -> Result<(), String> {
    let seen = process.deliver(wire).await;
    if seen.outcome == wanted {
        return Ok(());
    }
    let what = if wanted == Outcome::Accepted { "a valid request" } else { "a request with a wrong tag" };
    let detail = seen.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
    Err(format!("{what} was {}{detail}", seen.outcome))
}

/// What is known of the machine.
pub(super) fn facts(valgrind: &Valgrind) -> BTreeMap<String, String> {
    let machine = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    [("valgrind", valgrind.version().to_owned()), ("machine", machine)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
