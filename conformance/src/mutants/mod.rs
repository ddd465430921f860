//! Deliberately broken verifiers: one per bug class, each the smallest change to the reference that
//! shows the class. A mutant must not know which cases exist.
//!
//! The type to know is [`Mutant`]; the registry is [`MUTANTS`]. The families are the letters of the
//! bug classes: [`a`] fails open, [`b`] compares wrongly, [`c`] signs the wrong bytes,
//! [`c_fields`] covers the wrong fields, [`c_sender`] mixes senders up, [`d`] tells
//! the time wrongly, [`d_replay`] remembers wrongly, [`e`] keeps keys wrongly,
//! [`f`] breaks on what it should handle. In [`sender`] stand those of all families that leave the
//! sender a choice which is not theirs.

pub mod a;
pub mod b;
pub mod c;
pub mod c_fields;
pub mod c_sender;
pub mod d;
pub mod d_replay;
pub mod e;
pub mod f;
mod json;
mod lenient;
mod said;
pub mod sender;

use std::fmt;
use std::time::Duration;

use countersign_core::id::BugClassId;

use crate::reference::Steps;

/// A broken verifier.
pub struct Mutant {
    /// The bug class that it shows.
    pub class: &'static str,
    /// What it does wrong, in one sentence.
    pub about: &'static str,
    /// Makes one, with empty memory of its own.
    pub make: fn() -> Box<dyn Steps>,
}

impl Mutant {
    /// The bug class as an id.
    pub fn id(&self) -> BugClassId {
        self.class.parse().expect("the registry holds bug class ids, checked by a test")
    }

    /// The mutant of a bug class that only timing shows, if it has one.
    pub fn shown_by_timing(class: &str) -> Option<&'static Self> {
        SHOWN_BY_TIMING.iter().find(|mutant| mutant.class == class)
    }

    /// The mutant of a bug class in the kill matrix, if it has one.
    pub fn of(class: &str) -> Option<&'static Self> {
        MUTANTS.iter().find(|mutant| mutant.class == class)
    }
}

impl fmt::Debug for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mutant({}: {})", self.class, self.about)
    }
}

/// One line of the registry: the class, how it is made, what it does wrong.
macro_rules! registry {
    ($($family:ident::$class:ident: $about:literal;)*) => {
        &[$(Mutant {
            class: stringify!($class),
            about: $about,
            make: || Box::new($family::$class::default()),
        }),*]
    };
}

/// Time for work of so many nanoseconds, in whole milliseconds; no more than shows it, which is 0.6 seconds.
fn worked(nanos: usize) -> Duration {
    Duration::from_millis((nanos as u64 / 1_000_000).min(600))
}

