//! Reading files, pipes and command output of the user, with limits on length and time.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Reads to the end, or fails beyond the limit.
///
/// # Errors
/// It cannot be read, or is longer than `limit` bytes.
pub(crate) fn read(from: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::other(format!("longer than {limit} bytes")));
    }
    Ok(bytes)
}

/// Reads a regular file.
///
/// # Errors
/// It cannot be read, is no regular file, or is longer than `limit` bytes.
pub(crate) fn read_file(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    read(File::open(path)?, limit)
}

/// Runs a shell command and reads what it prints.
///
/// # Errors
/// It cannot be started, prints more than `limit` bytes, or runs longer than `timeout`.
pub(crate) fn output(command: &str, limit: usize, timeout: Duration) -> io::Result<(Vec<u8>, ExitStatus)> {
    let mut child =
        Command::new("sh").args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no standard output"))?;
    let (done, printed) = mpsc::channel();
    thread::spawn(move || {
        let _ = done.send(read(stdout, limit));
    });
    let bytes = match printed.recv_timeout(timeout) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        Err(_) => {
            let _ = child.kill();
            let _ = child.wait();
            return Err(io::Error::other(format!("it ran longer than {} s", timeout.as_secs())));
        }
    };
    Ok((bytes, child.wait()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_refused_at_the_limit() {
        assert_eq!(read(&b"12345"[..], 5).expect("it fits"), b"12345");
        assert!(read(io::repeat(b'x'), 1000).is_err());
        assert!(read_file(Path::new("/dev/zero"), 1000).is_err());
    }

    #[test]
    fn a_command_that_prints_for_ever_or_hangs_is_ended() {
        assert!(output("yes", 1000, Duration::from_secs(10)).is_err());
        assert!(output("sleep 100", 1000, Duration::from_millis(50)).is_err());
        assert_eq!(output("printf abc", 1000, Duration::from_secs(10)).expect("it prints").0, b"abc");
    }
}
