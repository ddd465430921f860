//! `countersign init`: writes a working driver, to put one's own function into.
//!
//! The type to know is [`Starter`]: the files of a language, and how to build and start them. The files themselves are
//! [`starters`]. This module must not know the line protocol.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use clap::ValueEnum;
use countersign_conformance::starters::{self, StarterFile};

use super::args::{InitArgs, Language};
use super::{print, replay::quoted};
use crate::exit::{Exit, Failed};

/// What one language needs.
struct Starter {
    /// First the driver, then what it needs.
    files: &'static [StarterFile],
    /// The command that builds it, run in its folder.
    build: Option<&'static str>,
    /// The command that starts it, run in its folder.
    start: &'static str,
}

fn starter(language: Language) -> Starter {
    match language {
        Language::C => Starter {
            files: starters::C,
            build: Some(
                "cc -D_DEFAULT_SOURCE -o countersign_driver countersign_driver.c -ldl && \
                 cc -D_DEFAULT_SOURCE -fPIC -shared -o example.so example.c -lcrypto",
            ),
            start: "./countersign_driver ./example.so",
        },
        Language::Go => Starter {
            files: starters::GO,
            build: Some("go build -o example example.go countersign_driver.go"),
            start: "./example",
        },
        Language::Java => Starter {
            files: starters::JAVA,
            build: Some("javac -d build Example.java CountersignDriver.java"),
            start: "java -cp build Example",
        },
        Language::Javascript => {
            Starter { files: starters::JAVASCRIPT, build: None, start: "node example.mjs" }
        }
        Language::Perl => Starter { files: starters::PERL, build: None, start: "perl example.pl" },
        Language::Php => Starter { files: starters::PHP, build: None, start: "php example.php" },
        Language::Python => {
            Starter { files: starters::PYTHON, build: None, start: "python3 example_driver.py" }
        }
        Language::Ruby => Starter { files: starters::RUBY, build: None, start: "ruby example.rb" },
        Language::Rust => {
            Starter { files: starters::RUST, build: Some("cargo build"), start: "target/debug/my-driver" }
        }
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
    if let Some(file) = files.iter().find(|file| folder.join(file.path).symlink_metadata().is_ok()) {
        let message = format!("`{}` exists already; nothing was written", folder.join(file.path).display());
        return Err(Failed::usage_help(message, "choose another folder with --dir"));
    }
    for (at, StarterFile { path, text }) in files.iter().enumerate() {
        let path = folder.join(path);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::File::create_new(&path))
            .and_then(|mut file| file.write_all(standalone(text).as_bytes()));
        written.map_err(|error| {
            // Half a driver would make the next try fail.
            files[..=at].iter().for_each(|file| drop(fs::remove_file(folder.join(file.path))));
            failed(&format!("cannot write `{}`", path.display()), error)
        })?;
    }
    let mut text = String::new();
    let names: Vec<&str> = files.iter().map(|file| file.path).collect();
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
