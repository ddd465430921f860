//! Deliberately broken verifiers: one for each bug class, each the smallest change to the reference that
//! shows the class. A mutant must not know which cases exist.
//!
//! The type to know is [`Mutant`]; the registry is [`MUTANTS`]. Each module is a family: [`fail_open`] skips the check,
//! [`comparison`] compares wrongly, [`body`], [`address`], [`headers`] and [`fields`] cover the wrong bytes, [`identity`]
//! mixes senders up, [`freshness`] tells the time wrongly, [`replay`] remembers wrongly, [`keys`] looks keys up wrongly,
//! [`robustness`] breaks on input that it should handle, and [`sender_choice`] lets the sender choose how its request is
//! verified.

pub mod address;
pub mod body;
mod changed_request;
pub mod comparison;
mod declared;
pub mod fail_open;
pub mod fields;
pub mod freshness;
pub mod headers;
pub mod identity;
mod json;
pub mod keys;
mod lenient_parsing;
pub mod replay;
pub mod robustness;
pub mod sender_choice;

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

    /// The mutant of a bug class, if it has one.
    pub fn of(class: &str) -> Option<&'static Self> {
        MUTANTS.iter().find(|mutant| mutant.class == class)
    }
}

impl fmt::Debug for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mutant({}: {})", self.class, self.about)
    }
}

/// One line of the registry: the class, the type that shows it, and what it does wrong.
macro_rules! registry {
    ($($class:ident $family:ident::$broken:ident: $about:literal;)*) => {
        &[$(Mutant {
            class: stringify!($class),
            about: $about,
            make: || Box::new($family::$broken::default()),
        }),*]
    };
}

/// The time that this many nanoseconds of work take, in whole milliseconds; at most 0.6 seconds, which is enough to show it.
fn worked(nanos: usize) -> Duration {
    Duration::from_millis((nanos as u64 / 1_000_000).min(600))
}

