//! A request as the bytes of its pieces.
//!
//! The type to know is [`Request`]. Header order, letter case, duplicates and odd bytes are kept;
//! nothing is decoded, joined or repaired. It must not know of signatures.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::ByteString;

/// One header line: name and value as bytes, without the colon and the white space around the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Header {
    /// Field name, in the letter case that is sent.
    #[cfg_attr(feature = "generate", proptest(strategy = "names()"))]
    pub name: SmolStr,
    /// Field value.
    pub value: ByteString,
}

impl Header {
    /// A header line of plain text.
    pub fn new(name: impl Into<SmolStr>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: ByteString::from(value.into()) }
    }

    /// True if the name is `name` in any letter case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

#[cfg(feature = "generate")]
fn names() -> impl proptest::strategy::Strategy<Value = SmolStr> {
    use proptest::strategy::Strategy as _;
    proptest::arbitrary::any::<String>().prop_map(SmolStr::from)
}

/// An HTTP request before it is encoded, or after it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Method token, as sent.
    pub method: ByteString,
    /// Request target, as sent: path and query, not decoded.
    pub target: ByteString,
    /// Header lines in wire order.
    pub headers: Vec<Header>,
    /// Body, without transfer coding.
    pub body: ByteString,
}

impl Request {
    /// The target up to the first `?`.
    pub fn path(&self) -> &[u8] {
        &self.target[..self.path_end()]
    }

    /// What follows the first `?`; `None` if there is no `?` at all.
    pub fn query(&self) -> Option<&[u8]> {
        self.target.get(self.path_end() + 1..)
    }

    /// Length of the path in bytes.
    pub fn path_end(&self) -> usize {
        self.target.iter().position(|&byte| byte == b'?').unwrap_or(self.target.len())
    }

    /// All values of a header, in wire order; the name in any letter case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ByteString> {
        self.headers.iter().filter(move |line| line.is(name)).map(|line| &line.value)
    }

    /// The first value of a header.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|line| line.is(name)).map(|line| line.value.as_slice())
    }

    /// Replaces all lines of this name by one, at the place of the first or at the end.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let value = ByteString::from(value.into());
        match self.headers.iter().position(|line| line.is(name)) {
            Some(first) => {
                self.headers[first].value = value;
                let mut index = 0;
                self.headers.retain(|line| {
                    let keep = index <= first || !line.is(name);
                    index += 1;
                    keep
                });
            }
            None => self.headers.push(Header { name: name.into(), value }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str) -> Request {
        Request {
            method: "POST".into(),
            target: target.into(),
            headers: Vec::new(),
            body: ByteString::default(),
        }
    }

    #[test]
    fn path_and_query_split_at_the_first_question_mark() {
        let split = request("/a?b?c");
        assert_eq!(split.path(), b"/a");
        assert_eq!(split.query(), Some(&b"b?c"[..]));
        assert_eq!(request("/a").query(), None);
        assert_eq!(request("/a?").query(), Some(&b""[..]));
    }

    #[test]
    fn setting_a_header_leaves_exactly_one_line_of_it() {
        let mut request = request("/");
        for value in ["1", "2", "3"] {
            request.headers.push(Header::new("X-A", value));
            request.headers.push(Header::new("X-B", value));
        }
        request.set("x-a", "9");
        assert_eq!(request.values("X-A").collect::<Vec<_>>(), [&ByteString::from("9")]);
        assert_eq!(request.values("X-B").count(), 3);
        assert_eq!(request.headers[0].value.as_slice(), b"9");
    }
}
