//! A log folder that is not to be trusted: other things under the names of logs, and other processes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::journal::{Journal, JournalError};
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;
use crate::support::remove_folder;

/// Asks so often, at once, and is answered that there is no such quotation.
async fn unknown(app: &TestApp, id: &str, times: usize) {
    let path = format!("/api/quotation/status/{id}");
    let asking = join_all((0..times).map(|_| app.get(&path)));
    let answers = tokio::time::timeout(Duration::from_secs(60), asking).await.expect("nothing is waited for");
    for answer in answers {
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{id}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn only_regular_files_are_read() {
    let app = TestApp::start().await;
    let (odoo, folder) = app.stop().await;
    let path = |id: &str| folder.path().join(format!("2026-01-30_{id}.log"));
    let pipe =
        |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    pipe(&path("quot_pipe"));
    pipe(&folder.path().join("2026-01-30_sms_1769767200_0a1b2c3d.log"));
    std::os::unix::fs::symlink("/dev/zero", path("quot_zero")).unwrap();
    let large = fs::File::create(path("quot_large")).unwrap();
    large.set_len(1 << 30).unwrap();
    let app = TestApp::builder().after((odoo, folder.clone())).start().await;
    for id in ["quot_pipe", "quot_zero", "quot_large"] {
        unknown(&app, id, 700).await;
    }
    // While it runs, too: the index has its name.
    for id in ["quot_pipe", "quot_zero"] {
        pipe(&path(id));
        unknown(&app, id, 10).await;
    }
    let last = app.quote(&request("eva@folder.example")).await;
    assert_eq!(last["status"], "completed");
    tokio::time::timeout(Duration::from_secs(60), app.stop()).await.expect("it stops");
}

#[tokio::test]
async fn a_file_that_holds_another_quotation_is_not_served_under_its_name() {
    let app = TestApp::start().await;
    let id = app.accepted(&request("eva@folder.example"), None).await;
    app.finished(&id).await;
    let log = app.logs().remove(0);
    let (odoo, folder) = app.stop().await;
    let wrong = log.with_file_name("2026-01-30_quot_wrong.log");
    fs::copy(&log, &wrong).unwrap();
    let app = TestApp::builder().after((odoo, folder)).start().await;
    unknown(&app, "quot_wrong", 1).await;
    assert!(!wrong.exists() && wrong.with_extension("log.corrupt").exists());
    assert_eq!(app.status(&id).await["status"], "completed");
}

#[tokio::test]
async fn a_folder_that_was_made_anew_belongs_to_who_takes_it_first() {
    let app = TestApp::start().await;
    let open = || Journal::open(app.log_dir(), Target::embedded());
    assert!(matches!(open(), Err(JournalError::InUse(_))));
    remove_folder(app.log_dir());
    let other = open().unwrap();
    let body = request("eva@anew.example");
    let refused = app.post(&body, Some("anew")).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "journal_unavailable");
    assert!(app.logs().is_empty(), "nothing is written where another process works");

    drop(other);
    let id = app.accepted(&body, Some("anew")).await;
    assert_eq!(app.finished(&id).await["status"], "completed");
    assert!(matches!(open(), Err(JournalError::InUse(_))), "it is held again");
    remove_folder(app.log_dir());
    fs::create_dir(app.log_dir()).unwrap();
    let id = app.accepted(&request("eva@again.example"), None).await;
    assert_eq!(app.finished(&id).await["status"], "completed");
    assert!(matches!(open(), Err(JournalError::InUse(_))), "the first to write takes it");
    Made::by_email(app.sandbox(), "eva@anew.example").assert_exactly_once(&REQUEST_LINES, "anew");
}

/// A run that failed is forgotten while the next one of its quotation cannot write its end.
#[tokio::test]
async fn an_end_that_the_disk_refuses_is_written_though_an_earlier_run_is_forgotten() {
    let builder = TestApp::builder().configure(|config| {
        config.tasks.retention = Duration::from_millis(1);
        // The second run must reach its end within it, however busy the machine is.
        config.tasks.deadline = Duration::from_secs(10);
    });
    let app = builder.start().await;
    app.proxy().plan(|_, _| Some(crate::support::proxy::Fault::Refuse));
    let (body, key) = (request("eva@ends.example"), Some("ends"));
    let id = app.accepted(&body, key).await;
    assert_eq!(app.finished(&id).await["status"], "failed");
    let log = app.logs().remove(0);

    // The second run is under way when its log can no longer be replaced.
    let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
    let blocked = log.clone();
    app.proxy().plan(move |_, name| {
        if name == "crm.lead.load" && !blocked.is_dir() {
            // It may just be written once more.
            while fs::create_dir_all(blocked.join("in the way")).is_err() {
                let _ = fs::remove_file(&blocked);
            }
            let _ = reached.send(());
        }
        None
    });
    assert_eq!(app.accepted(&body, key).await, id);
    wait.recv().await.unwrap();
    app.proxy().plan(|_, _| None);
    assert_eq!(app.finished(&id).await["status"], "completed");
    // Each end forgets the runs before it.
    for n in 0..3 {
        let last = app.quote(&request(&format!("{n}@ends.example"))).await;
        assert_eq!(last["status"], "completed");
    }
    fs::remove_dir_all(&log).unwrap();
    let written = async {
        while !log.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), written).await.expect("its end is written");
    let log: Value = serde_json::from_slice(&fs::read(&log).unwrap()).unwrap();
    assert_eq!(log["status"], "completed");
    Made::by_email(app.sandbox(), "eva@ends.example").assert_exactly_once(&REQUEST_LINES, "ends");
}
