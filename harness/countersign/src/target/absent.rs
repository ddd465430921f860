//! Replaces the kinds of targets that need the feature `targets` in a build without it.
//!
//! The type to know is [`Absent`], which has no values.

use countersign_core::observe::{Observation, Oracle};
use countersign_core::wire::Wire;

use super::Behavior;
use crate::transport::Raw;

pub(super) type Embedded = Absent;
pub(super) type Exec = Absent;
pub(super) type Serve = Absent;
pub(super) type Url = Absent;

/// A kind of target that this build does not have.
#[derive(Debug)]
pub(crate) enum Absent {}

impl Behavior for Absent {
    async fn deliver(&self, _wire: &Wire) -> Observation {
        match *self {}
    }

    fn set_oracle(&self, _oracle: Oracle) {
        match *self {}
    }

    fn raw(&self) -> Result<&Raw, &'static str> {
        match *self {}
    }
}
