//! Schemes that are data: one header or several, prefixes, lists, templates, windows.
//!
//! The type to know is [`Declarative`]: a [`SchemeFile`] whose templates were parsed and whose
//! parts were checked against each other.

mod header;
mod json;

use serde_json::Value;
use smol_str::SmolStr;

use header::Syntax;
pub(super) use header::{HeaderCarrier, header_carrier};
use json::{JsonCarrier, json_carrier, splice_json};

use super::{
    CannotSign, Claims, Coverage, Deployment, Field, Holds, Home, Ingredients, InvalidTemplate, Part, Piece,
    Place, Presence, Refusal, Scheme, SchemeError, SchemeFile, Signed, Slot, Spot, Template, mac::mac_of,
};
use crate::wire::Request;

/// A scheme read from a file.
#[derive(Debug, Clone)]
pub struct Declarative {
    file: SchemeFile,
    signs: Template,
    headers: Vec<HeaderCarrier>,
    json: Vec<JsonCarrier>,
    covered_headers: Vec<SmolStr>,
}

fn wrong(at: &str, message: impl Into<String>) -> SchemeError {
    SchemeError::new(at, message)
}

impl Declarative {
    /// Gives a scheme file its meaning.
    ///
    /// # Errors
    /// A template that does not parse, or parts that do not fit together.
    pub fn new(file: SchemeFile) -> Result<Self, SchemeError> {
        let Some(signs) = &file.signs else {
            return Err(wrong("scheme", "give `signs`, the template of the signing string, or `code`"));
        };
        let signs = template(signs)?;
        let mut headers = Vec::new();
        let mut json = Vec::new();
        for carrier in &file.carries {
            match (&carrier.header, &carrier.json) {
                (Some(name), None) => headers.push(header_carrier(name, carrier)?),
                (None, Some(pointer)) => json.push(json_carrier(pointer, carrier)?),
                (Some(name), Some(_)) => return Err(wrong(name, "give either `header` or `json`, not both")),
                (None, None) => return Err(wrong("carries", "each entry needs `header` or `json`")),
            }
        }
        let covered_headers = signs
            .slots()
            .filter_map(|slot| match slot {
                Slot::Header(name) => Some(name.into()),
                _ => None,
            })
            .collect();
        let scheme = Self { file, signs, headers, json, covered_headers };
        scheme.check()?;
        Ok(scheme)
    }

    fn check(&self) -> Result<(), SchemeError> {
        let carried = |field| self.carries(field);
        let signs = self.file.signs.as_deref().unwrap_or_default();
        if !carried(Field::Tag) {
            return Err(wrong("carries", "no entry carries the `tag`"));
        }
        for slot in self.signs.slots() {
            match slot {
                Slot::Field(Field::Tag) => {
                    return Err(wrong(signs, "the tag cannot be under the MAC"));
                }
                Slot::Field(field) if !carried(*field) => {
                    let name = field.name();
                    return Err(wrong(signs, format!("`{{{name}}}` is signed, but nothing carries it")));
                }
                Slot::Constant(name) if !self.file.constants.contains_key(name) => {
                    let hint = format!("`{{const:{name}}}` needs a default under `constants:`");
                    return Err(wrong(signs, hint));
                }
                Slot::Name | Slot::Value => {
                    return Err(wrong(signs, "`{name}` and `{value}` belong in list items"));
                }
                _ => {}
            }
        }
        if self.signs.slots().next().is_none() {
            return Err(wrong(signs, "a signing string without any field signs nothing"));
        }
        if carried(Field::Timestamp) != self.file.clock.is_some() {
            return Err(wrong(
                "carries",
                "a scheme has both a carried `timestamp` and a `clock:`, or neither",
            ));
        }
        match self.file.once {
            Some(once) if !carried(once.field()) => {
                Err(wrong("once", format!("nothing carries the `{}`", once.field().name())))
            }
            _ => Ok(()),
        }
    }

