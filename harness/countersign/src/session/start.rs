//! Starts a session with a target that was named on the command line or in a file.

use super::{Session, Signer};
use crate::counter::Counter;
use crate::target::{CannotSetUp, Setup, Started, Target, TargetSpec, UsageError};

impl TargetSpec {
    /// Sets the target up for one scheme. What has to be started starts fresh, with empty memory.
    ///
    /// # Errors
    /// It does not start, or an option cannot be honored.
    pub async fn start(&self, setup: Setup) -> Result<Session, CannotSetUp> {
        let Started { kind, host, path, origin, address } = self.launch(&setup).await?;
        let second = self.second_sender(&setup, &origin)?;
        let sender = setup.first_sender(path, &origin)?;
        if second.as_ref().is_some_and(|second| second.key[..] == sender.key[..]) {
            let help = "give the second sender another secret: the cases between two senders need two keys";
            return Err(UsageError::new("--second-secret is the same secret as --secret", help).into());
        }
        let Setup { scheme, replay, seed, .. } = setup;
        let signer = Signer { scheme, sender, host, address, replay, seed };
        let mut session = Session::new(signer, Target::new(kind, setup.limiter));
        session.slow = setup.slow;
        session.effects = setup.effects.map(|spec| Counter::new(&spec, setup.deadlines)).transpose()?;
        session.second = second;
        Ok(session)
    }
}
