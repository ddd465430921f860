//! The kinds of targets that a build without the feature `targets` does not have.
//!
//! The type to know is [`Absent`], of which there is no value.

use countersign_core::observe::{Observation, Oracle};
use countersign_core::wire::Wire;

use super::Behavior;
use crate::transport::Raw;

pub(super) type Embedded = Absent;
pub(super) type Exec = Absent;
pub(super) type Serve = Absent;
pub(super) type Url = Absent;

/// No target at all.
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
