//! Crate standardwebhooks: Webhook::new, verify. It asks the machine for the time.

use countersign_rust_drivers::countersign_driver::{Driver, serve};
use countersign_rust_drivers::{headers, locked};
use standardwebhooks::Webhook;

fn main() {
    let driver = Driver {
        name: "standardwebhooks",
        version: Some(locked("standardwebhooks", "")),
        schemes: &["standard-webhooks"],
        capabilities: &[],
    };
    serve(&driver, |request| {
        Webhook::new(request.key_text()?)?.verify(&request.body, &headers(request)?)?;
        Ok(())
    })
}
