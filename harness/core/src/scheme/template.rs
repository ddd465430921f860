//! Templates: literal bytes and named fields, for signing strings and header values.
//!
//! The type to know is [`Template`]. It must not know where a field's bytes come from.

use std::fmt;

use crate::wire::find;

/// A field name inside braces, or literal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes that stand there as they are.
    Literal(Vec<u8>),
    /// A field, by name.
    Field(Slot),
}

/// What a field of a template stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// The method token.
    Method,
    /// The path as sent, without query.
    Path,
    /// The query as sent, without `?`; empty if there is none.
    Query,
    /// Path and query as sent.
    Target,
    /// Configured origin (`https://example.com`) followed by the target.
    Url,
    /// The body.
    Body,
    /// The value of a header, by name.
    Header(String),
    /// A constant of the scheme or of the target's configuration.
    Constant(String),
    /// A field that the request carries.
    Field(super::Field),
    /// Inside list items: the item's name.
    Name,
    /// Inside list items: the item's value.
    Value,
}

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

impl Template {
    /// The pieces in order; no two literals follow each other.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The slots in order.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(slot) => Some(slot),
            Piece::Literal(_) => None,
        })
    }

    /// Writes the template with the bytes that `fill` gives for each slot.
    ///
    /// # Errors
    /// The first error of `fill`.
    pub fn render<E>(
        &self,
        mut fill: impl FnMut(&Slot, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(bytes) => out.extend_from_slice(bytes),
                Piece::Field(slot) => fill(slot, &mut out)?,
            }
        }
        Ok(out)
    }

    /// Reads `text` against the template as a whole: every literal must stand in its place, and each
    /// slot takes the bytes up to the next literal. `None` if the text has another shape.
    pub fn matches<'t>(&self, text: &'t [u8]) -> Option<Vec<(&Slot, &'t [u8])>> {
        let mut found = Vec::with_capacity(self.pieces.len());
        self.walk(text, |slot, bytes| found.push((slot, bytes)))?;
        Some(found)
    }

    /// As [`Template::matches`], slot by slot; `None` may come after some of them.
    pub fn walk<'s, 't>(&'s self, text: &'t [u8], mut each: impl FnMut(&'s Slot, &'t [u8])) -> Option<()> {
        let mut rest = text;
        let mut pieces = self.pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Literal(bytes) => rest = rest.strip_prefix(&bytes[..])?,
                Piece::Field(slot) => {
                    let end = match pieces.peek() {
                        Some(Piece::Literal(next)) => find(rest, next)?,
                        Some(Piece::Field(_)) | None => rest.len(),
                    };
                    each(slot, &rest[..end]);
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(())
    }
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTemplate {
    /// A brace ends what none began.
    #[error("a `}}` without its `{{`; write `}}}}` for a literal brace")]
    NotOpened,
    /// A brace begins what none ends.
    #[error("a `{{` without its `}}`; write `{{{{` for a literal brace")]
    NotClosed,
    /// There is no such field.
    #[error("unknown field `{{{0}}}`; known are {NAMES}")]
    Unknown(String),
}

impl std::str::FromStr for Template {
    type Err = InvalidTemplate;

    /// Parses `literal {field} literal`; `{{` and `}}` are literal braces.
    fn from_str(text: &str) -> Result<Self, InvalidTemplate> {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.extend_from_slice(&rest.as_bytes()[..at]);
            let brace = &rest[at..];
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.push(brace.as_bytes()[0]);
                rest = &brace[2..];
                continue;
            }
            let inner = brace.strip_prefix('{').ok_or(InvalidTemplate::NotOpened)?;
            let end = inner.find('}').ok_or(InvalidTemplate::NotClosed)?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Field(inner[..end].parse()?));
            rest = &inner[end + 1..];
        }
        literal.extend_from_slice(rest.as_bytes());
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { pieces })
    }
}

/// Names of all slots, for messages.
const NAMES: &str = "{method} {path} {query} {target} {url} {body} {header:NAME} {const:NAME} {timestamp} {id} {nonce} {key-id} {tag}, and in list items {name} {value}";

