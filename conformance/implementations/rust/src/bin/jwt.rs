//! Crate jwt: VerifyWithKey::verify_with_key. Claims of time are left to its caller.

use countersign_rust_drivers::countersign_driver::{Driver, serve};
use countersign_rust_drivers::locked;
use hmac_old::digest::KeyInit;
use jwt::VerifyWithKey;
use serde_json::Value;

type HmacSha256 = hmac_old::Hmac<sha2_old::Sha256>;

fn main() {
    let driver = Driver {
        name: "jwt",
        version: Some(locked("jwt", "")),
        schemes: &["jwt-hs256"],
        capabilities: &["clock"],
    };
    serve(&driver, |request| {
        let key = HmacSha256::new_from_slice(&request.key)?;
        let _: Value = request.credentials("Bearer")?.verify_with_key(&key)?;
        Ok(())
    })
}