    fn carries(&self, field: Field) -> bool {
        self.json.iter().any(|carrier| carrier.field == field)
            || self.headers.iter().any(|carrier| match &carrier.syntax {
                Syntax::Value(template) => template.slots().any(|slot| *slot == Slot::Field(field)),
                Syntax::List { item, fields, .. } => {
                    fields.iter().any(|(_, carried)| *carried == field)
                        || item.slots().any(|slot| *slot == Slot::Field(field))
                }
            })
    }

    fn signs_slot(&self, wanted: impl Fn(&Slot) -> bool) -> bool {
        self.signs.slots().any(wanted)
    }

    /// The signing string in pieces, none of them copied.
    fn text<'a>(
        &'a self,
        request: &'a Request,
        claims: &'a Claims,
        deployment: &'a Deployment,
    ) -> Vec<&'a [u8]> {
        let mut text: Vec<&[u8]> = Vec::with_capacity(self.signs.pieces().len() + 1);
        for piece in self.signs.pieces() {
            let slot = match piece {
                Piece::Literal(bytes) => {
                    text.push(bytes);
                    continue;
                }
                Piece::Field(slot) => slot,
            };
            let bytes = match slot {
                Slot::Method => &request.method,
                Slot::Path => request.path(),
                Slot::Query => request.query().unwrap_or_default(),
                Slot::Target => &request.target,
                Slot::Url => {
                    text.push(deployment.origin.as_bytes());
                    &request.target
                }
                Slot::Body => {
                    text.extend(request.body.pieces());
                    continue;
                }
                Slot::Header(name) => request.value(name).unwrap_or_default(),
                Slot::Constant(name) => {
                    let known = deployment.constants.get(name).or_else(|| self.file.constants.get(name));
                    known.map_or(&b""[..], |value| value.as_bytes())
                }
                Slot::Field(field) => claims.get(*field).unwrap_or_default(),
                Slot::Name | Slot::Value => &[],
            };
            text.push(bytes);
        }
        text
    }

    fn covers_field(&self, field: Field) -> Coverage {
        if !self.carries(field) {
            Coverage::Absent
        } else if self.signs_slot(|slot| *slot == Slot::Field(field)) {
            Coverage::Covered
        } else if self.json.iter().any(|carrier| carrier.field == field) {
            self.coverage(&Part::Body)
        } else {
            Coverage::Uncovered
        }
    }
}

fn template(text: &str) -> Result<Template, SchemeError> {
    text.parse().map_err(|why: InvalidTemplate| wrong(text, why.to_string()))
}

impl Scheme for Declarative {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        let from = |covered| if covered { Coverage::Covered } else { Coverage::Uncovered };
        match part {
            Part::Tag | Part::TagBytes | Part::Label | Part::Signature => Coverage::Uncovered,
            Part::Timestamp => self.covers_field(Field::Timestamp),
            Part::Id => self.covers_field(Field::Id),
            Part::Nonce => self.covers_field(Field::Nonce),
            Part::Unique => match self.covers_field(Field::Nonce) {
                Coverage::Absent => self.covers_field(Field::Id),
                found => found,
            },
            Part::KeyId => self.covers_field(Field::KeyId),
            Part::Method => from(self.signs_slot(|slot| *slot == Slot::Method)),
            Part::Path => from(self.signs_slot(|slot| matches!(slot, Slot::Path | Slot::Target | Slot::Url))),
            Part::Query => {
                from(self.signs_slot(|slot| matches!(slot, Slot::Query | Slot::Target | Slot::Url)))
            }
            Part::Target => match (self.coverage(&Part::Path), self.coverage(&Part::Query)) {
                (Coverage::Covered, Coverage::Covered) => Coverage::Covered,
                _ => Coverage::Uncovered,
            },
            Part::Body => from(self.signs_slot(|slot| *slot == Slot::Body)),
            Part::Header(name) => {
                from(self.covered_headers.iter().any(|covered| covered.eq_ignore_ascii_case(name)))
            }
            Part::CoveredHeader if self.covered_headers.is_empty() => Coverage::Absent,
            Part::CoveredHeader => Coverage::Covered,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        if self.json.iter().any(|carrier| carrier.field == field) {
            Some(Home::Body)
        } else if self.carries(field) {
            Some(Home::Header)
        } else {
            None
        }
    }