impl std::str::FromStr for Slot {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, InvalidTemplate> {
        Ok(match text {
            "method" => Self::Method,
            "path" => Self::Path,
            "query" => Self::Query,
            "target" => Self::Target,
            "url" => Self::Url,
            "body" => Self::Body,
            "name" => Self::Name,
            "value" => Self::Value,
            _ => match text.split_once(':') {
                Some(("header", name)) if !name.is_empty() => Self::Header(name.to_owned()),
                Some(("const", name)) if !name.is_empty() => Self::Constant(name.to_owned()),
                _ => match super::Field::from_name(text) {
                    Some(field) => Self::Field(field),
                    None => return Err(InvalidTemplate::Unknown(text.to_owned())),
                },
            },
        })
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("method"),
            Self::Path => f.write_str("path"),
            Self::Query => f.write_str("query"),
            Self::Target => f.write_str("target"),
            Self::Url => f.write_str("url"),
            Self::Body => f.write_str("body"),
            Self::Name => f.write_str("name"),
            Self::Value => f.write_str("value"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Constant(name) => write!(f, "const:{name}"),
            Self::Field(field) => f.write_str(field.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_reads_back_what_it_renders() {
        let template: Template = "HMAC {key-id}:{timestamp}:{tag}".parse().expect("a template");
        let text = template
            .render(|slot, out| {
                out.extend_from_slice(slot.to_string().to_uppercase().as_bytes());
                Ok::<(), ()>(())
            })
            .expect("infallible");
        assert_eq!(text, b"HMAC KEY-ID:TIMESTAMP:TAG");
        let found = template.matches(&text).expect("the same shape");
        assert_eq!(found[2].1, b"TAG");
        assert!(template.matches(b"hmac KEY-ID:T:TAG").is_none());
        assert!(template.matches(b" HMAC KEY-ID:T:TAG").is_none());
    }

    #[test]
    fn a_template_reads_texts_of_its_shape_only() {
        let template: Template = "HMAC {key-id}:{timestamp}:{tag}".parse().expect("a template");
        let read = |text: &'static [u8]| {
            let mut found = Vec::new();
            template.walk(text, |slot, bytes| found.push((slot.to_string(), bytes))).map(|()| found)
        };
        let found = read(b"HMAC a::b:c").expect("the same shape");
        let slots = [("key-id", &b"a"[..]), ("timestamp", b""), ("tag", b"b:c")];
        assert_eq!(found, slots.map(|(name, bytes)| (name.to_owned(), bytes)));
        for other in [&b"hmac a:b:c"[..], b" HMAC a:b:c", b"HMAC a:b", b"HMAC ", b""] {
            assert_eq!(read(other), None);
        }
        let closed: Template = "<{tag}>".parse().expect("a template");
        assert!(closed.walk(b"<a>", |_, _| {}).is_some() && closed.walk(b"<a>b", |_, _| {}).is_none());
    }

    #[test]
    fn every_slot_is_written_as_it_is_read() {
        for name in [
            "method",
            "path",
            "query",
            "target",
            "url",
            "body",
            "name",
            "value",
            "tag",
            "timestamp",
            "id",
            "nonce",
            "key-id",
            "header:X-Name",
            "const:region",
        ] {
            let template: Template = format!("{{{name}}}").parse().expect("a template");
            assert_eq!(template.slots().map(Slot::to_string).collect::<Vec<_>>(), [name]);
        }
        for name in ["header:", "const:", "header", ""] {
            assert!(format!("{{{name}}}").parse::<Template>().is_err(), "{name}");
        }
    }

    #[test]
    fn unknown_fields_and_lone_braces_are_errors() {
        assert!("{bodyy}".parse::<Template>().expect_err("unknown").to_string().contains("{body}"));
        assert!("a}".parse::<Template>().is_err() && "{a".parse::<Template>().is_err());
        assert_eq!("{{}}".parse::<Template>().expect("braces").pieces(), [Piece::Literal(b"{}".to_vec())]);
    }
}
