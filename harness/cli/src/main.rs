//! The `countersign` command: the only reader of arguments, environment and terminal state.

mod args;
mod bounded;
mod compare;
mod config;
mod contrasts;
mod doctor;
mod exit;
mod explain;
mod export;
mod init;
mod list;
mod matrix;
mod output;
mod picture;
mod plan;
mod progress;
mod replay;
mod run;
mod secret_source;
mod select;
mod serve;
mod signals;
mod snapshot;
mod timing;
mod vectors;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::exit::{Exit, Failed};
use args::{Cli, Command, VectorsCommand};
use explain::Extent;

/// Runs build and drop millions of small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Conformant.into() };
        }
    };
    match dispatch(cli.command) {
        Ok(exit) => exit.into(),
        Err(failed) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "{}", escape_control(&failed.message));
            failed.exit.into()
        }
    }
}

fn dispatch(command: Command) -> Result<Exit, Failed> {
    match command {
        Command::Run(args) => run::run(args),
        Command::Replay(args) => run::replay(args),
        Command::Serve(args) => serve::serve(args),
        Command::Compare(args) => compare::compare(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Init(args) => init::init(&args),
        Command::Timing(args) => timing::timing(&args),
        Command::Explain { id, all } => explain::explain(&id, if all { Extent::All } else { Extent::Screen }),
        Command::List { what } => list::list(what),
        Command::Matrix(args) => matrix::matrix(&args),
        Command::Vectors(VectorsCommand::Check { paths }) => vectors::check(&paths),
        Command::Vectors(VectorsCommand::Export(args)) => export::export(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "countersign", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Man => {
            let page = manual()
                .map_err(|error| Failed::usage(format!("error: cannot write the man page: {error}")))?;
            print(&String::from_utf8_lossy(&page))
        }
    }
}

/// Escapes control characters in a message, because some of its text may come from a target.
fn escape_control(message: &str) -> String {
    let shown = |c: char| match c {
        '\n' => "\n".to_owned(),
        c if c.is_control() => c.escape_debug().to_string(),
        c => c.to_string(),
    };
    message.chars().map(shown).collect()
}

/// The man page of the command, followed by those of its subcommands.
fn manual() -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let command = Cli::command();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands() {
        let name = format!("countersign-{}", sub.get_name());
        clap_mangen::Man::new(sub.clone()).title(name.to_uppercase()).render(&mut page)?;
    }
    Ok(page)
}

/// The exit codes, for help and man page.
fn exit_codes() -> String {
    let lines: Vec<String> =
        Exit::ALL.iter().map(|exit| format!("  {:<4} {}", exit.code(), exit.about())).collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}

/// Prints data. A closed pipe is not an error.
fn print(text: &str) -> Result<Exit, Failed> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failed::usage(format!("error: cannot write to standard output: {error}")))
        }
        _ => Ok(Exit::Conformant),
    }
}
