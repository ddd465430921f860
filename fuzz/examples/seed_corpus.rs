//! Writes the seeds of the committed corpus: `cargo run -p countersign-fuzz --example seed_corpus`.
//!
//! Everything in it is fixed, so that a second run changes nothing. Inputs that a fuzzer found may
//! stand beside them.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use countersign_conformance::place::Place;
use countersign_core::recipe::{build, genuine};
use countersign_fuzz::recipe_judge;
use countersign_fuzz::stream::Stream;

/// How many seeds of one kind there are at most.
const DOZEN: usize = 12;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (target, seeds) in [
        ("answer_read", answers()),
        ("recipe_judge", recipes()),
        ("scheme_verify", requests()),
        ("vector_load", files()),
    ] {
        let folder = root.join(target);
        fs::create_dir_all(&folder)?;
        for (name, data) in &seeds {
            fs::write(folder.join(name), data)?;
        }
        println!("{}: {} seeds", folder.display(), seeds.len());
    }
    Ok(())
}

/// Answers in the forms that common servers give, behind the two bytes that choose limits and pieces.
fn answers() -> Vec<(String, Vec<u8>)> {
    let seed = |name: &str, choice: u8, cut: u8, text: &str| {
        (name.to_owned(), [&[choice, cut], text.replace('\n', "\r\n").as_bytes()].concat())
    };
    vec![
        seed(
            "accepted",
            0,
            7,
            "HTTP/1.1 200 OK\ncontent-type: text/plain; charset=utf-8\ncontent-length: 2\ndate: Sat, 21 Nov 2026 12:00:00 GMT\n\nok",
        ),
        seed(
            "refused",
            0,
            1,
            "HTTP/1.1 401 UNAUTHORIZED\nServer: gunicorn\nConnection: close\nContent-Type: text/html; charset=utf-8\nContent-Length: 12\n\nUnauthorized",
        ),
        seed(
            "chunked",
            0,
            3,
            "HTTP/1.1 400 Bad Request\nTransfer-Encoding: chunked\nConnection: keep-alive\n\n7\n{\"e\":1,\n6;a=b\n\"f\":2}\n0\nX-Trailer: 1\n\n",
        ),
        seed("until_the_end", 0, 5, "HTTP/1.0 403 FORBIDDEN\nServer: BaseHTTP/0.6\n\nno signature"),
        seed(
            "interim",
            0,
            2,
            "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nLink: </a>\n\nHTTP/1.1 204 No Content\nDate: x\n\n",
        ),
        seed(
            "interim_beyond_the_limit",
            4,
            9,
            "HTTP/1.1 100 Continue\n\nHTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\n\n",
        ),
        seed("head_only", 1, 4, "HTTP/1.1 200 OK\nContent-Length: 512\n\n"),
        seed("throttled", 0, 6, "HTTP/1.1 429 Too Many Requests\nRetry-After: 1\nContent-Length: 0\n\n"),
        seed(
            "body_beyond_the_limit",
            2,
            8,
            "HTTP/1.1 500 Internal Server Error\nContent-Length: 64\n\n0123456789012345678901234567890123456789012345678901234567890123",
        ),
        seed("odd_heads", 0, 11, "HTTP/1.1 400\nX : y\nFolded: a\n b\nbad line\nContent-Length: 1\n\nx"),
        seed(
            "pipelined",
            0,
            13,
            "HTTP/1.1 200 OK\nContent-Length: 2\n\nokHTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        ),
        seed("http09", 0, 1, "<html>not found</html>"),
        seed(
            "chunk_heads_longer_than_their_data",
            4,
            5,
            &format!("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1;{}\na\n0\n\n", "x".repeat(60)),
        ),
    ]
}

/// Inputs that stand for recipes with different first tampers, deliveries and signings.
fn recipes() -> Vec<(String, Vec<u8>)> {
    let mut stream = Stream::new(1);
    let mut kinds = BTreeSet::new();
    let mut seeds = Vec::new();
    while seeds.len() < DOZEN {
        let data = stream.bytes(96);
        let Some((place, recipe)) = recipe_judge::read(&data) else { continue };
        if recipe.tamper.is_empty() || build(&recipe, &place.world("fuzz")).is_err() {
            continue;
        }
        let shown = format!("{:?}", recipe.tamper[0]);
        let kind = shown.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
        if kinds.insert(kind.clone()) {
            seeds.push((kind, data));
        }
    }
    seeds
}

/// A genuine request of each of some schemes, and one made of pieces.
fn requests() -> Vec<(String, Vec<u8>)> {
    let places = (0..).zip(Place::all()).step_by(Place::all().len().div_ceil(DOZEN).max(1));
    let mut seeds: Vec<(String, Vec<u8>)> = places
        .filter_map(|(index, place)| {
            let wire = genuine(&place.world("fuzz"), 0).ok()?;
            let name = place.scheme.file().scheme.to_string();
            Some((name, [&[index, 0][..], &wire.bytes()].concat()))
        })
        .collect();
    seeds.push(("pieces".to_owned(), b"\x05\x01\x04v1=a\x00\x00{}".to_vec()));
    seeds
}

/// The shortest shipped schemes and suites.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (kind, files) in [
        ("scheme", countersign_vectors::schemes().collect::<Vec<_>>()),
        ("suite", countersign_vectors::suites().collect::<Vec<_>>()),
    ] {
        let mut files = files;
        files.sort_by_key(|file| file.text.len());
        for file in files.into_iter().take(DOZEN / 2) {
            let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
            seeds.push((format!("{kind}-{name}"), file.text.as_bytes().to_vec()));
        }
    }
    seeds
}
