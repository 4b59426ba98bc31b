//! A log file that is being written while its quotation is cut short.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use mcp_odoo_core::journal::Journal;
use mcp_odoo_core::odoo::{Odoo as Client, ProtocolChoice};
use mcp_odoo_core::quotation::id::TrackingId;
use mcp_odoo_core::quotation::pipeline::Pipeline;
use mcp_odoo_core::quotation::salespeople::SalesConfig;
use mcp_odoo_core::quotation::status::{QuotationStatus, State};
use mcp_odoo_core::quotation::target::Target;
use mcp_odoo_core::tasks::{TaskConfig, Tasks};
use mcp_odoo_core::timestamp::Timestamp;
use mcp_odoo_sandbox::Options;
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

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
            async move { tasks.submit(request, None).await }
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

async fn journal(folder: &Path) -> Journal {
    let odoo = Odoo::start(Options::default()).await;
    let config = odoo.config(ProtocolChoice::Auto, Duration::from_secs(20));
    Journal::open(folder, Target::server(&config)).unwrap()
}

fn queued(email: &str) -> QuotationStatus {
    let request = serde_json::from_value(request(email)).unwrap();
    QuotationStatus::queued(TrackingId::random(), request, Timestamp::now())
}

/// Whoever is refused may ask for another one elsewhere: the next start must not make this one, too.
#[tokio::test]
async fn what_is_taken_back_is_not_found_again() {
    let folder = TempDir::new().unwrap();
    let (journal, status) = (journal(folder.path()).await, queued("back@writing.example"));
    journal.write(&status).await.unwrap();
    journal.take_back(&status, None).await;
    assert!(journal.find(&status.tracking_id).await.unwrap().is_none());
    assert!(journal.unfinished(CancellationToken::new()).await.unwrap().is_empty());

    let failed = QuotationStatus { status: State::Failed, ..status.clone() };
    journal.write(&status).await.unwrap();
    journal.take_back(&status, Some(&failed)).await;
    assert_eq!(journal.find(&status.tracking_id).await.unwrap().unwrap().status.status, State::Failed);
}

#[tokio::test]
async fn a_folder_that_is_moved_in_the_middle_of_a_write_keeps_what_was_written() {
    let place = TempDir::new().unwrap();
    let (folder, aside) = (place.path().join("logs"), place.path().join("aside"));
    let (journal, status) = (journal(&folder).await, queued("moved@writing.example"));
    let (from, to) = (folder.clone(), aside.clone());
    // Told between the rename of the file and the sync of the folder.
    journal.on_write(move |_| fs::rename(&from, &to).unwrap());
    journal.write(&status).await.expect("it is on disk, wherever the folder is now");
    fs::rename(&aside, &folder).unwrap();
    assert!(journal.find(&status.tracking_id).await.unwrap().is_some());
}
