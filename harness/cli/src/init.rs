//! `countersign init`: a driver to start from.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use clap::ValueEnum;

use super::args::{InitArgs, Language};
use super::{print, replay::quoted};
use crate::exit::{Exit, Failed};

/// A file of `conformance/implementations`: its name, and its text.
macro_rules! shipped {
    ($folder:literal, $name:literal) => {
        ($name, include_str!(concat!("../../../conformance/implementations/", $folder, "/", $name)))
    };
}

/// What one language needs.
struct Starter {
    /// The driver first, then what it builds on.
    files: &'static [(&'static str, &'static str)],
    /// How it is built, where it is.
    build: Option<&'static str>,
    /// How it is started.
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
    }
}

/// Writes the files of a language, and overwrites nothing.
pub(crate) fn init(args: &InitArgs) -> Result<Exit, Failed> {
    let Starter { files, build, start } = starter(args.driver);
    let folder = &args.dir;
    let failed = |what: &str, error: std::io::Error| {
        Failed::usage_help(format!("{what}: {error}"), "give --dir a folder that you may write to")
    };
    fs::create_dir_all(folder)
        .map_err(|error| failed(&format!("the folder `{}` cannot be made", folder.display()), error))?;
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).symlink_metadata().is_ok()) {
        let message = format!("`{}` is there already, and nothing was written", folder.join(name).display());
        return Err(Failed::usage_help(message, "give --dir another folder"));
    }
    for (at, (name, text)) in files.iter().enumerate() {
        let path = folder.join(name);
        let written = fs::File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| {
            // Half a driver would stand in the way of the next try.
            files[..=at].iter().for_each(|(name, _)| drop(fs::remove_file(folder.join(name))));
            failed(&format!("`{}` cannot be written", path.display()), error)
        })?;
    }
    let mut text = String::new();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(text, "wrote {}; the first is the driver, made for GitHub's header", names.join(", "));
    let _ = writeln!(
        text,
        "\nIt works as it is. Try it, put your library in the place of the check, and ask it:\n"
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
        "\nconformance/PROTOCOL.md and conformance/implementations/{language}/ say more, with drivers of real packages."
    );
    print(&text)
}
