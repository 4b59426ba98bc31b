//! The real binary: start, stop, kill, command line, process log.

mod cli;
mod config_file;
mod crash;
mod log;
mod settings;
mod shutdown;
