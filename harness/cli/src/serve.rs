//! `countersign serve`.

use std::fs::OpenOptions;
use std::sync::Arc;

use countersign_conformance::reference::Reference;
use countersign_core::recipe::Sender;
use countersign_core::scheme::Deployment;

use super::args::ServeArgs;
use super::plan::scheme;
use crate::exit::{Exit, Failed};
use crate::secret_source::SecretSource;
use countersign::clock;
use countersign::serve::{AuditSink, Config, Endpoint};
use countersign::target::mutant;

/// Serves the reference endpoint, or a mutant, until interrupted.
pub(crate) fn serve(args: ServeArgs) -> Result<Exit, Failed> {
    let scheme = scheme(&args.scheme)?;
    let steps = match &args.mutant {
        Some(id) => mutant(id)?,
        None => Arc::new(Reference),
    };
    let source: SecretSource = args.secret.parse().map_err(|why| Failed::usage(format!("error: {why}")))?;
    let secret = source.read()?;
    let origin = format!("http://127.0.0.1:{}", args.port);
    let deployment = Deployment { origin, ..Deployment::default() };
    let second = match &args.second_secret {
        None => None,
        Some(source) => {
            let source: SecretSource =
                source.parse().map_err(|why| Failed::usage(format!("error: --second-secret: {why}")))?;
            let path = format!("{}/second", args.path.trim_end_matches('/'));
            let deployment = Deployment { key_id: "secondary".to_owned(), ..deployment.clone() };
            let sender = Sender::new(&*scheme, source.read()?, path, deployment);
            Some(sender.map_err(|why| Failed::usage(format!("error: --second-secret: {why}")))?)
        }
    };
    if !args.path.starts_with('/') {
        return Err(Failed::usage_help("--path must start with a slash", "write --path /hook"));
    }
    let audit = match &args.log {
        None => AuditSink::Stderr,
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
                Failed::usage_help(
                    format!("the log `{}` cannot be written: {error}", path.display()),
                    "check --log",
                )
            })?;
            AuditSink::file(file)
        }
    };
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failed::usage(format!("error: the runtime cannot start: {error}")))?;
    runtime.block_on(async {
        let name = scheme.file().scheme.clone();
        let endpoint = Endpoint::start(Config {
            scheme,
            secret,
            steps,
            deployment,
            path: args.path.clone(),
            second,
            bind: ([127, 0, 0, 1], args.port).into(),
            clock: Arc::new(clock::now),
            audit,
        })
        .await
        .map_err(|error| Failed::usage(format!("error: the endpoint cannot start: {error}")))?;
        let verifier =
            args.mutant.as_ref().map_or("reference".to_owned(), |id| format!("mutant {}", id.to_uppercase()));
        super::print(&format!(
            "listening http://{}{}\nmetrics   http://{}/metrics\nscheme    {name}\nverifier  {verifier}\n",
            endpoint.addr(),
            args.path,
            endpoint.metrics_addr(),
        ))?;
        let _ = tokio::signal::ctrl_c().await;
        endpoint.shutdown().await;
        Ok(Exit::Conformant)
    })
}
