//! An endpoint with a known leak, in a process of its own.
//!
//! The type to know is [`Delayed`]. It verifies in constant time; then it waits for a known time, if the tag that it was
//! given begins as the right one does.

use std::hint::black_box;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use countersign_core::wire::{TransportRefusal, receive};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::subjects::the_secret;

/// An endpoint in a child process.
pub struct Delayed {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Delayed {
    /// Runs this program again with `delayed NANOSECONDS`; it must call [`Delayed::serve`] then.
    ///
    /// # Errors
    /// The child does not start or does not say where it listens.
    pub fn spawn(nanos: u64) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["delayed", &nanos.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line)?;
        match line.trim().parse() {
            Ok(address) => Ok(Self { child, address }),
            Err(_) => Err(io::Error::other(format!("the endpoint said `{}`, not an address", line.trim()))),
        }
    }

    /// The child: says where it listens, and serves one connection after the other until it is stopped.
    ///
    /// # Errors
    /// There is no free port.
    pub fn serve(nanos: f64) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        println!("{}", listener.local_addr()?);
        let rounds = (nanos / nanos_of_a_round()) as u64;
        let secret = the_secret();
        for stream in listener.incoming() {
            // Whoever goes away is not missed.
            let _ = stream.and_then(|stream| answer(stream, secret.expose(), rounds));
        }
        Ok(())
    }
}

impl Drop for Delayed {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn answer(mut stream: TcpStream, secret: &[u8], rounds: u64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut held, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        held.extend_from_slice(&piece[..length]);
        let request = match receive(&held) {
            Ok(request) => request,
            Err(TransportRefusal::Incomplete) => continue,
            Err(why) => return Err(io::Error::other(why)),
        };
        held.clear();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("keys of any length");
        mac.update(&request.body);
        let right = hex::encode(mac.finalize().into_bytes());
        let given = request.values("X-Hub-Signature-256").next().map_or(&[][..], |value| value);
        let given = given.strip_prefix(b"sha256=").unwrap_or_default();
        let genuine: bool = right.as_bytes().ct_eq(given).into();
        let begins_right = given.first() == right.as_bytes().first();
        wait(if begins_right { rounds } else { 0 });
        let status = if genuine { "200 OK" } else { "401 Unauthorized" };
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
    }
}

/// Waits for so many rounds, of which each depends on the one before.
fn wait(rounds: u64) {
    let mut value = black_box(rounds);
    for _ in 0..black_box(rounds) {
        value = value.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7);
    }
    black_box(value);
}

fn nanos_of_a_round() -> f64 {
    let many = 100_000;
    let took = |_| {
        let start = Instant::now();
        wait(many);
        start.elapsed().as_nanos() as f64 / many as f64
    };
    (0..64).map(took).fold(f64::INFINITY, f64::min)
}
