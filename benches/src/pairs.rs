//! A server of HTTP/2 that takes longer for one class of tags, measured by pairs of requests.
//!
//! The type to know is [`Server`].

use std::convert::Infallible;
use std::hint::spin_loop;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use countersign::timing::{self, Budget, Contrast, MeasureOptions, Stop, Technique, Timing};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::subjects::{endpoint, the_secret};

/// A verifier in constant time that waits where the first character of a tag is right; it ends when dropped.
pub struct Server {
    runtime: Runtime,
    address: SocketAddr,
}

impl Server {
    /// Starts it with so many worker threads.
    ///
    /// Panics if the machine has no threads or ports left.
    pub fn start(workers: usize, extra: Duration) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
        let runtime = runtime.expect("threads can be started");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(stream.set_nodelay(true));
                let service = service_fn(move |request| answer(request, extra));
                let builder = http2::Builder::new(TokioExecutor::new());
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { runtime, address }
    }

    /// Measures it by so many pairs at most, controls not counted.
    ///
    /// Panics if the endpoint cannot be measured.
    pub fn measured(&self, pairs: u64, resolution: f64, stop: Stop) -> Timing {
        let subject = endpoint(self.address);
        let budget = Budget { calls: pairs, time: Duration::from_secs(60), stop };
        let options = MeasureOptions {
            technique: Technique::Pairs,
            contrast: Contrast::Mismatch,
            resolution: Some(resolution),
            budget,
            comparisons: 1,
            seed: None,
        };
        timing::target(&subject, &options, self.runtime.handle(), None).expect("it can be measured")
    }
}

async fn answer(request: Request<Incoming>, extra: Duration) -> Result<Response<Full<Bytes>>, Infallible> {
    let given =
        request.headers().get("X-Hub-Signature-256").map(|tag| tag.as_bytes().to_vec()).unwrap_or_default();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(the_secret().expose()).expect("keys of any length");
    mac.update(&body);
    let right = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let same = bool::from(right.as_bytes().ct_eq(&given));
    let (began, first) = (Instant::now(), "sha256=".len());
    while given.get(first) == right.as_bytes().get(first) && began.elapsed() < extra {
        spin_loop();
    }
    let mut response = Response::new(Full::default());
    *response.status_mut() = if same { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    Ok(response)
}
