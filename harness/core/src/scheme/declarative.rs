//! Schemes that are data: one header or several, prefixes, lists, templates, windows.
//!
//! The type to know is [`Declarative`]: a [`SchemeFile`] whose templates were parsed and whose
//! parts were checked against each other.

use serde_json::Value;

use super::{
    CannotSign, Carrier, Claims, Coverage, Deployment, Encoding, Field, Holds, Ingredients, Key, KeyForm,
    Part, Piece, Place, Presence, Refusal, Scheme, SchemeFile, Signed, Slot, Spot, Template, mac,
};
use crate::secret::Secret;
use crate::wire::{Header, Request};

/// A scheme read from a file.
#[derive(Debug, Clone)]
pub struct Declarative {
    file: SchemeFile,
    signs: Template,
    headers: Vec<HeaderCarrier>,
    json: Vec<JsonCarrier>,
    covered_headers: Vec<String>,
}

#[derive(Debug, Clone)]
struct HeaderCarrier {
    name: String,
    presence: Presence,
    syntax: Syntax,
}

#[derive(Debug, Clone)]
enum Syntax {
    Value(Template),
    List { separator: String, item: Template, fields: Vec<(String, Field)> },
}

#[derive(Debug, Clone)]
struct JsonCarrier {
    pointer: String,
    tokens: Vec<String>,
    field: Field,
}

/// What is wrong with a scheme file, beyond its syntax.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemeError {
    /// The text in the file that the message is about, for finding the line.
    pub at: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

fn wrong(at: &str, message: impl Into<String>) -> SchemeError {
    SchemeError { at: at.to_owned(), message: message.into() }
}

