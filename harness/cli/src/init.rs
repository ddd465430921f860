//! `countersign init`: writes a working driver, to put one's own function into.
//!
//! The type to know is [`Starter`]: the files of a language, and how to build and start them. The files themselves are those of
//! `conformance/implementations`. This module must not know the line protocol.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use clap::ValueEnum;

use super::args::{InitArgs, Language};
use super::{print, replay::quoted};
use crate::exit::{Exit, Failed};

/// A file of `conformance/implementations`: its name, also where it is written to, and its text.
macro_rules! shipped {
    ($folder:literal, $name:literal) => {
        shipped!($folder, $name, $name)
    };
    ($folder:literal, $name:literal, $as:literal) => {
        ($as, include_str!(concat!("../../../conformance/implementations/", $folder, "/", $name)))
    };
}

/// What one language needs.
struct Starter {
    /// Names and texts: first the driver, then what it needs.
    files: &'static [(&'static str, &'static str)],
    /// The command that builds it, run in its folder.
    build: Option<&'static str>,
    /// The command that starts it, run in its folder.
    start: &'static str,
}

fn starter(language: Language) -> Starter {
    match language {
        Language::C => Starter {
            files: &[
                shipped!("c", "example.c"),
                shipped!("c", "countersign_driver.c"),
                shipped!("c", "countersign_driver.h"),
            ],
            build: Some(
                "cc -D_DEFAULT_SOURCE -o countersign_driver countersign_driver.c -ldl && \
                 cc -D_DEFAULT_SOURCE -fPIC -shared -o example.so example.c -lcrypto",
            ),
            start: "./countersign_driver ./example.so",
        },
        Language::Go => Starter {
            files: &[shipped!("go", "example.go"), shipped!("go", "countersign_driver.go")],
            build: Some("go build -o example example.go countersign_driver.go"),
            start: "./example",
        },
        Language::Java => Starter {
            files: &[shipped!("java", "Example.java"), shipped!("java", "CountersignDriver.java")],
            build: Some("javac -d build Example.java CountersignDriver.java"),
            start: "java -cp build Example",
        },
        Language::Javascript => Starter {
            files: &[
                shipped!("javascript/drivers", "example.mjs"),
                shipped!("javascript/drivers", "countersign_driver.mjs"),
                shipped!("javascript/drivers", "countersign_clock.cjs"),
            ],
            build: None,
            start: "node example.mjs",
        },
        Language::Perl => Starter {
            files: &[shipped!("perl", "example.pl"), shipped!("perl", "countersign_driver.pm")],
            build: None,
            start: "perl example.pl",
        },
        Language::Php => Starter {
            files: &[shipped!("php", "example.php"), shipped!("php", "countersign_driver.php")],
            build: None,
            start: "php example.php",
        },
        Language::Python => Starter {
            files: &[
                shipped!("python/drivers", "example_driver.py"),
                shipped!("python/drivers", "countersign_driver.py"),
            ],
            build: None,
            start: "python3 example_driver.py",
        },
        Language::Ruby => Starter {
            files: &[shipped!("ruby", "example.rb"), shipped!("ruby", "countersign_driver.rb")],
            build: None,
            start: "ruby example.rb",
        },
        Language::Rust => Starter {
            files: &[
                shipped!("rust", "src/bin/example.rs", "src/main.rs"),
                shipped!("rust", "src/countersign_driver.rs"),
                shipped!("rust", "starter.toml", "Cargo.toml"),
            ],
            build: Some("cargo build"),
            start: "target/debug/my-driver",
        },
    }
}

/// The text of a file as it is written. The example in Rust takes the helper from the package that it is part of here; elsewhere
/// the helper is a file beside it.
fn standalone(text: &str) -> String {
    text.replace("use countersign_rust_drivers::", "mod countersign_driver;\n\nuse ")
}

/// Writes the files of a language, and overwrites nothing.
pub(crate) fn init(args: &InitArgs) -> Result<Exit, Failed> {
    let Starter { files, build, start } = starter(args.driver);
    let folder = &args.dir;
    let failed = |what: &str, error: std::io::Error| {
        Failed::usage_help(format!("{what}: {error}"), "choose a folder that you can write to with --dir")
    };
    fs::create_dir_all(folder)
        .map_err(|error| failed(&format!("cannot create the folder `{}`", folder.display()), error))?;
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).symlink_metadata().is_ok()) {
        let message = format!("`{}` exists already; nothing was written", folder.join(name).display());
        return Err(Failed::usage_help(message, "choose another folder with --dir"));
    }
    for (at, (name, text)) in files.iter().enumerate() {
        let path = folder.join(name);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::File::create_new(&path))
            .and_then(|mut file| file.write_all(standalone(text).as_bytes()));
        written.map_err(|error| {
            // Half a driver would make the next try fail.
            files[..=at].iter().for_each(|(name, _)| drop(fs::remove_file(folder.join(name))));
            failed(&format!("cannot write `{}`", path.display()), error)
        })?;
    }
    let mut text = String::new();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let (driver, others) = (names[0], names[1..].join(", "));
    let _ = writeln!(
        text,
        "wrote {others} and {driver}, which is the driver\n\n\
         The driver works as it is: it verifies GitHub's header X-Hub-Signature-256 with code of its own, without a package.\n\
         1. Check that it follows the protocol.\n\
         2. Edit {driver}: call your function or library instead, and name your scheme (`countersign list schemes`).\n\
         3. Run all cases.\n"
    );
    if folder.as_os_str() != "." {
        let _ = writeln!(text, "  cd -- {}", quoted(&folder.display().to_string()));
    }
    if let Some(build) = build {
        let _ = writeln!(text, "  {build}");
    }
    let _ = writeln!(text, "  countersign doctor --driver {}", quoted(start));
    let _ = writeln!(text, "  countersign run --target {}", quoted(&format!("exec:{start}")));
    let language =
        args.driver.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let _ = writeln!(
        text,
        "\nYour own code needs no version; for a published package, give its name and version.\n\
         See conformance/PROTOCOL.md, and conformance/implementations/{language}/ for drivers of real packages."
    );
    print(&text)
}
