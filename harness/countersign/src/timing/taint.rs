//! Where a program depends on the tag that it computed, before the verdict is public.
//!
//! The function to know is [`taint`]. The driver marks the tag as if it had never been set, and memcheck reports each
//! branch and address that depends on such a value.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_core::observe::Outcome;
use countersign_timing::statistics::{Decides, Site, Taint};

use super::exact::{Verifier, expect, facts};
use super::options::CannotMeasure;
use super::valgrind::{Tool, Valgrind, written};
use super::wrong::Requests;
use crate::process::CommandLine;
use crate::session;
use countersign_timing::measure::{PUBLIC_MARK, SECRET_MARK};

/// Follows the secret of the driver behind a session, which was started by this command line.
///
/// # Errors
/// Valgrind is not there, the driver cannot be asked, or it accepts what is wrong.
pub async fn taint(
    session: &session::Session,
    command: &CommandLine,
    target: &str,
) -> Result<Taint, CannotMeasure> {
    followed(session, command, target).await.map_err(CannotMeasure::new)
}

async fn followed(session: &session::Session, command: &CommandLine, target: &str) -> Result<Taint, String> {
    let valgrind = Valgrind::find().map_err(|why| why.to_string())?;
    let verifier = Verifier::of(session)?;
    let requests = Requests::new(session)?;
    verifier.refuses(&requests).await?;
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let process = valgrind.start(session, command, Tool::Follow, folder.path()).await?;
    expect(&process, &requests.genuine, Outcome::Accepted).await?;
    for wrong in &requests.wrong {
        expect(&process, &wrong.wires[0], Outcome::Rejected).await?;
    }
    process.pool().shutdown().await.map_err(|why| format!("under valgrind, {why}"))?;
    let seen = seen(folder.path())?;
    let asked = 1 + requests.wrong.len() as u64;
    Ok(Taint::new(target, asked, [seen.marked, seen.published], seen.sites, seen.others, facts(&valgrind)))
}

/// What memcheck wrote of all processes.
#[derive(Debug, Default)]
struct Seen {
    marked: u64,
    published: u64,
    sites: Vec<Site>,
    others: u64,
}

fn seen(folder: &Path) -> Result<Seen, String> {
    let mut all = Seen::default();
    // One site is reached on several paths, and by several processes.
    let mut sites: BTreeMap<Site, u64> = BTreeMap::new();
    for text in written(folder)? {
        all.marked += text.matches(SECRET_MARK).count() as u64;
        all.published += text.matches(PUBLIC_MARK).count() as u64;
        for error in elements(&text, "error") {
            match site(error) {
                Some(site) => *sites.entry(site).or_default() += times(&text, error),
                None => all.others += 1,
            }
        }
    }
    all.sites = sites.into_iter().map(|(site, times)| Site { times, ..site }).collect();
    Ok(all)
}

/// The place of an error; none if it is not about what was marked. Where nobody knows where a value comes from it counts as marked.
fn site(error: &str) -> Option<Site> {
    let decides = match element(error, "kind")? {
        "UninitCondition" => Decides::Branch,
        "UninitValue" => Decides::Address,
        "SyscallParam" => Decides::Output,
        _ => return None,
    };
    if elements(error, "auxwhat")
        .any(|what| what.contains("was created by") && !what.contains("a client request"))
    {
        return None;
    }
    let frames: Vec<&str> = elements(element(error, "stack")?, "frame").collect();
    let named = |frame: &str, name: &str| element(frame, name).map(plain);
    let top = frames.first()?;
    let source = frames.iter().find_map(|frame| {
        let (file, line) = (named(frame, "file")?, named(frame, "line")?);
        let folder = named(frame, "dir").map(|folder| folder + "/").unwrap_or_default();
        Some(format!("{folder}{file}:{line}"))
    });
    // Valgrind puts functions of its own in the place of some, under the name of the first of their kind.
    let object = named(top, "obj").unwrap_or_default();
    let object = object.rsplit('/').next().unwrap_or_default();
    let object = if object.starts_with("vgpreload") { "the C library" } else { object };
    let function = named(top, "fn").unwrap_or_else(|| "???".to_owned());
    Some(Site { decides, function, object: object.to_owned(), source, times: 0 })
}

/// How often an error was seen: the counts follow all errors.
fn times(text: &str, error: &str) -> u64 {
    let unique = element(error, "unique");
    let mut pairs =
        elements(text, "errorcounts").last().into_iter().flat_map(|counts| elements(counts, "pair"));
    let pair = pairs.find(|pair| element(pair, "unique") == unique);
    pair.and_then(|pair| element(pair, "count")?.parse().ok()).unwrap_or(1)
}

/// The contents of the elements of a name, which are not nested.
fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once(&open)?;
        let (inside, behind) = behind.split_once(&close)?;
        rest = behind;
        Some(inside)
    })
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    elements(text, name).next()
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
