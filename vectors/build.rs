//! Embeds the data anew when a file of it changes, appears or goes.

fn main() {
    for folder in ["schemes", "suites"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
