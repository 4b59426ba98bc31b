//! The audit's files: finished days in the bucket, old ones gone.

use std::fs::{self, File};
use std::io::Write;

use chrono::{Days, Utc};
use tempfile::TempDir;

use crate::support::process::{Server, borrowed};
use crate::support::s3::S3;

async fn stop(server: Server) -> String {
    server.process.terminate().await;
    let (status, said) = server.process.ended().await;
    assert!(status.success(), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_days_go_to_the_bucket_and_old_ones_go() {
    let (s3, folder) = (S3::start(), TempDir::new().unwrap());
    let audit = folder.path().join("logs/audit");
    fs::create_dir_all(&audit).unwrap();
    let today = Utc::now().date_naive();
    let name = |ago| format!("{}.jsonl", today.checked_sub_days(Days::new(ago)).unwrap());
    let large = "{}\n".repeat(1_000_000);
    for (ago, text) in [(0, "{}\n"), (1, "{\"a\":1}\n"), (2, &large), (40, "{}\n")] {
        fs::write(audit.join(name(ago)), text).unwrap();
    }
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "secret").unwrap();
    std::os::unix::fs::symlink(&elsewhere, audit.join(name(3))).unwrap();
    let s3_env = s3.env();
    let env = [&borrowed(&s3_env)[..], &[("AUDIT_RETENTION_DAYS", "30")]].concat();
    let start = async || Server::start(folder.path(), &env).await;
    let server = start().await;
    server.process.line("old files of the audit removed").await;
    let objects = s3.objects();
    let sizes: Vec<(String, usize)> =
        objects.iter().map(|(key, object)| (key.clone(), object.len())).collect();
    let stands = |ago: u64, size: usize| {
        let day = name(ago).replace(".jsonl", "_audit_");
        let key = format!("mcp-odoo-logs/{}/{}/{day}", &day[..4], &day[5..7]);
        sizes.iter().any(|(found, length)| found.starts_with(&key) && *length == size)
    };
    assert!(stands(1, 8) && stands(2, large.len()) && stands(40, 3), "{sizes:?}");
    assert_eq!(sizes.len(), 3, "{sizes:?}");
    assert!(!audit.join(name(40)).exists() && audit.join(name(2)).exists() && elsewhere.exists());
    stop(server).await;
    // Nothing is brought there twice but what has grown since.
    let put = |s3: &S3| s3.seen().iter().filter(|seen| seen.method == "PUT").count();
    let before = put(&s3);
    File::options().append(true).open(audit.join(name(1))).unwrap().write_all(b"{}\n").unwrap();
    let server = start().await;
    s3.until("the longer one", |s3| s3.objects().values().any(|object| object.len() == 11)).await;
    stop(server).await;
    assert_eq!(put(&s3), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_away_keeps_what_is_old() {
    let (s3, folder) = (S3::start(), TempDir::new().unwrap());
    let audit = folder.path().join("logs/audit");
    fs::create_dir_all(&audit).unwrap();
    fs::write(audit.join("2026-01-30.jsonl"), "{}\n").unwrap();
    s3.down();
    let s3_env = s3.env();
    let env = [&borrowed(&s3_env)[..], &[("AUDIT_RETENTION_DAYS", "1")]].concat();
    let server = Server::start(folder.path(), &env).await;
    server.process.line("files of the audit stay where they are").await;
    stop(server).await;
    assert!(audit.join("2026-01-30.jsonl").exists());
    // Without a bucket they go when they are old.
    let server = Server::start(folder.path(), &[("AUDIT_RETENTION_DAYS", "1")]).await;
    server.process.line("old files of the audit removed").await;
    stop(server).await;
    assert!(!audit.join("2026-01-30.jsonl").exists());
}
