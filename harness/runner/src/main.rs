//! The `countersign` command.

use std::process::ExitCode;

/// Cases are built and dropped by the million, in small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    countersign::cli::main()
}
