//! A log file that is being written while its quotation is cut short.

use std::fs;
use std::sync::mpsc;
use std::time::Duration;

use mcp_odoo_core::access::{Caller, Door, Permissions};
use mcp_odoo_core::journal::Journal;
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::language::Language;
use mcp_odoo_core::odoo::{Odoo as Client, ProtocolChoice};
use mcp_odoo_core::quotation::pipeline::Pipeline;
use mcp_odoo_core::quotation::salespeople::SalesConfig;
use mcp_odoo_core::tasks::{TaskConfig, Tasks};
use mcp_odoo_sandbox::Options;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{Odoo, request};
use crate::support::proxy::Fault;

/// Keeps the only thread that may write until the sender is dropped.
fn occupy() -> mpsc::Sender<()> {
    let (occupied, freed) = mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || freed.recv());
    occupied
}

/// Whoever opens the folder next must not find it written to by the process before.
#[test]
fn the_folder_is_given_free_after_the_last_write() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
        odoo.proxy.plan(|_, _| Some(Fault::Late));
        let config = odoo.config(ProtocolChoice::Auto, Duration::from_secs(60));
        let target = Target::server(&config);
        let pipeline = Pipeline::new(Client::new(config).unwrap(), SalesConfig::default());
        let journal = Journal::open(folder.path(), target).unwrap();
        let tasks = Tasks::new(TaskConfig::default(), pipeline, journal, None);

        let before = occupy();
        let request = serde_json::from_value(request("eva@writing.example")).unwrap();
        let submitting = tokio::spawn({
            let tasks = tasks.clone();
            async move {
                let page = Caller::anonymous(Permissions::ALL, None);
                tasks.submit(request, None, (&page, Door::Rest), Language::Es).await
            }
        });
        // All runs on this thread: by now the acceptance waits for its turn to write.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let between = occupy();
        drop(before);
        let accepted = submitting.await.unwrap().unwrap();
        let shutdown = tasks.shutdown(Duration::ZERO);
        tokio::pin!(shutdown);
        let early = tokio::time::timeout(Duration::from_millis(100), &mut shutdown).await;
        assert!(early.is_err(), "a write is still to come");
        drop(between);
        tokio::time::timeout(Duration::from_secs(20), shutdown).await.expect("it ends");
        let mut log = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let log = log.find(|path| path.extension().is_some_and(|end| end == "log")).unwrap();
        let log: Value = serde_json::from_slice(&fs::read(log).unwrap()).unwrap();
        assert_eq!(log["status"], "processing", "{log}");
        assert_eq!(log["input"]["email"], accepted.status.input.email.as_str());
    });
}
