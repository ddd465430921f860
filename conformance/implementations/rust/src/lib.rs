//! What the drivers in `src/bin` share.

pub mod countersign_driver;

#[cfg(feature = "every-crate")]
use countersign_driver::{Refused, Request, unsupported};

/// The version of a crate that Cargo.lock holds, and that is therefore built: of several, the one that begins so.
pub fn locked(name: &str, beginning: &str) -> &'static str {
    let wanted = format!("name = \"{name}\"");
    let mut lines = include_str!("../Cargo.lock").lines();
    while let Some(line) = lines.next() {
        let version = if line == wanted { lines.next() } else { None };
        let version = version.and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
        if let Some(version) = version.filter(|version| version.starts_with(beginning)) {
            return version;
        }
    }
    panic!("Cargo.lock holds no {name} {beginning}")
}

/// The header lines as hyper hands them to an application. What it refuses itself is unsupported.
#[cfg(feature = "every-crate")]
pub fn headers(request: &Request) -> Result<http::HeaderMap, Refused> {
    let mut map = http::HeaderMap::new();
    for (name, value) in &request.headers {
        let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(unsupported)?;
        map.append(name, http::HeaderValue::from_bytes(value).map_err(unsupported)?);
    }
    Ok(map)
}

/// The request as hyper hands it to an application.
#[cfg(feature = "every-crate")]
pub fn request<B>(request: &Request, body: B) -> Result<http::Request<B>, Refused> {
    let target = http::Uri::try_from(request.target.as_slice()).map_err(unsupported)?;
    let built = http::Request::builder().method(request.method.as_slice()).uri(target).body(body);
    let mut built = built.map_err(unsupported)?;
    *built.headers_mut() = headers(request)?;
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_that_were_pinned() {
        let manifest = include_str!("../Cargo.toml");
        let asked =
            manifest.split("# The crates that are asked.").nth(1).unwrap().split("\n\n").next().unwrap();
        for line in asked.lines().filter(|line| !line.is_empty()) {
            let package = line.split_once("package = \"").map_or(line, |(_, rest)| rest);
            let name = package.split(['"', ' ']).next().unwrap();
            let version = line.split_once("\"=").unwrap().1.split('"').next().unwrap();
            assert_eq!(locked(name, version), version, "{name}");
        }
    }

    #[test]
    #[should_panic(expected = "Cargo.lock holds no svix 0.")]
    fn versions_that_are_not_there() {
        locked("svix", "0.");
    }
}
