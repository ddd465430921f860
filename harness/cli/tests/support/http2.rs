//! A server of HTTP/2 with prior knowledge that verifies one request after the other, and some that misbehave.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// How long a server takes, while its thread does nothing else.
#[derive(Clone, Copy)]
pub(crate) struct Takes {
    /// For every request.
    pub(crate) always: Duration,
    /// In addition, for a tag whose first character is right.
    pub(crate) first_right: Duration,
}

impl Takes {
    pub(crate) const NOTHING: Self = Self { always: Duration::ZERO, first_right: Duration::ZERO };
}

/// A server that compares in constant time, with so many threads.
pub(crate) fn serve(secret: &'static str, threads: usize, takes: Takes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    listener.set_nonblocking(true).expect("a socket");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.expect("threads can be started");
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("a socket");
            let service = service_fn(move |request| answer(request, secret, takes));
            let connection =
                http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    std::mem::forget(runtime);
    format!("http://{address}/hook")
}

async fn answer(
    request: Request<Incoming>,
    secret: &str,
    takes: Takes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let given =
        request.headers().get("X-Hub-Signature-256").map(|tag| tag.as_bytes().to_vec()).unwrap_or_default();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("keys of any length");
    mac.update(&body);
    let right = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let same = bool::from(right.as_bytes().ct_eq(&given));
    let first = "sha256=".len();
    let more =
        if given.get(first) == right.as_bytes().get(first) { takes.first_right } else { Duration::ZERO };
    // The thread and not the task, so that the next request has to wait.
    thread::sleep(takes.always + more);
    let mut response = Response::new(Full::from(if same { "ok" } else { "no" }));
    *response.status_mut() = if same { hyper::StatusCode::OK } else { hyper::StatusCode::UNAUTHORIZED };
    Ok(response)
}

/// A server that says these pieces on each connection, so far apart, and then only reads.
pub(crate) fn saying<I>(pieces: I, apart: Duration) -> String
where
    I: IntoIterator<Item = Vec<u8>> + Clone + Send + Sync + 'static,
{
    serving(move |mut stream| {
        let mut copy = stream.try_clone().expect("a socket");
        thread::spawn(move || while copy.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {});
        for piece in pieces.clone() {
            if stream.write_all(&piece).is_err() {
                return;
            }
            thread::sleep(apart);
        }
        thread::sleep(Duration::from_secs(20));
    })
}

/// A server that does this with each connection.
pub(crate) fn serving(serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    format!("http://{address}/hook")
}

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
