//! A server with a correct GitHub verification, or one that misbehaves in the way that its argument names.
//!
//! It keeps the contract of `serve:` targets and knows nothing else of the harness.

mod github;

use std::convert::Infallible;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::process::exit;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, thread};

use bytes::Bytes;
use github::{Comparison, is_genuine};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustix::process::{Signal, getpid, kill_process};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

const LONG: Duration = Duration::from_secs(600);

struct Server {
    manner: String,
    /// Where some manners leave what others read.
    file: String,
    key: Vec<u8>,
}

fn leave(message: &str) -> ! {
    eprintln!("{message}");
    exit(1)
}

#[tokio::main]
async fn main() {
    let mut arguments = env::args().skip(1);
    let manner = arguments.next().unwrap_or_else(|| "right".to_owned());
    let file = arguments.next().unwrap_or_default();
    let key = env::var_os("HOOK_SECRET").expect("HOOK_SECRET is set").into_vec();
    let server = Arc::new(Server { manner, file, key });
    match server.manner.as_str() {
        "dies-for-good" if fs::exists(&server.file).is_ok_and(|is_there| is_there) => {
            leave("there is nothing left of me")
        }
        "refuses-to-start" => {
            leave(&format!("the secret {} is not what I take", String::from_utf8_lossy(&server.key)))
        }
        "says-nothing" => exit(0),
        "needs-a-secret" if server.key.is_empty() => leave("no empty secret"),
        _ => {}
    }
    let port: u16 = env::var("PORT").ok().and_then(|port| port.parse().ok()).expect("PORT is a number");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
    let terminate = (server.manner == "stays").then(|| signal(SignalKind::terminate()).expect("a handler"));
    server.announce(listener.local_addr().expect("it is bound").port());
    if terminate.is_none() {
        let server = Arc::clone(&server);
        thread::spawn(move || server.end_with_stdin());
    }
    loop {
        let (stream, _) = listener.accept().await.expect("it listens");
        let _ = stream.set_nodelay(true);
        let server = Arc::clone(&server);
        let service = service_fn(move |request| Arc::clone(&server).answer(request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Server {
    fn announce(&self, port: u16) {
        let address = if self.manner == "everywhere" { "0.0.0.0" } else { "127.0.0.1" };
        let mut about = json!({
            "name": "test-server", "version": "1", "language": "rust", "schemes": ["github"], "clock": true,
        });
        match self.manner.as_str() {
            "misspells" => about["colour"] = json!("red"),
            "boasts" => {
                about["name"] = json!(String::from_utf8_lossy(&self.key));
                about["version"] = json!(format!("\u{1b}[31m{}", hex::encode(&self.key)));
            }
            _ => {}
        }
        println!("starting, please wait");
        println!("listening {address}:{port} {about}");
    }

    fn end_with_stdin(&self) {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        if self.manner == "tells-its-pid" {
            let _ = fs::write(format!("{}.ended", self.file), "by itself");
        }
        exit(0)
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let lines = request.headers().get_all("X-Hub-Signature-256").iter();
        let lines: Vec<Vec<u8>> = lines.map(|value| value.as_bytes().to_vec()).collect();
        let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let comparison = match self.manner.as_str() {
            "ends-early" => Comparison::CharacterByCharacter,
            _ => Comparison::Constant,
        };
        let (status, text) = match is_genuine(&self.key, &body, &lines, comparison) {
            true => (StatusCode::OK, "ok"),
            false => (StatusCode::UNAUTHORIZED, "no"),
        };
        self.misbehave(&body).await;
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        Ok(response)
    }

    async fn misbehave(&self, body: &[u8]) {
        match self.manner.as_str() {
            "dies" if body == b"1" => exit(7),
            "hangs" if body == b"1" => {
                // The whole process stops, this task perhaps a moment later.
                let _ = kill_process(getpid(), Signal::STOP);
                sleep(LONG).await;
            }
            "dies-for-good" if body == b"1" => {
                let _ = fs::write(&self.file, "");
                exit(7)
            }
            "tells-its-pid" | "stays" => {
                let _ = fs::write(&self.file, std::process::id().to_string());
                sleep(Duration::from_millis(50)).await;
            }
            _ => {}
        }
    }
}