impl Declarative {
    /// Gives a scheme file its meaning.
    ///
    /// # Errors
    /// A template that does not parse, or parts that do not fit together.
    pub fn new(file: SchemeFile) -> Result<Self, SchemeError> {
        let signs = template(&file.signs)?;
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
                Slot::Header(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let scheme = Self { file, signs, headers, json, covered_headers };
        scheme.check()?;
        Ok(scheme)
    }

    fn check(&self) -> Result<(), SchemeError> {
        let carried = |field| self.carries(field);
        if !carried(Field::Tag) {
            return Err(wrong("carries", "no entry carries the `tag`"));
        }
        for slot in self.signs.slots() {
            match slot {
                Slot::Field(Field::Tag) => {
                    return Err(wrong(&self.file.signs, "the tag cannot be under the MAC"));
                }
                Slot::Field(field) if !carried(*field) => {
                    let name = field.name();
                    return Err(wrong(
                        &self.file.signs,
                        format!("`{{{name}}}` is signed, but nothing carries it"),
                    ));
                }
                Slot::Constant(name) if !self.file.constants.contains_key(name) => {
                    let hint = format!("`{{const:{name}}}` needs a default under `constants:`");
                    return Err(wrong(&self.file.signs, hint));
                }
                Slot::Name | Slot::Value => {
                    return Err(wrong(&self.file.signs, "`{name}` and `{value}` belong in list items"));
                }
                _ => {}
            }
        }
        if self.signs.slots().next().is_none() {
            return Err(wrong(&self.file.signs, "a signing string without any field signs nothing"));
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
    text.parse().map_err(|message: String| wrong(text, message))
}

fn header_carrier(name: &str, carrier: &Carrier) -> Result<HeaderCarrier, SchemeError> {
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
            Syntax::List { separator: list.separator.clone(), item, fields: carrier.fields.0.clone() }
        }
        (Some(_), Some(_)) => return Err(wrong(name, "give either `value` or `list`, not both")),
        (None, None) => return Err(wrong(name, "give `value`, such as \"{tag}\", or `list`")),
    };
    Ok(HeaderCarrier { name: name.to_owned(), presence: carrier.presence, syntax })
}

fn json_carrier(pointer: &str, carrier: &Carrier) -> Result<JsonCarrier, SchemeError> {
    let field = carrier.field.ok_or_else(|| wrong(pointer, "a `json` entry needs `field:`"))?;
    if field == Field::Tag {
        return Err(wrong(pointer, "a tag inside the body that it covers needs code, not a scheme file"));
    }
    let tokens: Vec<String> = match pointer.strip_prefix('/') {
        Some(rest) => rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect(),
        None => return Err(wrong(pointer, "a JSON pointer starts with `/`")),
    };
    Ok(JsonCarrier { pointer: pointer.to_owned(), tokens, field })
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

    fn key(&self, secret: &Secret) -> Result<Key, String> {
        let bytes = secret.expose();
        let base64 = |text: &[u8]| {
            Encoding::Base64
                .decode(text)
                .map(Key::new)
                .ok_or_else(|| "the secret is not standard base64".to_owned())
        };
        match &self.file.mac.key {
            KeyForm::Utf8 => Ok(Key::new(bytes.to_vec())),
            KeyForm::Hex => hex::decode(bytes)
                .map(Key::new)
                .map_err(|_| "the secret is not a string of hexadecimal digit pairs".to_owned()),
            KeyForm::Base64 => base64(bytes),
            KeyForm::Base64After(prefix) => match bytes.strip_prefix(prefix.as_bytes()) {
                Some(rest) => base64(rest),
                None => Err(format!("the secret does not start with `{prefix}`")),
            },
        }
    }

    fn signing_string(&self, request: &Request, claims: &Claims, deployment: &Deployment) -> Vec<u8> {
        self.signs
            .render(|slot, out| {
                match slot {
                    Slot::Method => out.extend_from_slice(&request.method),
                    Slot::Path => out.extend_from_slice(request.path()),
                    Slot::Query => out.extend_from_slice(request.query().unwrap_or_default()),
                    Slot::Target => out.extend_from_slice(&request.target),
                    Slot::Url => {
                        out.extend_from_slice(deployment.origin.as_bytes());
                        out.extend_from_slice(&request.target);
                    }
                    Slot::Body => out.extend_from_slice(&request.body),
                    Slot::Header(name) => out.extend_from_slice(request.value(name).unwrap_or_default()),
                    Slot::Constant(name) => {
                        let known = deployment.constants.get(name).or_else(|| self.file.constants.get(name));
                        out.extend_from_slice(known.map_or(&b""[..], |value| value.as_bytes()));
                    }
                    Slot::Field(field) => out.extend_from_slice(claims.get(*field).unwrap_or_default()),
                    Slot::Name | Slot::Value => {}
                }
                Ok::<(), std::convert::Infallible>(())
            })
            .unwrap_or_else(|never| match never {})
    }

    fn sign(&self, mut message: Request, with: &Ingredients<'_>) -> Result<Signed, CannotSign> {
        let mut claims = Claims::default();
        for field in Field::ALL {
            match field {
                Field::Tag => {}
                Field::Timestamp => claims.put(field, with.timestamp.clone()),
                Field::Id => claims.put(field, with.id.clone()),
                Field::Nonce => claims.put(field, with.nonce.clone()),
                Field::KeyId => claims.put(field, with.key_id.clone()),
            }
        }
        let mut places = Vec::new();
        for carrier in &self.json {
            let text = claims.get(carrier.field).unwrap_or_default().to_vec();
            let range = splice_json(&mut message.body, &carrier.tokens, &text)
                .ok_or(CannotSign::BodyIsNotJson(carrier.field))?;
            places.push(Place { holds: Holds::Field(carrier.field), spot: Spot::Body(range) });
        }
        let text = self.signing_string(&message, &claims, with.deployment);
        let tag = mac(with.construction, with.hash, with.key, &text);
        claims.put(Field::Tag, self.file.mac.encoding.encode(&tag).into_bytes());
        for carrier in self.headers.iter().filter(|carrier| carrier.presence == Presence::Required) {
            let line = message.headers.len();
            let (value, found) = carrier.write(&claims);
            places.extend(
                found.into_iter().map(|(holds, range)| Place { holds, spot: Spot::Header { line, range } }),
            );
            message.headers.push(Header::new(carrier.name.clone(), value));
        }
        Ok(Signed::new(message, places, self.covered_headers.first().cloned(), tag))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let mut claims = Claims::default();
        for carrier in &self.headers {
            let mut values = request.values(&carrier.name);
            match (values.next(), values.next()) {
                (None, _) if carrier.presence == Presence::Optional => {}
                (None, _) => return Err(carrier.missing()),
                (Some(_), Some(_)) => return Err(Refusal::DuplicateField),
                (Some(value), None) => carrier.read(value, &mut claims)?,
            }
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
            claims.put(carrier.field, text.into_bytes());
        }
        Ok(())
    }
}

fn missing(field: Field) -> Refusal {
    match field {
        Field::Tag | Field::KeyId => Refusal::MissingSignature,
        Field::Timestamp => Refusal::MissingTimestamp,
        Field::Id | Field::Nonce => Refusal::MissingUnique,
    }
}

/// A field or label inside a header value.
type Found = (Holds, std::ops::Range<usize>);

impl HeaderCarrier {
    fn write(&self, claims: &Claims) -> (Vec<u8>, Vec<Found>) {
        let mut value = Vec::new();
        let mut found = Vec::new();
        match &self.syntax {
            Syntax::Value(template) => write_item(template, None, claims, &mut value, &mut found),
            Syntax::List { item, fields, .. } if fields.is_empty() => {
                write_item(item, None, claims, &mut value, &mut found);
            }
            Syntax::List { separator, item, fields } => {
                for (index, pair) in fields.iter().enumerate() {
                    if index > 0 {
                        value.extend_from_slice(separator.as_bytes());
                    }
                    write_item(item, Some(pair), claims, &mut value, &mut found);
                }
            }
        }
        (value, found)
    }

