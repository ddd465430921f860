//! The embedded endpoint.
