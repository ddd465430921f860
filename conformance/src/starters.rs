//! The files that a driver begins with: the helper of each language, and an example that uses it.
//!
//! The type to know is [`StarterFile`]. Each list begins with the example.

/// A file of a starter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StarterFile {
    /// The path that it is written to, below the folder of the driver.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// A file of a folder of this package, and the path that it is written to, if that is not its name.
macro_rules! file {
    ($folder:literal, $name:literal) => {
        file!($folder, $name, $name)
    };
    ($folder:literal, $name:literal, $as:literal) => {
        StarterFile { path: $as, text: include_str!(concat!("../", $folder, "/", $name)) }
    };
}

/// A driver in C.
pub const C: &[StarterFile] = &[
    file!("implementations/c", "example.c"),
    file!("implementations/c", "countersign_driver.c"),
    file!("implementations/c", "countersign_driver.h"),
];

/// A driver in Go.
pub const GO: &[StarterFile] =
    &[file!("implementations/go", "example.go"), file!("implementations/go", "countersign_driver.go")];

/// A driver in Java.
pub const JAVA: &[StarterFile] =
    &[file!("implementations/java", "Example.java"), file!("implementations/java", "CountersignDriver.java")];

/// A driver in JavaScript.
pub const JAVASCRIPT: &[StarterFile] = &[
    file!("implementations/javascript/drivers", "example.mjs"),
    file!("implementations/javascript/drivers", "countersign_driver.mjs"),
    file!("implementations/javascript/drivers", "countersign_clock.cjs"),
];

/// A driver in Perl.
pub const PERL: &[StarterFile] =
    &[file!("implementations/perl", "example.pl"), file!("implementations/perl", "countersign_driver.pm")];

/// A driver in PHP.
pub const PHP: &[StarterFile] =
    &[file!("implementations/php", "example.php"), file!("implementations/php", "countersign_driver.php")];

/// A driver in Python.
pub const PYTHON: &[StarterFile] = &[
    file!("implementations/python/drivers", "example_driver.py"),
    file!("implementations/python/drivers", "countersign_driver.py"),
];

/// A driver in Ruby.
pub const RUBY: &[StarterFile] =
    &[file!("implementations/ruby", "example.rb"), file!("implementations/ruby", "countersign_driver.rb")];

/// A driver in Rust.
pub const RUST: &[StarterFile] = &[
    file!("starters/rust", "example.rs", "src/main.rs"),
    file!("starters/rust", "countersign_driver.rs", "src/countersign_driver.rs"),
    file!("starters/rust", "starter.toml", "Cargo.toml"),
];
