//! Our MAC against vectors that others published: RFC 4231, and the HMAC files of Wycheproof.
//!
//! Where they come from and under which license is in `vectors/imported/README.md`. Nothing is left out
//! in silence: what we have no hash for is counted and named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_core::scheme::{Construction, Hash, mac};
use serde::Deserialize;

/// The folder of imported vectors.
fn imported() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/imported")
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| {
        panic!("{}: {error}; vectors/imported/README.md says where it comes from", path.display())
    })
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    serde_json::from_slice(&bytes(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).expect("vectors are written in pairs of hexadecimal digits")
}

/// Whether a tag of `bits` bits is the right one.
fn right(hash: Hash, key: &[u8], text: &[u8], bits: usize, tag: &[u8]) -> bool {
    let computed = mac(Construction::Hmac, hash, key, text);
    assert!(bits.is_multiple_of(8) && bits / 8 <= computed.len(), "{bits} bits of {hash:?}");
    computed[..bits / 8] == *tag
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rfc {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "url")]
    _url: String,
    cases: Vec<RfcCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RfcCase {
    case: u8,
    #[serde(rename = "section")]
    _section: String,
    about: String,
    key: String,
    data: String,
    /// Length of the tags, where they are truncated.
    bits: Option<usize>,
    tags: BTreeMap<String, String>,
}

#[test]
fn every_test_case_of_rfc_4231_has_our_tag() {
    let rfc: Rfc = read(&imported().join("rfc4231.json"));
    let numbers: Vec<u8> = rfc.cases.iter().map(|case| case.case).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    let (mut right_ones, mut left_out) = (0, 0);
    for RfcCase { case, about, key, data, bits, tags, .. } in &rfc.cases {
        for (name, tag) in tags {
            let hash = match name.as_str() {
                "sha256" => Hash::Sha256,
                "sha384" => Hash::Sha384,
                "sha512" => Hash::Sha512,
                "sha224" => {
                    left_out += 1;
                    continue;
                }
                other => panic!("RFC 4231 has no `{other}`"),
            };
            let length = bits.unwrap_or(unhex(tag).len() * 8);
            let same = right(hash, &unhex(key), &unhex(data), length, &unhex(tag));
            assert!(same, "case {case} ({about}), {name}");
            right_ones += 1;
        }
    }
    assert_eq!((right_ones, left_out), (21, 7), "three hashes of four, seven cases each");
}

/// The files of Wycheproof that are meant, byte for byte.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(rename = "source")]
    _source: String,
    commit: String,
    #[serde(rename = "folder")]
    _folder: String,
    license: String,
    files: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    name: String,
    algorithm: String,
    sha256: String,
    valid: usize,
    invalid: usize,
}

/// What a file of Wycheproof holds, as far as we read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wycheproof {
    algorithm: String,
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    tag_size: usize,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    tc_id: u32,
    key: String,
    msg: String,
    tag: String,
    result: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Valid,
    Invalid,
}

/// The hash under HMAC in a file of Wycheproof; none if we do not have it.
fn hash(algorithm: &str) -> Option<Hash> {
    match algorithm {
        "HMACSHA1" => Some(Hash::Sha1),
        "HMACSHA256" => Some(Hash::Sha256),
        "HMACSHA384" => Some(Hash::Sha384),
        "HMACSHA512" => Some(Hash::Sha512),
        _ => None,
    }
}

fn manifest() -> Manifest {
    read(&imported().join("wycheproof.json"))
}

#[test]
fn the_files_of_wycheproof_are_pinned_and_those_without_our_hash_are_named() {
    let manifest = manifest();
    assert_eq!((manifest.commit.len(), manifest.license.as_str()), (40, "Apache-2.0"));
    let (ours, others): (Vec<_>, Vec<_>) =
        manifest.files.iter().partition(|file| hash(&file.algorithm).is_some());
    let vectors = |files: &[&Listed]| files.iter().map(|file| file.valid + file.invalid).sum::<usize>();
    let names: Vec<&str> = others.iter().map(|file| file.algorithm.trim_start_matches("HMAC")).collect();
    assert_eq!(
        names,
        ["SHA224", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512", "SHA512/224", "SHA512/256", "SM3"]
    );
    assert_eq!((ours.len(), vectors(&ours)), (4, 692));
    assert_eq!((others.len(), vectors(&others)), (8, 1388));
}

#[test]
fn every_wycheproof_vector_of_our_hashes_is_judged_as_it_says() {
    let folder = imported().join("wycheproof");
    for listed in manifest().files {
        let path = folder.join(&listed.name);
        let digest = mac(Construction::HashOfText, Hash::Sha256, b"", &bytes(&path));
        assert_eq!(hex::encode(digest), listed.sha256, "{}: not the file of that commit", listed.name);
        let file: Wycheproof = read(&path);
        assert_eq!(file.algorithm, listed.algorithm, "{}", listed.name);
        let all =
            || file.test_groups.iter().flat_map(|group| group.tests.iter().map(move |test| (group, test)));
        let count = |outcome| all().filter(|(_, test)| test.result == outcome).count();
        assert_eq!(all().count(), file.number_of_tests, "{}", listed.name);
        assert_eq!((count(Outcome::Valid), count(Outcome::Invalid)), (listed.valid, listed.invalid));
        let Some(hash) = hash(&file.algorithm) else {
            println!("{}: {} vectors, no such hash here", listed.name, file.number_of_tests);
            continue;
        };
        for (Group { tag_size, .. }, Vector { tc_id, key, msg, tag, result }) in all() {
            let accepted = right(hash, &unhex(key), &unhex(msg), *tag_size, &unhex(tag));
            assert_eq!(accepted, *result == Outcome::Valid, "{}: tcId {tc_id}", listed.name);
        }
        println!("{}: {} vectors judged as they say", listed.name, file.number_of_tests);
    }
}
