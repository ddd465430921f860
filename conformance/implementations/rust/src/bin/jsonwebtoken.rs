//! Crate jsonwebtoken: decode with Validation::new, and with validate_nbf, because tokens of the scheme have one. It
//! asks the machine for the time. The argument `jsonwebtoken-old` asks an old version.

use countersign_rust_drivers::countersign_driver::{Driver, Refused, Request, serve};
use countersign_rust_drivers::locked;
use serde_json::Value;

macro_rules! verify {
    ($version:ident) => {
        |request| {
            let mut validation = $version::Validation::new($version::Algorithm::HS256);
            validation.validate_nbf = true;
            let key = $version::DecodingKey::from_secret(&request.key);
            $version::decode::<Value>(request.credentials("Bearer")?, &key, &validation)?;
            Ok(())
        }
    };
}

fn main() {
    let old = std::env::args().nth(1).is_some_and(|version| version == "jsonwebtoken-old");
    let driver = Driver {
        name: "jsonwebtoken",
        version: Some(locked("jsonwebtoken", if old { "9." } else { "11." })),
        schemes: &["jwt-hs256"],
        capabilities: &[],
    };
    let verify: fn(&Request) -> Result<(), Refused> =
        if old { verify!(jsonwebtoken_old) } else { verify!(jsonwebtoken) };
    serve(&driver, verify)
}
