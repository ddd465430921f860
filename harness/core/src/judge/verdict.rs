//! What a case shows about a target, and how a target fails one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a case shows about a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// It did what it must.
    Pass,
    /// It did not.
    Fail(Failure),
    /// Nobody can tell, and why.
    Inconclusive(String),
    /// Not run, and why.
    Skipped(String),
}

/// How a target failed a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Failure {
    /// It accepted what it must refuse.
    Accepted,
    /// It refused what it must accept.
    Refused,
    /// It accepted several copies where one is allowed.
    AcceptedTwice,
    /// It answered with a server error or cut the connection.
    Crashed,
    /// It did not answer in time.
    Hung,
    /// It answered with something that is not HTTP.
    Garbled,
    /// It stopped accepting valid requests.
    Died,
    /// Its answer shows the secret, or the tag that would have been right.
    Leaked,
    /// Its answer shows a stack trace.
    Traced,
    /// Its answers tell apart what must look alike.
    Told,
    /// It refused a request, which had its effect all the same.
    Acted,
    /// Its answer took much longer than that to the plain form of the request.
    Slow,
    /// It answered no other request while slow ones were in flight.
    Blocked,
    /// It took the whole of a very long body.
    Swallowed,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted, must be refused",
            Self::Refused => "refused, must be accepted",
            Self::AcceptedTwice => "several parallel copies accepted, at most one allowed",
            Self::Crashed => "crashed",
            Self::Hung => "no answer in time",
            Self::Garbled => "answered with something that is not HTTP",
            Self::Died => "stopped accepting valid requests",
            Self::Leaked => "the answer shows the secret or the right tag",
            Self::Traced => "the answer shows a stack trace",
            Self::Told => "answers differ, must look alike",
            Self::Acted => "refused, but the effect counter rose",
            Self::Slow => "answered much later than the plain request",
            Self::Blocked => "no answer while slow requests were in flight",
            Self::Swallowed => "took the whole of a very long body",
        })
    }
}