/// All mutants, in order of their classes.
pub const MUTANTS: &[Mutant] = registry! {
    A01 fail_open::UnsignedAccepted: "takes a request without a signature for one that needs no check";
    A02 fail_open::TagIgnored: "looks at everything but the tag";
    A03 fail_open::EmptyTagAccepted: "accepts an empty tag";
    A04 fail_open::UncheckedWithoutSecret: "skips the check when no secret is configured";
    A05 fail_open::EmptyKeyAccepted: "also accepts tags that were made with the empty key";
    A06 fail_open::AbsentSecretWordAccepted: "also accepts tags whose key is a word for an absent secret";
    A07 fail_open::OtherMethodsUnchecked: "verifies POST and lets every other method through";
    A08 fail_open::UnreadBodyTakenForEmpty: "takes the body of text, form and multipart requests for empty";
    A09 fail_open::OtherPathSpellingsUnchecked: "verifies the configured spelling of the path and lets every other one through";
    A10 fail_open::HandshakeFlagUnchecked: "lets a body with a handshake flag through";
    A12 fail_open::DecodeErrorLetThrough: "goes on to the handler when the tag or the timestamp cannot be decoded";
    A13 fail_open::PromiseTakenForResult: "takes the promise of a check for its result";
    A14 fail_open::RefusalAnsweredWith200: "answers refusals with 200";
    A15 fail_open::LocalClaimTrusted: "trusts requests that claim to come from the same machine";
    A16 fail_open::RefusalOnlyLogged: "logs a refusal, and hands the request on all the same";
    A17 sender_choice::OnlyFirstItemVerified: "verifies the first of several signed items";
    B02 comparison::ShorterLengthCompared: "compares as many characters as the shorter tag has";
    B03 comparison::TagPrefixAccepted: "accepts the front of a tag, from four bytes on";
    B04 comparison::LetterCaseIgnored: "compares without regard to letter case";
    B05 comparison::BlanksStripped: "strips blanks, quotes and control characters around and in the tag";
    B06 comparison::HexStopsAtOtherCharacter: "decodes hexadecimal digits up to the first other character";
    B07 comparison::LaxBase64: "decodes base64 of any alphabet, padding and spare bits, and skips other characters";
    B08 comparison::ThrowsOnTagLength: "throws when the tag has another length";
    B09 comparison::ThrowsOnNonAsciiTag: "throws when the tag is not ASCII";
    B10 comparison::CharactersCountedBytesCompared: "counts characters and then compares bytes, which throws when they differ in number";
    B11 sender_choice::LooseTypeComparison: "compares loosely: what is true, zero or a list equals a text";
    B12 comparison::TagFoundAnywhere: "looks for the tag anywhere in the header";
    B13 comparison::UnanchoredPattern: "searches the header for its pattern and does not match all of it";
    B14 comparison::HashFromLabel: "takes the hash that the label names, HMAC-SHA1 among them";
    B15 sender_choice::AlgorithmFromRequest: "verifies under the algorithm that the request names, or under none";
    B16 comparison::PublicKeyAsSecret: "takes the text of a public key for a secret";
    B17 comparison::LabelIgnored: "ignores the label before the tag";
    B18 comparison::OnlyLastSignatureChecked: "looks at the last signature of a list only";
    B19 comparison::MalformedEntryEndsList: "gives up at a malformed entry of a list";
    B20 comparison::TagComputedPerSignature: "computes the tag anew for each signature of a list, however many there are";
    B21 comparison::PlainHashAccepted: "also accepts the plain hash of key and text";
    B22 comparison::UndecodedSecretAccepted: "falls back to the text of a secret that it should decode";
    B23 comparison::LastByteDecides: "overwrites the accumulator of the comparison, so that the last byte decides";
    B24 comparison::First53BitsCompared: "compares the first 53 bits, as much as a floating-point number holds";
    C01 body::RightTagsRemembered: "remembers tags that were right, and does not look at the body again";
    C02 body::BodyDigestNotCompared: "believes a digest that is signed, and does not compare it with the body";
    C03 body::JsonSerializedAgain: "parses a JSON body and signs what it serializes again";
    C04 body::LossyUtf8Body: "decodes the body as UTF-8 with replacement characters";
    C05 body::ByteOrderMarkDropped: "drops a byte order mark before the body";
    C06 body::Latin1Body: "reads the body as Latin-1 text";
    C07 address::MethodFixed: "signs POST whatever the method is";
    C08 address::PathFixed: "signs the configured path whatever the path is";
    C09 address::QueryNotCovered: "leaves the query out of the signing string";
    C10 address::QueryCutShort: "ends the query at a second question mark, a semicolon or a number sign";
    C11 address::QueryBuiltFromMap: "builds the query from a map, sorted and without repetitions";
    C12 fields::NoDelimiter: "joins the fields of the signing string without a delimiter";
    C13 fields::DelimiterEndsField: "takes a delimiter in an id, or encoded in the path, for the end of it";
    C14 address::PathDecoded: "signs the percent-decoded path";
    C15 address::PathNormalized: "signs the path without empty and dot segments";
    C16 address::PathInLowerCase: "signs the path in lower case";
    C17 address::HostFromRequest: "builds the address from the host that the request or a proxy names";
    C18 sender_choice::AnyCoverageAccepted: "takes any list of what is covered, and demands nothing";
    C20 headers::AbsentHeaderSignedAsText: "signs an absent covered header as empty text, or as a word for nothing";
    C21 headers::AnyHeaderLineAccepted: "takes any of several lines of a header, or all joined, whichever fits";
    C22 headers::UnderscoresTakenForHyphens: "takes underscores in header names for hyphens, the last line winning";
    C23 body::BodyPutIntoTemplate: "puts the body into a template in which doubled signs stand for one";
    C24 fields::PayloadNotCovered: "covers time, id and nonce, and leaves the payload open";
    C26 sender_choice::BodyDecompressedFirst: "undoes the content coding before it verifies";
    C27 body::BodyCutAt64KiB: "signs the first 64 KiB of the body";
    C28 identity::KeyIdIgnored: "never asks whom the key id names";
    C29 identity::AnySendersKeyAccepted: "takes the key of any sender at every endpoint";
    C30 headers::BlanksFolded: "folds runs of blanks inside header values";
    C31 headers::HeadersReencoded: "reads header bytes as Latin-1 and signs them as UTF-8";
    C32 sender_choice::CredentialsElsewhereTrusted: "believes credentials that stand where the signature does not";
    D01 freshness::TimestampIgnored: "never looks at the timestamp";
    D02 freshness::MissingTimestampAccepted: "tests the age only if there is a timestamp";
    D03 freshness::UnsignedTimeTested: "tests the age of a time header that nobody signed";
    D04 freshness::FutureNotTested: "tests the past and not the future";
    D05 freshness::NotANumberPasses: "computes the age with numbers that may be not-a-number, which passes every test";
    D06 freshness::LaxNumberParsing: "reads every spelling of a number as a timestamp, signed as written or as the number";
    D07 freshness::AgeOverflows: "computes the age in integers that wrap and saturate";
    D08 freshness::ThrowsOnBadTimestamp: "throws on a timestamp that it cannot read";
    D09 freshness::UnitGuessed: "guesses from its size whether a timestamp is in seconds or milliseconds";
    D10 freshness::WindowTwiceAsWide: "has a window of twice the width";
    D11 freshness::TimeZoneIgnored: "reads calendar times without their zone";
    D12 freshness::AgeTestedBeforeTag: "tests the age before the tag, and says which it was";
    D13 replay::NothingRemembered: "remembers nothing";
    D14 replay::ForgottenTooEarly: "forgets when the past side of the window is over";
    D15 replay::UnsignedIdRemembered: "remembers a delivery header that nobody signed";
    D16 replay::TagTextRemembered: "remembers the text of the tag, and reads tags leniently";
    D17 replay::MemoryShared: "keeps one replay memory for all senders";
    D18 replay::RememberedBeforeCheck: "remembers the nonce or id before it checks the tag";
    D19 replay::LookupApartFromStore: "looks a nonce up first and stores it later";
    D20 replay::Last32Remembered: "remembers the last 32 requests";
    D21 replay::MissingNonceSkipsTest: "skips the replay test if there is no nonce or id";
    D22 replay::NonceKeptAfterFailure: "keeps the nonce or id of a request whose handler failed";
    D23 sender_choice::ExpiryIgnored: "never asks whether a request has expired";
    D24 freshness::OtherTimestampTested: "signs one of several timestamps and tests another";
    D26 replay::NonceFolded: "folds nonces and ids to 32 lower-case characters";
    E01 keys::KeyFileFromKeyId: "reads the key from a file, found by a query with the key id";
    E02 keys::EmptyKeyForUnknownId: "takes the empty key for an unknown key id";
    E03 keys::InheritedNamesAsKeys: "looks key ids up among inherited names";
    E04 keys::UnknownKeyToldApart: "answers an unknown key id differently";
    E06 keys::KeyCutShort: "takes the key for text, ends it at a zero byte, and cuts it at 64 bytes";
    E08 keys::RightTagRevealed: "answers a wrong tag with the right one";
    F01 robustness::ThrowsOnMalformed: "throws on whatever it cannot read";
    F02 robustness::DiesOnTagLength: "ends the process on a tag of another length";
    F03 robustness::WholeBodyReadFirst: "reads every body to its end before it looks at the tag";
    F04 robustness::JsonParsedFirst: "parses a JSON body before it looks at the tag";
    F05 robustness::BacktrackingPattern: "looks for separators at the end of headers with a pattern that backtracks";
    F06 robustness::RequestStateShared: "keeps the head of the request in a variable that all requests share";
    F07 robustness::StatusPerCause: "answers each cause with a status of its own";
    F08 robustness::FourBlockingWorkers: "has four workers, which wait for slow bodies";
    F09 robustness::UsualShapeDemanded: "demands what genuine requests usually look like";
    F10 robustness::StackTraceInAnswer: "answers what it cannot read with a stack trace";
    F11 robustness::ActsBeforeCheck: "hands the request on before it looks at the tag";
    F13 robustness::ErrorPathFailsOnEmptyBody: "fails in its error path on an empty body";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_listed_once_and_in_order() {
        let ids: Vec<BugClassId> = MUTANTS.iter().map(Mutant::id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    }
}
