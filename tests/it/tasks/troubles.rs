//! What the process log says of a disk that refuses: once that it does, and once that it works again.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{Odoo, request};
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::process::Server;
use crate::support::proxy::Fault;

const REFUSED: &str = "log files cannot be written";
const AGAIN: &str = "log files are written again";
const TRIED: &str = "log file not written; trying again";

struct World {
    odoo: Arc<Odoo>,
    folder: TempDir,
    server: Server,
}

impl World {
    async fn start() -> Self {
        let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
        let server = Server::start_with(folder.path(), &odoo, &[("LOG_LEVEL", "debug")]).await;
        Self { odoo, folder, server }
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    async fn accepted(&self, email: &str) -> String {
        let post = http_client().post(format!("{}/api/quotation/async", self.server.url));
        let answer: Value = post.json(&request(email)).send().await.unwrap().json().await.unwrap();
        answer["tracking_id"].as_str().unwrap().to_owned()
    }

    async fn completed(&self, id: &str) {
        let stream = http_client().get(format!("{}/api/quotation/events/{id}", self.server.url));
        let last = Events::new(stream.send().await.unwrap()).last().await;
        assert_eq!(last["status"], "completed", "{last}");
    }

    /// Ends it; how often the log said each of these.
    async fn said(self, texts: [&str; 2]) -> [usize; 2] {
        self.server.process.terminate().await;
        let (_, log) = self.server.process.ended().await;
        texts.map(|text| log.lines().filter(|line| line.contains(text)).count())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_nothing_is_told_once_and_once_that_it_works_again() {
    let world = World::start().await;
    world.odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(world.accepted(&format!("{n}@troubles.example")).await);
    }
    let aside = world.folder.path().join("aside");
    fs::rename(world.logs(), &aside).unwrap();
    world.odoo.proxy.plan(|_, _| None);
    for id in &ids {
        world.completed(id).await;
    }
    for _ in 0..2 {
        let post = http_client().post(format!("{}/api/quotation/async", world.server.url));
        let refused = post.json(&request("no@troubles.example")).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    // Each has tried in vain more than once.
    world.server.process.lines(TRIED, 6).await;
    fs::rename(&aside, world.logs()).unwrap();
    world.server.process.line(AGAIN).await;
    for log in fs::read_dir(world.logs()).unwrap().map(|entry| entry.unwrap().path()) {
        if log.extension().is_some_and(|end| end == "log") {
            let log: Value = serde_json::from_slice(&fs::read(log).unwrap()).unwrap();
            assert_eq!(log["status"], "completed", "it works again when nothing is left to write");
        }
    }
    assert_eq!(world.said([REFUSED, AGAIN]).await, [1, 1]);
}

/// Others are written meanwhile: neither is that a sign that it works again, nor is each try a new trouble.
#[tokio::test(flavor = "multi_thread")]
async fn one_log_that_cannot_be_written_is_told_once_too() {
    let world = World::start().await;
    world.odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let alone = world.accepted("alone@troubles.example").await;
    let logs = fs::read_dir(world.logs()).unwrap().map(|entry| entry.unwrap().path());
    let log = logs.into_iter().find(|path| path.to_str().unwrap().contains(&alone)).unwrap();
    fs::remove_file(&log).unwrap();
    fs::create_dir_all(log.join("in the way")).unwrap();
    world.odoo.proxy.plan(|_, _| None);
    world.completed(&alone).await;
    for tried in 1..=3 {
        world.server.process.lines(TRIED, tried).await;
        let id = world.accepted(&format!("{tried}@troubles.example")).await;
        world.completed(&id).await;
    }
    fs::remove_dir_all(&log).unwrap();
    world.server.process.line(AGAIN).await;
    assert_eq!(world.said([REFUSED, AGAIN]).await, [1, 1]);
}