    fn read(&self, value: &[u8], claims: &mut Claims) -> Result<(), Refusal> {
        match &self.syntax {
            Syntax::Value(template) => {
                for (slot, text) in template.matches(value).ok_or(Refusal::MalformedSignature)? {
                    if let Slot::Field(field) = slot {
                        claims.put(*field, text.to_vec());
                    }
                }
            }
            Syntax::List { separator, item, fields } => {
                for text in split(value, separator.as_bytes()) {
                    let Some(slots) = item.matches(text) else { continue };
                    let text_of =
                        |wanted: &Slot| slots.iter().find(|(slot, _)| *slot == wanted).map(|(_, t)| *t);
                    let Some(field) = self.item_field(text_of(&Slot::Name), fields, item) else { continue };
                    let text =
                        text_of(&Slot::Value).or_else(|| text_of(&Slot::Field(field))).unwrap_or_default();
                    if field != Field::Tag && claims.get(field).is_some() {
                        return Err(Refusal::DuplicateField);
                    }
                    claims.put(field, text.to_vec());
                }
            }
        }
        match self.fields().find(|field| claims.get(*field).is_none()) {
            Some(field) => Err(missing(field)),
            None => Ok(()),
        }
    }

    fn item_field(&self, name: Option<&[u8]>, fields: &[(String, Field)], item: &Template) -> Option<Field> {
        match name {
            Some(name) => fields.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, field)| *field),
            None => item.slots().find_map(|slot| match slot {
                Slot::Field(field) => Some(*field),
                _ => None,
            }),
        }
    }

    /// The fields that this header carries.
    fn fields(&self) -> impl Iterator<Item = Field> {
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
    found: &mut Vec<Found>,
) {
    let start = value.len();
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
        found.push((Holds::Field(field), at..value.len()));
        // In a value with several fields, only a label at the very start belongs to the tag.
        if field == Field::Tag
            && at > start
            && found.iter().all(|(_, range)| range.end <= start || range.start >= at)
        {
            found.push((Holds::Label, start..at));
        }
    }
}

fn split<'v>(value: &'v [u8], separator: &[u8]) -> Vec<&'v [u8]> {
    let mut items = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.windows(separator.len()).position(|window| window == separator) {
        items.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    items.push(rest);
    items
}

/// Adds a member as the first of a JSON object, without touching any other byte; the range is that
/// of its text. `None` if the body is not an object.
fn splice_json(body: &mut Vec<u8>, tokens: &[String], text: &[u8]) -> Option<std::ops::Range<usize>> {
    let object: Value = serde_json::from_slice(body).ok()?;
    let empty = object.as_object()?.is_empty();
    let start = body.iter().position(|&byte| byte == b'{')? + 1;
    let mut member = Vec::new();
    for (depth, token) in tokens.iter().enumerate() {
        if depth > 0 {
            member.push(b'{');
        }
        member.extend_from_slice(Value::from(token.as_str()).to_string().as_bytes());
        member.push(b':');
    }
    let bare =
        !text.is_empty() && text.iter().all(u8::is_ascii_digit) && (text.len() == 1 || text[0] != b'0');
    let quoted = Value::from(String::from_utf8_lossy(text)).to_string().into_bytes();
    let at = start + member.len() + usize::from(!bare);
    let shown = if bare { text } else { &quoted[1..quoted.len() - 1] };
    let range = at..at + shown.len();
    member.extend_from_slice(if bare { text } else { &quoted });
    member.extend(std::iter::repeat_n(b'}', tokens.len() - 1));
    if !empty {
        member.push(b',');
    }
    body.splice(start..start, member);
    Some(range)
}
