//! Changes to the framing of a request: what an exact writer can send and an HTTP client cannot.

use serde::{Deserialize, Serialize};
use smol_str::format_smolstr;

use super::Case;
use crate::scheme::{Part, Signed};
use crate::wire::{ByteString, Framing, Header, LineEnd, Padding};

/// One change to the framing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum WireTamper {
    /// Chunked transfer coding with chunks of this many bytes.
    Chunked(u16),
    /// Lines end with a bare line feed.
    BareLineFeeds,
    /// Version `HTTP/1.0`.
    Http10,
    /// Header names in another letter case.
    HeaderNames(Case),
    /// These bytes after the colon of a part's header line, instead of one space.
    AfterColon(Padded),
    /// These bytes before the colon of a part's header line.
    BeforeColon(Padded),
    /// These bytes after the value of a part's header line.
    AfterValue(Padded),
    /// Other `Content-Length` lines.
    ContentLength(Lengths),
    /// Sent in this many pieces, with short waits between them that add up to 16 milliseconds at most.
    Split(u16),
    /// This many more header lines, of 64 bytes each.
    ExtraHeaders(u16),
}

/// A header line and bytes beside its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Padded {
    /// The part whose header line it is.
    pub part: Part,
    /// The bytes.
    pub with: ByteString,
}

/// `Content-Length` lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Lengths {
    /// The true one, twice.
    Twice,
    /// The true one with a plus sign.
    Signed,
    /// None at all.
    Missing,
}

/// Applies framing changes to a request that is about to be encoded.
pub fn framing(tampers: &[WireTamper], signed: &mut Signed) -> Framing {
    let mut framing = Framing::default();
    for tamper in tampers {
        let length = signed.request().body.len().to_string();
        match tamper {
            WireTamper::Chunked(size) => framing.chunk = Some(usize::from((*size).max(1))),
            WireTamper::BareLineFeeds => framing.line_end = LineEnd::Lf,
            WireTamper::Http10 => framing.version = b"HTTP/1.0",
            WireTamper::HeaderNames(case) => {
                for line in 0..signed.request().headers.len() {
                    let name = case.change(signed.request().headers[line].name.as_bytes());
                    signed.rename_line(line, String::from_utf8_lossy(&name).into());
                }
            }
            WireTamper::AfterColon(padded) => {
                let with = padded.with.as_slice();
                pad(&mut framing, signed, &padded.part, |p| p.before = [b":", with].concat());
            }
            WireTamper::BeforeColon(padded) => {
                let with = padded.with.as_slice();
                pad(&mut framing, signed, &padded.part, |p| p.before = [with, b": "].concat());
            }
            WireTamper::AfterValue(padded) => {
                pad(&mut framing, signed, &padded.part, |p| p.after = padded.with.as_slice().to_vec());
            }
            WireTamper::ContentLength(lengths) => {
                framing.content_length = Some(match lengths {
                    Lengths::Twice => vec![length.clone().into_bytes(), length.into_bytes()],
                    Lengths::Signed => vec![format!("+{length}").into_bytes()],
                    Lengths::Missing => Vec::new(),
                });
            }
            WireTamper::Split(pieces) => {
                let pieces = (*pieces).clamp(1, 64);
                framing.split = Some((pieces, (16 / pieces).min(2)));
            }
            WireTamper::ExtraHeaders(count) => {
                const FILL: &[u8; 64] = &[b'f'; 64];
                signed.append_lines((0..*count).map(|index| {
                    let name = format_smolstr!("X-Fill-{index}");
                    Header { name, value: ByteString::from_static(FILL) }
                }));
            }
        }
    }
    framing
}

fn pad(framing: &mut Framing, signed: &Signed, part: &Part, change: impl FnOnce(&mut Padding)) {
    let Some(line) = signed.line(part) else { return };
    let index = framing.padding.iter().position(|padding| padding.line == line).unwrap_or_else(|| {
        framing.padding.push(Padding { line, before: b": ".to_vec(), after: Vec::new() });
        framing.padding.len() - 1
    });
    change(&mut framing.padding[index]);
}
