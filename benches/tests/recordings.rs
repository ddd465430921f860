//! The shipped recordings, judged by the tests of other tools beside our own.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign_benches::classical::{Dudect, kolmogorov_smirnov, mann_whitney};
use countersign_timing::statistics::{Comparison, Limits, Recording};
use flate2::read::GzDecoder;

#[test]
fn other_tests_beside_ours_on_the_shipped_recordings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harness/cli/tests/recordings");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "gz"));
    files.sort();
    assert!(files.len() > 30);
    let mut table = String::from(
        "| recording | certain after | dudect | Kolmogorov-Smirnov p | Mann-Whitney z |\n|---|---|---|---|---|\n",
    );
    for path in files {
        let mut text = String::new();
        let file = fs::File::open(&path).expect("a file");
        GzDecoder::new(file).read_to_string(&mut text).expect("a table");
        let recording = Recording::parse(&text).expect("a recording");
        let mut comparison = Comparison::new(Limits { step: recording.step(), ..Limits::default() }, 0);
        recording.timings.iter().for_each(|&(label, timing)| comparison.push(label, timing));
        let calls = |found: Option<u64>| found.map_or_else(|| "never".to_owned(), |calls| calls.to_string());
        let name = path.file_name().expect("a name").to_string_lossy().replace(".csv.gz", "");
        let _ = writeln!(
            table,
            "| {name} | {} | {} | {:.1e} | {:.1} |",
            calls(comparison.found()),
            calls(Dudect::of(&recording).found()),
            kolmogorov_smirnov(&recording.timings),
            mann_whitney(&recording.timings),
        );
    }
    insta::assert_snapshot!(table);
}
