//! Crate scratchstack-aws-signature: sigv4_validate_request, whose window is 15 minutes.

use std::future::ready;
use std::str::FromStr;

use chrono::DateTime;
use countersign_rust_drivers::countersign_driver::{Driver, Refused, serve, unsupported};
use countersign_rust_drivers::{locked, request as incoming};
use futures_executor::block_on;
use scratchstack_aws_signature::principal::Principal;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS, SignatureError,
    SignatureOptions, sigv4_validate_request,
};
use tower::service_fn;

fn main() {
    let driver = Driver {
        name: "scratchstack-aws-signature",
        version: Some(locked("scratchstack-aws-signature", "")),
        schemes: &["aws-sigv4"],
        capabilities: &["clock"],
    };
    serve(&driver, |request| {
        // The type takes secrets of up to 40 bytes, as those of AWS are.
        let secret: KSecretKey = KSecretKey::from_str(request.key_text()?).map_err(unsupported)?;
        let known = request.key_id.clone();
        let mut keys = service_fn(move |asked: GetSigningKeyRequest| {
            let known = asked.access_key() == known;
            let key = secret.to_ksigning(asked.request_date(), asked.region(), asked.service());
            ready(if known {
                let found =
                    GetSigningKeyResponse::builder().principal(Principal::default()).signing_key(key).build();
                found.map_err(Into::into)
            } else {
                Err(SignatureError::InvalidClientTokenId("unknown access key".to_owned()).into())
            })
        });
        let now =
            DateTime::from_timestamp(request.now, 0).ok_or_else(|| unsupported("a time out of range"))?;
        let asked = sigv4_validate_request(
            incoming(request, request.body.clone())?,
            &request.constants["region"],
            &request.constants["service"],
            &mut keys,
            now,
            &NO_ADDITIONAL_SIGNED_HEADERS,
            SignatureOptions::default(),
        );
        match block_on(asked) {
            Ok(_) => Ok(()),
            Err(error) if error.is::<SignatureError>() => Err(Refused::Rejected(error.to_string())),
            Err(error) => Err(Refused::Failed(error.to_string())),
        }
    })
}
