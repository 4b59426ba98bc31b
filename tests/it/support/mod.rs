//! What the tests share.

pub mod app;
pub mod echo;
pub mod events;
pub mod http;
pub mod mcp;
pub mod odoo;
pub mod process;
pub mod proxy;
pub mod s3;
pub mod sweep;
pub mod transcripts;
pub mod twilio;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

pub use http::{client as http_client, client_with as http_client_with};

/// Removes a folder into which a process may just be writing.
pub fn remove_folder(folder: &Path) {
    while let Err(error) = fs::remove_dir_all(folder) {
        assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty, "{error}");
    }
}
