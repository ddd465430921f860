//! Requests and answers as exact bytes: model, HTTP/1.1 writer, bounded readers.
//!
//! Pure: bytes in, bytes out. Nothing here opens a socket, and nothing here knows of schemes.

mod answer;
mod encode;
mod octets;
mod receive;
mod request;

pub use answer::{Answer, AnswerReader, Connection, Limits, Progress, Unreadable};
pub use encode::{Framing, LineEnd, Padding, Pause, Wire, encode};
pub use octets::{Octets, escape, find};
pub use receive::{TransportRefusal, receive, receive_head};
pub use request::{Header, Request};
