//! Processes that a run starts and ends: drivers of libraries, and servers.
//!
//! The types to know are [`Driver`], a library behind drivers, and [`Server`], a server with its process. What is
//! said over a socket is not decided here.

mod command;
pub mod driver;
mod errors;
mod group;
mod server;

pub use command::CommandLine;
pub use driver::{CannotStartDriver, Driver, Pool, SchemaChecks};
pub use group::kill_all;
pub use server::{About, CannotServe, Server, Setting};
