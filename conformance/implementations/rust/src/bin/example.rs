// Example: GitHub's header, verified with the crates of RustCrypto.
use countersign_rust_drivers::countersign_driver::{Driver, rejected, serve};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

fn main() {
    let driver = Driver { name: "example", version: None, schemes: &["github"], capabilities: &["clock"] };
    serve(&driver, |request| {
        let [line] = request.lines("X-Hub-Signature-256").collect::<Vec<_>>()[..] else {
            return Err(rejected("want one signature header"));
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&request.key)?;
        mac.update(&request.body);
        let tag = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let equal = format!("sha256={tag}").as_bytes().ct_eq(line);
        if bool::from(equal) { Ok(()) } else { Err(rejected("signature does not match")) }
    })
}
