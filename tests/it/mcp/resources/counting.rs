//! How often Odoo is asked for what is followed, over many looks.

use std::sync::mpsc;
use std::time::Duration;

use mcp_odoo_core::watching::WatchConfig;
use rmcp::service::Subscription;
use tokio::time;

use super::following::{LOOK, looks};
use super::listening::{hear, told};
use super::{Hearer, customer, rename};
use crate::support::mcp::McpTools;
use crate::support::proxy::Fault;

const RECORDS: usize = 50;
/// Clients of each era, which follow all records: 1,000 subscriptions.
const EACH: usize = 10;
/// Between two looks, instead of five seconds: together they are shorter than what keeps streams alive, whose clock does not
/// stand still.
const EVERY: Duration = Duration::from_millis(100);
const INTERVALS: usize = 70;
/// So long what is known of a model is kept: it is asked for anew on the way.
const KEPT: Duration = Duration::from_secs(3);

/// Time passes only where the test says so, also while sockets are waited for.
struct Still(#[expect(dead_code, reason = "held until the end")] mpsc::Sender<()>);

impl Still {
    fn stand() -> Self {
        let (held, holds) = mpsc::channel::<()>();
        // As long as something blocks, tokio does not let time pass because there is nothing to do.
        tokio::task::spawn_blocking(move || holds.recv());
        time::pause();
        Self(held)
    }
}

/// Those who follow.
struct World {
    mcp: McpTools,
    sessions: Vec<Hearer>,
    listeners: Vec<(Hearer, Subscription)>,
}

fn uri(id: i64) -> String {
    format!("odoo://res.partner/{id}")
}

impl World {
    async fn following(ids: &[i64], mcp: McpTools) -> Self {
        let (mut sessions, mut listeners) = (Vec::new(), Vec::new());
        let uris: Vec<String> = ids.iter().copied().map(uri).collect();
        for _ in 0..EACH {
            let session = Hearer::connect(&mcp.app.url).await;
            for uri in &uris {
                session.subscribe(uri).await.unwrap();
            }
            sessions.push(session);
            let listener = Hearer::modern(&mcp.app.url).await;
            let listening = hear(&listener, &uris.iter().map(String::as_str).collect::<Vec<_>>()).await;
            listeners.push((listener, listening));
        }
        Self { mcp, sessions, listeners }
    }

    /// From now on calls are counted anew; looks fail so.
    fn count(&self, fault: Option<Fault>) {
        self.mcp.odoo.proxy.plan(move |_, call| fault.filter(|_| call == LOOK));
        self.mcp.odoo.proxy.keep_bodies();
    }

    async fn an_interval_passes(&self) {
        // Timers ring at the next whole millisecond.
        time::advance(EVERY + Duration::from_millis(1)).await;
    }

    /// Whoever follows this record is told of it, and of no other.
    async fn all_hear_of(&mut self, id: i64) {
        for session in &mut self.sessions {
            assert_eq!(session.hears().await, uri(id));
        }
        for (_, listening) in &mut self.listeners {
            assert_eq!(told(listening).await, uri(id));
        }
    }

    /// What was called since it is counted: one look, which asks for all records.
    fn one_call_asked_for_all(&self) {
        let bodies = self.mcp.odoo.proxy.bodies();
        assert!(bodies.len() <= RECORDS, "{:?}", self.mcp.odoo.proxy.calls());
        let looks: Vec<_> = bodies.iter().filter(|(call, _)| call == LOOK).collect();
        let [(_, look)] = looks[..] else { panic!("{looks:?}") };
        assert_eq!(look["domain"][0][2].as_array().unwrap().len(), RECORDS, "{look}");
    }
}

/// Not one call a record every five seconds, but one for all of them.
#[tokio::test]
async fn a_thousand_subscriptions_on_fifty_records_are_a_call_every_five_seconds() {
    assert_eq!(WatchConfig::default().every, Duration::from_secs(5));
    let builder = McpTools::builder().configure(|config| {
        (config.watching.every, config.metadata.ttl) = (EVERY, KEPT);
    });
    let mcp = builder.start_mcp().await;
    let mut ids = Vec::new();
    for number in 0..RECORDS {
        ids.push(customer(&mcp, &format!("Customer {number}")).await);
    }
    let mut world = World::following(&ids, mcp).await;
    let _still = Still::stand();
    // What began before is over when this is told.
    rename(&world.mcp, ids[0], "Renamed first").await;
    world.an_interval_passes().await;
    world.all_hear_of(ids[0]).await;
    for (interval, id) in ids.iter().copied().cycle().take(INTERVALS).enumerate() {
        rename(&world.mcp, id, &format!("Renamed in {interval}")).await;
        world.count(None);
        world.an_interval_passes().await;
        world.all_hear_of(id).await;
        world.one_call_asked_for_all();
    }
    // An Odoo that is away is asked no more often, and what changed meanwhile is told afterwards.
    rename(&world.mcp, ids[0], "Renamed while it is away").await;
    world.count(Some(Fault::Overloaded));
    for asked in 1..=3 {
        world.an_interval_passes().await;
        world.mcp.odoo.proxy.until(|calls| looks(calls) == asked).await;
    }
    world.count(None);
    world.an_interval_passes().await;
    world.all_hear_of(ids[0]).await;
    world.one_call_asked_for_all();
}