    fn signing_string(&self, request: &Request, claims: &Claims, deployment: &Deployment) -> Vec<u8> {
        self.text(request, claims, deployment).concat()
    }

    fn signs_the_same(
        &self,
        one: (&Request, &Claims),
        other: (&Request, &Claims),
        deployment: &Deployment,
    ) -> bool {
        same(&self.text(one.0, one.1, deployment), &self.text(other.0, other.1, deployment))
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        let mut claims = Claims {
            tags: Vec::with_capacity(1),
            timestamp: Some(with.timestamp),
            id: Some(with.id),
            nonce: Some(with.nonce),
            key_id: Some(with.key_id),
        };
        let mut places = Vec::with_capacity(8);
        for carrier in &self.json {
            let text = claims.get(carrier.field).unwrap_or_default();
            let range = message
                .body
                .edit(|body| splice_json(body, &carrier.tokens, text))
                .ok_or(CannotSign::BodyIsNotJson(carrier.field))?;
            places.push(Place { holds: Holds::Field(carrier.field), spot: Spot::Body(range) });
        }
        let tag =
            mac_of(with.construction, with.hash, with.key, &self.text(&message, &claims, with.deployment));
        claims.put(Field::Tag, self.file.mac.encoding.encode(&tag).into());
        for carrier in self.headers.iter().filter(|carrier| carrier.presence == Presence::Required) {
            carrier.put(&mut message, &claims, &mut places);
        }
        Ok(Signed::new(message, places, self.covered_headers.first().cloned(), tag))
    }

    fn claims(&self, signed: &Signed) -> Result<Claims, Refusal> {
        Ok(signed.carried_by_headers())
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let mut claims = Claims::default();
        for carrier in &self.headers {
            carrier.take(request, &mut claims)?;
        }
        for name in &self.covered_headers {
            if request.values(name).count() != 1 {
                return Err(Refusal::CoveredHeader);
            }
        }
        Ok(claims)
    }

    fn read_body(&self, request: &Request, claims: &mut Claims) -> Result<(), Refusal> {
        if self.json.is_empty() {
            return Ok(());
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        for carrier in &self.json {
            let text = match body.pointer(&carrier.pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                _ => return Err(missing(carrier.field)),
            };
            claims.put(carrier.field, text.into());
        }
        Ok(())
    }
}

/// Whether two texts in pieces are the same; bytes may have moved from one piece to the next.
fn same(one: &[&[u8]], other: &[&[u8]]) -> bool {
    let length = |pieces: &[&[u8]]| pieces.iter().map(|piece| piece.len()).sum::<usize>();
    if length(one) != length(other) {
        return false;
    }
    let mut others = other.iter().copied();
    let mut rest: &[u8] = &[];
    for mut piece in one.iter().copied() {
        while !piece.is_empty() {
            while rest.is_empty() {
                let Some(next) = others.next() else { return false };
                rest = next;
            }
            let count = piece.len().min(rest.len());
            let (front, behind);
            (front, piece) = piece.split_at(count);
            (behind, rest) = rest.split_at(count);
            if front != behind {
                return false;
            }
        }
    }
    true
}

fn missing(field: Field) -> Refusal {
    match field {
        Field::Tag | Field::KeyId => Refusal::MissingSignature,
        Field::Timestamp => Refusal::MissingTimestamp,
        Field::Id | Field::Nonce => Refusal::MissingUnique,
    }
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn texts_are_compared_across_the_borders_of_their_pieces() {
        assert!(same(&[b"ab", b"", b"cde"], &[b"a", b"bcd", b"e", b""]));
        assert!(same(&[], &[b""]));
        assert!(!same(&[b"ab", b"cde"], &[b"a", b"bcd", b"f"]));
        assert!(!same(&[b"ab"], &[b"a"]));
    }
}
