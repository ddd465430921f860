//! Fields in header values: templates of whole values, and lists of items.
//!
//! The type to know is [`HeaderCarrier`]. It must not know what is signed.

use std::ops::Range;

use smol_str::SmolStr;

use super::{SchemeError, missing, template, wrong};
use crate::scheme::{Carrier, Claims, Field, Holds, Piece, Place, Presence, Refusal, Slot, Spot, Template};
use crate::wire::{ByteString, Header, Request, find};

#[derive(Debug, Clone)]
pub(in crate::scheme) struct HeaderCarrier {
    pub(super) name: SmolStr,
    pub(super) presence: Presence,
    pub(super) syntax: Syntax,
}

#[derive(Debug, Clone)]
pub(in crate::scheme) enum Syntax {
    Value(Template),
    List { separator: String, item: Template, fields: Vec<(String, Field)> },
}

pub(in crate::scheme) fn header_carrier(name: &str, carrier: &Carrier) -> Result<HeaderCarrier, SchemeError> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Err(wrong(name, "a header name is letters, digits, `-` and `_`"));
    }
    let syntax = match (&carrier.value, &carrier.list) {
        (Some(value), None) => {
            let parsed = template(value)?;
            let only_fields = parsed.slots().all(|slot| matches!(slot, Slot::Field(_)));
            if !only_fields || parsed.slots().next().is_none() {
                let hint = "a header value carries fields: {tag}, {timestamp}, {id}, {nonce} or {key-id}";
                return Err(wrong(value, hint));
            }
            for pair in parsed.pieces().windows(2) {
                if let [Piece::Field(_), Piece::Field(_)] = pair {
                    return Err(wrong(
                        value,
                        "two fields need something between them, or they cannot be told apart",
                    ));
                }
            }
            Syntax::Value(parsed)
        }
        (None, Some(list)) => {
            let item = template(&list.item)?;
            let named = item.slots().any(|slot| *slot == Slot::Name);
            if list.separator.is_empty() {
                return Err(wrong("separator", "the separator of a list cannot be empty"));
            }
            if named == carrier.fields.0.is_empty() {
                return Err(wrong(
                    &list.item,
                    "items with `{name}` need `fields:`, and items without have none",
                ));
            }
            let fields = item.slots().filter(|slot| matches!(slot, Slot::Field(_))).count();
            let values = item.slots().filter(|slot| **slot == Slot::Value).count();
            if (fields, values) != if named { (0, 1) } else { (1, 0) } {
                let hint =
                    "an item carries one field: `{value}` beside its `{name}`, or such as `{tag}` without";
                return Err(wrong(&list.item, hint));
            }
            Syntax::List { separator: list.separator.clone(), item, fields: carrier.fields.0.clone() }
        }
        (Some(_), Some(_)) => return Err(wrong(name, "give either `value` or `list`, not both")),
        (None, None) => return Err(wrong(name, "give `value`, such as \"{tag}\", or `list`")),
    };
    Ok(HeaderCarrier { name: name.into(), presence: carrier.presence, syntax })
}

/// What takes note of a field or label inside a header value.
type Found<'f> = dyn FnMut(Holds, Range<usize>) + 'f;

impl HeaderCarrier {
    /// Adds the header line to a message, and says what stands where in it.
    pub(in crate::scheme) fn put(&self, message: &mut Request, claims: &Claims, places: &mut Vec<Place>) {
        let line = message.headers.len();
        let mut found = |holds, range| places.push(Place { holds, spot: Spot::Header { line, range } });
        let value = self.write(claims, &mut found);
        message.headers.push(Header { name: self.name.clone(), value });
    }

    /// Reads the one line of this header.
    pub(in crate::scheme) fn take(&self, request: &Request, claims: &mut Claims) -> Result<(), Refusal> {
        let mut values = request.values(&self.name);
        match (values.next(), values.next()) {
            (None, _) if self.presence == Presence::Optional => Ok(()),
            (None, _) => Err(self.missing()),
            (Some(_), Some(_)) => Err(Refusal::DuplicateField),
            (Some(value), None) => self.read(value, claims),
        }
    }