/// All mutants, in order of their classes.
pub const MUTANTS: &[Mutant] = registry! {
    a::A01: "takes a request without a signature for one that needs no check";
    a::A02: "looks at everything but the tag";
    a::A03: "accepts an empty tag";
    a::A04: "skips the check when no secret is configured";
    a::A05: "also accepts tags that were made with the empty key";
    a::A06: "also accepts tags whose key is a word for an absent secret";
    a::A07: "verifies POST and lets every other method through";
    a::A08: "takes the body of text, form and multipart requests for empty";
    a::A09: "verifies the configured spelling of the path and lets every other one through";
    a::A10: "lets a body with a handshake flag through";
    a::A12: "goes on to the handler when the tag or the timestamp cannot be decoded";
    a::A13: "takes the promise of a check for its result";
    a::A14: "answers refusals with 200";
    a::A15: "trusts requests that claim to come from the same machine";
    a::A16: "logs a refusal, and hands the request on all the same";
    sender::A17: "verifies the first of several signed items";
    b::B02: "compares as many characters as the shorter tag has";
    b::B03: "accepts the front of a tag, from four bytes on";
    b::B04: "compares without regard to letter case";
    b::B05: "strips blanks, quotes and control characters around and in the tag";
    b::B06: "decodes hexadecimal digits up to the first other character";
    b::B07: "decodes base64 of any alphabet, padding and spare bits, and skips other characters";
    b::B08: "throws when the tag has another length";
    b::B09: "throws when the tag is not ASCII";
    b::B10: "counts characters and then compares bytes, which throws when they differ in number";
    sender::B11: "compares loosely: what is true, zero or a list equals a text";
    b::B12: "looks for the tag anywhere in the header";
    b::B13: "searches the header for its pattern and does not match all of it";
    b::B14: "takes the hash that the label names, HMAC-SHA1 among them";
    sender::B15: "verifies under the algorithm that the request names, or under none";
    b::B16: "takes the text of a public key for a secret";
    b::B17: "ignores the label before the tag";
    b::B18: "looks at the last signature of a list only";
    b::B19: "gives up at a malformed entry of a list";
    b::B20: "computes the tag anew for each signature of a list, however many there are";
    b::B21: "also accepts the plain hash of key and text";
    b::B22: "falls back to the text of a secret that it should decode";
    b::B23: "overwrites the accumulator of the comparison, so that the last byte decides";
    b::B24: "compares the first 53 bits, as much as a floating-point number holds";
    c::C01: "remembers tags that were right, and does not look at the body again";
    c::C02: "believes a digest that is signed, and does not compare it with the body";
    c::C03: "parses a JSON body and signs what it serializes again";
    c::C04: "decodes the body as UTF-8 with replacement characters";
    c::C05: "drops a byte order mark before the body";
    c::C06: "reads the body as Latin-1 text";
    c::C07: "signs POST whatever the method is";
    c::C08: "signs the configured path whatever the path is";
    c::C09: "leaves the query out of the signing string";
    c::C10: "ends the query at a second question mark, a semicolon or a number sign";
    c::C11: "builds the query from a map, sorted and without repetitions";
    c_fields::C12: "joins the fields of the signing string without a delimiter";
    c::C13: "takes a delimiter in an id, or encoded in the path, for the end of it";
    c::C14: "signs the percent-decoded path";
    c::C15: "signs the path without empty and dot segments";
    c::C16: "signs the path in lower case";
    c::C17: "builds the address from the host that the request or a proxy names";
    sender::C18: "takes any list of what is covered, and demands nothing";
    c::C20: "signs an absent covered header as empty text, or as a word for nothing";
    c::C21: "takes any of several lines of a header, or all joined, whichever fits";
    c::C22: "takes underscores in header names for hyphens, the last line winning";
    c::C23: "puts the body into a template in which doubled signs stand for one";
    c_fields::C24: "covers time, id and nonce, and leaves the payload open";
    sender::C26: "undoes the content coding before it verifies";
    c::C27: "signs the first 64 KiB of the body";
    c::C28: "never asks whom the key id names";
    c_sender::C29: "takes the key of any sender at every endpoint";
    c::C30: "folds runs of blanks inside header values";
    c::C31: "reads header bytes as Latin-1 and signs them as UTF-8";
    sender::C32: "believes credentials that stand where the signature does not";
    d::D01: "never looks at the timestamp";
    d::D02: "tests the age only if there is a timestamp";
    d::D03: "tests the age of a time header that nobody signed";
    d::D04: "tests the past and not the future";
    d::D05: "computes the age with numbers that may be not-a-number, which passes every test";
    d::D06: "reads every spelling of a number as a timestamp, signed as written or as the number";
    d::D07: "computes the age in integers that wrap and saturate";
    d::D08: "throws on a timestamp that it cannot read";
    d::D09: "guesses from its size whether a timestamp is in seconds or milliseconds";
    d::D10: "has a window of twice the width";
    d::D11: "reads calendar times without their zone";
    d::D12: "tests the age before the tag, and says which it was";
    d_replay::D13: "remembers nothing";
    d_replay::D14: "forgets when the past side of the window is over";
    d_replay::D15: "remembers a delivery header that nobody signed";
    d_replay::D16: "remembers the text of the tag, and reads tags leniently";
    d_replay::D17: "keeps one replay memory for all senders";
    d_replay::D18: "remembers the nonce or id before it checks the tag";
    d_replay::D19: "looks a nonce up first and stores it later";
    d_replay::D20: "remembers the last 32 requests";
    d_replay::D21: "skips the replay test if there is no nonce or id";
    d_replay::D22: "keeps the nonce or id of a request whose handler failed";
    sender::D23: "never asks whether a request has expired";
    d::D24: "signs one of several timestamps and tests another";
    d_replay::D26: "folds nonces and ids to 32 lower-case characters";
    e::E01: "reads the key from a file, found by a query with the key id";
    e::E02: "takes the empty key for an unknown key id";
    e::E03: "looks key ids up among inherited names";
    e::E04: "answers an unknown key id differently";
    e::E06: "takes the key for text, ends it at a zero byte, and cuts it at 64 bytes";
    e::E08: "answers a wrong tag with the right one";
    f::F01: "throws on whatever it cannot read";
    f::F02: "ends the process on a tag of another length";
    f::F03: "reads every body to its end before it looks at the tag";
    f::F04: "parses a JSON body before it looks at the tag";
    f::F05: "looks for separators at the end of headers with a pattern that backtracks";
    f::F06: "keeps the head of the request in a variable that all requests share";
    f::F07: "answers each cause with a status of its own";
    f::F08: "has four workers, which wait for slow bodies";
    f::F09: "demands what genuine requests usually look like";
    f::F10: "answers what it cannot read with a stack trace";
    f::F11: "hands the request on before it looks at the tag";
    f::F13: "fails in its error path on an empty body";
};

/// Mutants that answer every request as the reference does, and only take longer for some: no case can kill them, so they are
/// not in the kill matrix. `countersign timing` finds them.
pub const SHOWN_BY_TIMING: &[Mutant] = registry! {
    b::B01: "stops comparing at the first difference";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_timing_shows_is_not_in_the_kill_matrix_and_has_a_class_that_no_case_shows() {
        for mutant in SHOWN_BY_TIMING {
            assert!(Mutant::of(mutant.class).is_none(), "{mutant:?}");
            let class = crate::Catalog::embedded().bug_classes.get(&mutant.id()).expect("a class");
            assert_eq!(class.state.name(), "not testable", "{mutant:?}");
        }
    }

    #[test]
    fn every_class_stands_once_and_in_order() {
        let ids: Vec<BugClassId> = MUTANTS.iter().map(Mutant::id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    }
}
