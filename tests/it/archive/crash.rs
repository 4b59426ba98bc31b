//! The process is killed again and again while the store comes and goes: in the end every log is there.

use std::time::Duration;

use mcp_odoo_sandbox::Options;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::support::app::{Odoo, request};
use crate::support::http_client;
use crate::support::process::{Server, borrowed};
use crate::support::s3::{S3, mirrored};

const KILLS: usize = 8;
const EACH: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_log_arrives_with_its_last_state_though_process_and_store_fail() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let odoo = Odoo::start(Options { latency: Duration::from_millis(3), ..Options::default() }).await;
    let (s3, folder) = (S3::start(), TempDir::new().unwrap());
    let s3_env = s3.env();
    let env = borrowed(&s3_env);
    for kill in 0..KILLS {
        let server = Server::start_with(folder.path(), &odoo, &env).await;
        let mut accepted = JoinSet::new();
        for n in 0..EACH {
            let post = http_client().post(format!("{}/api/quotation/async", server.url));
            let post = post.json(&request(&format!("kunde{kill}-{n}@kill.example")));
            accepted.spawn(async move { post.send().await.unwrap().error_for_status().unwrap() });
        }
        accepted.join_all().await;
        if random.bool() {
            s3.down();
        }
        // In the midst of anything.
        tokio::time::sleep(Duration::from_micros(random.u64(0..60_000))).await;
        server.process.kill().await;
        if random.bool() {
            s3.down();
            s3.up();
        }
    }
    s3.down();
    s3.up();
    let server = Server::start_with(folder.path(), &odoo, &env).await;
    s3.until("all completed", |s3| {
        let objects = s3.objects();
        let completed = |content: &Vec<u8>| {
            serde_json::from_slice::<Value>(content).is_ok_and(|log| log["status"] == "completed")
        };
        objects.len() == KILLS * EACH && objects.values().all(completed)
    })
    .await;
    server.process.terminate().await;
    assert!(server.process.ended().await.0.success());
    assert_eq!(s3.objects(), mirrored(&folder.path().join("logs")), "seed {seed}");
}
