//! Embeds the data anew when a file of it changes, appears or goes.

fn main() {
    println!("cargo::rerun-if-changed=spec");
}
