//! Who may call, and what they may do: over every transport.

mod anonymous;
mod changes;
mod explained;
mod keys;
mod matrix;
mod models;
mod owners;
mod shares;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcp_odoo_core::access::key::KeyHash;
use reqwest::Client;
use tempfile::TempDir;

use crate::support::app::{Builder, TestApp};
use crate::support::http_client_with;

/// The key of the caller of this name.
pub fn key(name: &str) -> String {
    format!("mcpo_key-of-{name}")
}

/// An access file with these callers: their names, and what else the file says of them.
pub fn access_file(folder: &Path, callers: &[(&str, &str)]) -> PathBuf {
    let mut text = String::new();
    for (name, rest) in callers {
        let hash = KeyHash::of(&key(name));
        let key = if *name == "anonymous" { String::new() } else { format!("key = \"{hash}\"\n") };
        writeln!(text, "[callers.{name}]\n{key}{rest}\n").unwrap();
    }
    // Whole or not at all, as careful editors write.
    let (written, path) = (folder.join("access.new"), folder.join("access.toml"));
    std::fs::write(&written, text).unwrap();
    std::fs::rename(written, &path).unwrap();
    path
}

/// A client that sends the key of the caller of this name with everything.
pub fn client_of(name: &str) -> Client {
    client_with(name, &[])
}

/// The same, with these headers, too.
pub fn client_with(name: &str, more: &[(&str, &str)]) -> Client {
    let key = format!("Bearer {}", key(name));
    http_client_with(&[&[("authorization", key.as_str())], more].concat())
}

/// A service with these callers, and the folder of its access file.
pub async fn start(callers: &[(&str, &str)]) -> (TestApp, Arc<TempDir>) {
    start_as(TestApp::builder(), callers).await
}

pub async fn start_as(builder: Builder, callers: &[(&str, &str)]) -> (TestApp, Arc<TempDir>) {
    let folder = Arc::new(TempDir::new().unwrap());
    let file = access_file(folder.path(), callers);
    (builder.configure(|config| config.access.file = Some(file)).start().await, folder)
}
