//! Accepts connections and serves them concurrently.
//!
//! The function to know is [`accept`]. It must not know how requests are verified.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Bounds;
use super::hook::Hook;
use super::tap::Tap;

/// Maximum number of header lines of a request, and of bytes of its head.
const MAX_LINES: usize = 128;
const MAX_HEAD: usize = 256 * 1024;

/// Accepts connections until told to stop, then waits for the open ones.
pub(super) async fn accept<F, S>(
    listener: TcpListener,
    bounds: Bounds,
    mut stopped: watch::Receiver<()>,
    serve: F,
) where
    F: Fn(TcpStream, SocketAddr, watch::Receiver<()>) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(bounds.connections.max(1)));
    let mut open = JoinSet::new();
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            (slot, listener.accept().await)
        };
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = open.join_next() => {}
            (slot, accepted) = next => match accepted {
                Ok((stream, client)) => {
                    let served = serve(stream, client, stopped.clone());
                    open.spawn(async move {
                        served.await;
                        drop(slot);
                    });
                }
                // Out of file descriptors, or the client is already gone: neither stops the endpoint.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

/// The endpoint simulates that its process died, and answers nothing more. Only mutants do that.
#[derive(Debug, thiserror::Error)]
#[error("the process ended")]
struct Ended;

/// Serves the hook on one connection.
pub(super) async fn serve_hook(
    stream: TcpStream,
    client: SocketAddr,
    hook: Arc<Hook>,
    stopped: watch::Receiver<()>,
) {
    if hook.has_ended() {
        return;
    }
    // If it cannot be set, answers are slower but correct.
    let _ = stream.set_nodelay(true);
    let bounds = hook.bounds();
    let (tap, head) = Tap::new(stream);
    let service = service_fn(move |request| {
        // At this point the server has read the head of this request, and nothing after its body.
        let bytes = head.take();
        let (hook, head) = (Arc::clone(&hook), head.clone());
        async move {
            let response = hook.answer(&bytes, request, client.ip()).await;
            head.start_head();
            if hook.has_ended() { Err(Ended) } else { Ok(response) }
        }
    });
    drive(tap, bounds, service, stopped).await;
}

/// Serves metrics on one connection.
pub(super) async fn serve_metrics(stream: TcpStream, hook: Arc<Hook>, stopped: watch::Receiver<()>) {
    let bounds = hook.bounds();
    let service = service_fn(move |request: Request<Incoming>| {
        let response = match (request.uri().path(), request.method()) {
            ("/metrics", &Method::GET | &Method::HEAD) => Response::builder()
                .header(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
                .body(Full::from(hook.scrape())),
            ("/metrics", _) => Response::builder()
                .status(StatusCode::METHOD_NOT_ALLOWED)
                .header(ALLOW, "GET, HEAD")
                .body(Full::default()),
            _ => Response::builder().status(StatusCode::NOT_FOUND).body(Full::default()),
        };
        async move { Ok(response.expect("status and header lines are constants")) }
    });
    drive(stream, bounds, service, stopped).await;
}

/// Serves one connection until it ends, or until the endpoint stops and the current answer is sent.
async fn drive<I, S>(io: I, bounds: Bounds, service: S, mut stopped: watch::Receiver<()>)
where
    I: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Ended>,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_within)
        .max_headers(MAX_LINES)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_HEAD + 8192)
        // The hook writes the date from its own clock.
        .auto_date_header(false);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    // Errors on a connection are the client's problem.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
