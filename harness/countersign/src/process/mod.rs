//! Processes that a run starts and stops: drivers of libraries, and servers.
//!
//! The types to know are [`Driver`], a library behind drivers, and [`Server`], a server and its process. This
//! module must not know what goes over a socket.

mod command;
pub mod driver;
mod errors;
mod group;
mod server;

pub use command::CommandLine;
pub use driver::{CannotMeasure, CannotStartDriver, Driver, Pool, SchemaChecks};
pub use group::kill_all;
pub use server::{About, CannotServe, Server, Setting};
