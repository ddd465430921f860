//! What a request claims about its own signature, where a case makes it claim something unusual.
//!
//! The type to know is [`OwnTerms`].

use super::{CannotBuild, Signing, World};
use crate::scheme::{ClockSpec, Hash, Terms};
use crate::time::ClockUnit;
use crate::wire::ByteString;

/// The texts that a request says; nothing in an ordinary one.
#[derive(Debug, Default)]
pub(super) struct OwnTerms {
    algorithm: Option<String>,
    expires: Option<ByteString>,
}

impl OwnTerms {
    /// The texts for a recipe under a scheme.
    pub(super) fn of(sign: &Signing, world: &World<'_>) -> Result<Self, CannotBuild> {
        if sign.covers.is_some() && !world.scheme.lists_parts() {
            return Err(CannotBuild::NoList);
        }
        Ok(Self { algorithm: algorithm(sign, world)?, expires: expiry(sign, world)? })
    }

    /// The same for the scheme to write.
    pub(super) fn terms<'t>(&'t self, sign: &'t Signing) -> Terms<'t> {
        Terms {
            algorithm: self.algorithm.as_deref(),
            covers: sign.covers.as_deref(),
            expires: self.expires.as_deref(),
        }
    }
}

/// The name that a request gives the algorithm, if it gives another than usual.
fn algorithm(sign: &Signing, world: &World<'_>) -> Result<Option<String>, CannotBuild> {
    let Some(text) = &sign.algorithm else { return Ok(None) };
    let hashes = [
        ("{sha1}", Hash::Sha1),
        ("{sha256}", Hash::Sha256),
        ("{sha384}", Hash::Sha384),
        ("{sha512}", Hash::Sha512),
    ];
    let mut text = text.clone();
    for (place, hash) in hashes {
        let name = world.scheme.algorithm(hash).ok_or(CannotBuild::NoAlgorithm)?;
        text = text.replace(place, name);
    }
    Ok(Some(text))
}

/// When a request says that it expires, if it says another time than usual.
fn expiry(sign: &Signing, world: &World<'_>) -> Result<Option<ByteString>, CannotBuild> {
    let Some(moment) = &sign.expires else { return Ok(None) };
    let clock = world.scheme.file().clock.as_ref().filter(|_| world.scheme.expires());
    let clock = ClockSpec { unit: ClockUnit::Seconds, ..clock.ok_or(CannotBuild::NoExpiry)?.clone() };
    moment.render(world.now, &clock).map(Some).ok_or(CannotBuild::NoWindow)
}
