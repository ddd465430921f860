//! A shell in which the commands of one page run, from top to bottom, as a reader would type them.
//!
//! The type to know is [`Session`]. Variables, jobs and files last until it is dropped. It must not know Markdown.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// The port that pages use in their examples. Each session has a free one in its place.
const PORT: &str = "8080";
/// No command of a page takes longer.
const LONGEST: Duration = Duration::from_secs(600);

/// `cargo run -- …` of a page is the command that was built already; other commands of Cargo are not for pages that run.
const CARGO: &str = "#!/bin/sh\n[ \"$1 $2\" = 'run --' ] && shift 2 && exec countersign \"$@\"\nexit 64\n";

/// A shell, its folder, and its port.
pub(crate) struct Session {
    shell: Child,
    input: ChildStdin,
    ended: Receiver<i32>,
    folder: TempDir,
    port: String,
}

impl Session {
    /// A shell in an empty folder that finds the command under test, and programs in `more` before all others.
    pub(crate) fn start(more: &[&Path]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = folder.path().join(".programs");
        fs::create_dir(&programs).expect("a folder");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_countersign"), programs.join("countersign"))
            .expect("a link");
        executable(&programs.join("cargo"), CARGO);
        let found = env::var_os("PATH").unwrap_or_default();
        let mut path = vec![programs];
        path.extend(more.iter().map(|folder| folder.to_path_buf()));
        path.extend(env::split_paths(&found));
        fs::create_dir(folder.path().join("page")).expect("a folder");
        let mut shell = Command::new("sh")
            .current_dir(folder.path().join("page"))
            .env("PATH", env::join_paths(path).expect("folders without colons"))
            .env_remove("HOOK_SECRET")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("a shell");
        let input = shell.stdin.take().expect("it is piped");
        let output = shell.stdout.take().expect("it is piped");
        let (say, ended) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(code) = line.parse() {
                    let _ = say.send(code);
                }
            }
        });
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port().to_string();
        Self { shell, input, ended, folder, port }
    }

    /// Saves a file beside the commands.
    pub(crate) fn save(&self, name: &str, text: &str) {
        let path = self.folder.path().join("page").join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(&path, text.replace(PORT, &self.port)).expect("written");
    }

    /// Runs a command, waits for its end, and returns what it printed and its exit code. After a command in the
    /// background, waits until something listens at the port.
    pub(crate) fn run(&mut self, command: &str) -> (String, i32) {
        let file = self.folder.path().join("output");
        let typed = command.replace(PORT, &self.port);
        let script = format!("{{ {typed}\n}} >'{0}' 2>&1 </dev/null\necho $?\n", file.display());
        self.input.write_all(script.as_bytes()).expect("the shell runs");
        let Ok(code) = self.ended.recv_timeout(LONGEST) else { panic!("`{command}` does not end") };
        if command.trim_end().ends_with('&') {
            self.wait_for_server(command, &file);
        }
        let output = fs::read(&file).expect("the output");
        // A command in the background keeps writing to this one.
        fs::remove_file(&file).expect("removed");
        let output =
            String::from_utf8_lossy(&output).replace(&format!(":{}", self.port), &format!(":{PORT}"));
        (output, code)
    }

    fn wait_for_server(&self, command: &str, output: &Path) {
        let address = format!("127.0.0.1:{}", self.port);
        let is_up = (0..600).any(|_| {
            thread::sleep(Duration::from_millis(50));
            TcpStream::connect(&address).is_ok()
        });
        assert!(is_up, "`{command}` serves nothing: {}", fs::read_to_string(output).unwrap_or_default());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let group = i32::try_from(self.shell.id()).ok().and_then(Pid::from_raw);
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        let _ = self.shell.wait();
    }
}

fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("made executable");
}
