//! The shell command that sends given bytes.
//!
//! The function to know is [`reproduce`]. It must not know what the bytes mean.

/// Bytes that still fit into a command line a person would paste.
const PASTED: usize = 8 * 1024;

/// A POSIX shell command that sends exactly these bytes, or a comment if they are too many.
pub(super) fn reproduce(octets: &[u8], host: &str, port: u16) -> String {
    if octets.len() > PASTED {
        return format!("# request of {} bytes: use countersign replay", octets.len());
    }
    format!("{} | nc {} {port}", printf(octets), quoted(host.trim_matches(['[', ']'])))
}

/// `printf '%b' '…'`: every byte survives, whichever shell reads it.
fn printf(octets: &[u8]) -> String {
    let mut text = String::from("printf '%b' '");
    for &octet in octets {
        match octet {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
            b'\'' => text.push_str("\\0047"),
            0x20..=0x7e => text.push(char::from(octet)),
            other => text.push_str(&format!("\\0{other:03o}")),
        }
    }
    text.push('\'');
    text
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_shell_gives_every_octet_back() {
        // Each byte before a digit and before a letter, so that no escape runs into what follows.
        let all: Vec<u8> = (0..=255).flat_map(|octet| [octet, b'7', octet, b'n', octet]).collect();
        let run =
            std::process::Command::new("/bin/sh").arg("-c").arg(printf(&all)).output().expect("a shell");
        assert_eq!(run.stdout, all);
    }

    #[test]
    fn too_many_octets_are_named_instead_of_pasted() {
        let command = reproduce(&[b'x'; 9000], "localhost", 80);
        assert_eq!(command, "# request of 9000 bytes: use countersign replay");
    }

    #[test]
    fn a_host_is_never_read_as_shell_syntax() {
        assert_eq!(reproduce(b"", "[::1]", 8080), "printf '%b' '' | nc ::1 8080");
        assert_eq!(quoted("x;reboot'"), "'x;reboot'\\'''");
    }
}
