//! Requests and answers as exact bytes: model, HTTP/1.1 writer, bounded readers.
//!
//! Pure: bytes in, bytes out. Nothing here opens a socket, and nothing here knows of schemes.

mod answer;
mod byte_string;
mod encode;
mod receive;
mod request;

pub use answer::{Answer, AnswerReader, Connection, Limits, Progress, Unreadable};
pub use byte_string::{ByteString, escape, find};
pub use encode::{Framing, LineEnd, Padding, Pause, Wire, encode};
pub use receive::{TransportRefusal, receive, receive_head};
pub use request::{Header, Request};