    fn write(&self, claims: &Claims, found: &mut Found<'_>) -> ByteString {
        let mut value = Vec::with_capacity(128);
        match &self.syntax {
            Syntax::Value(template) => write_item(template, None, claims, &mut value, found),
            Syntax::List { item, fields, .. } if fields.is_empty() => {
                write_item(item, None, claims, &mut value, found);
            }
            Syntax::List { separator, item, fields } => {
                for (index, pair) in fields.iter().enumerate() {
                    if index > 0 {
                        value.extend_from_slice(separator.as_bytes());
                    }
                    write_item(item, Some(pair), claims, &mut value, found);
                }
            }
        }
        value.into()
    }

    fn read(&self, value: &ByteString, claims: &mut Claims) -> Result<(), Refusal> {
        match &self.syntax {
            Syntax::Value(template) => template
                .walk(value, |slot, text| {
                    if let Slot::Field(field) = slot {
                        claims.put(*field, value.share(text));
                    }
                })
                .ok_or(Refusal::MalformedSignature)?,
            Syntax::List { separator, item, fields } => {
                for text in split(value, separator.as_bytes()) {
                    let (mut name, mut said, mut own) = (None, None, None);
                    let read = item.walk(text, |slot, text| match slot {
                        Slot::Name => name = Some(text),
                        Slot::Value => said = Some(text),
                        Slot::Field(field) => own = own.or(Some((*field, text))),
                        _ => {}
                    });
                    if read.is_none() {
                        continue;
                    }
                    let known = |name| fields.iter().find(|(known, _)| known.as_bytes() == name);
                    let (field, text) = match (name, own) {
                        (Some(name), _) => match known(name) {
                            Some((_, field)) => (*field, said.unwrap_or_default()),
                            None => continue,
                        },
                        (None, Some(own)) => own,
                        (None, None) => continue,
                    };
                    if field != Field::Tag && claims.get(field).is_some() {
                        return Err(Refusal::DuplicateField);
                    }
                    claims.put(field, value.share(text));
                }
            }
        }
        match self.fields().find(|field| claims.get(*field).is_none()) {
            Some(field) => Err(missing(field)),
            None => Ok(()),
        }
    }

    /// The fields that this header carries.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        let (template, named) = match &self.syntax {
            Syntax::Value(template) => (template, &[][..]),
            Syntax::List { item, fields, .. } => (item, &fields[..]),
        };
        let direct = template.slots().filter_map(|slot| match slot {
            Slot::Field(field) => Some(*field),
            _ => None,
        });
        direct.chain(named.iter().map(|(_, field)| *field))
    }

    /// What it means that this header is not there.
    fn missing(&self) -> Refusal {
        if self.fields().any(|field| field == Field::Tag) {
            return Refusal::MissingSignature;
        }
        self.fields().next().map_or(Refusal::MissingSignature, missing)
    }
}

fn write_item(
    item: &Template,
    named: Option<&(String, Field)>,
    claims: &Claims,
    value: &mut Vec<u8>,
    found: &mut Found<'_>,
) {
    let start = value.len();
    let mut end = start;
    for piece in item.pieces() {
        let field = match (piece, named) {
            (Piece::Literal(bytes), _) => {
                value.extend_from_slice(bytes);
                continue;
            }
            (Piece::Field(Slot::Name), Some((name, _))) => {
                value.extend_from_slice(name.as_bytes());
                continue;
            }
            (Piece::Field(Slot::Value), Some((_, field))) => *field,
            (Piece::Field(Slot::Field(field)), _) => *field,
            (Piece::Field(_), _) => continue,
        };
        let at = value.len();
        value.extend_from_slice(claims.get(field).unwrap_or_default());
        found(Holds::Field(field), at..value.len());
        // In a value with several fields, only a label at the very start belongs to the tag.
        if field == Field::Tag && at > start && end == start {
            found(Holds::Label, start..at);
        }
        end = value.len();
    }
}

fn split<'v>(value: &'v [u8], separator: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = find(text, separator);
        rest = end.map(|at| &text[at + separator.len()..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}
