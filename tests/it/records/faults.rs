//! Every call fails once, in every way: it is done once, or told as unknown with how to find out; never as failed when it
//! was done, and never as done when it was not.

use std::time::Duration;

use futures::future::join_all;
use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::{Sandbox, Version};
use serde_json::{Map, Value, json};

use crate::support::mcp::{McpTools, text};
use crate::support::odoo::search;
use crate::support::proxy::Fault;

/// One thing that is done, each time to other records.
struct Deed {
    tool: &'static str,
    prepare: fn(&Sandbox, &str) -> Prepared,
}

/// The arguments, and how to see how often it was done.
type Prepared = (Value, Box<dyn Fn(&Sandbox) -> usize>);

/// How many there are.
fn found(odoo: &Sandbox, model: &str, domain: Value) -> usize {
    search(odoo, model, domain, &["id"]).len()
}

fn make(odoo: &Sandbox, model: &str, values: Value) -> i64 {
    odoo.execute(model, "create", vec![values], Map::new()).unwrap().as_i64().unwrap()
}

/// All of both, or none.
fn together(done: usize) -> usize {
    assert!([0, 2].contains(&done), "one of two");
    done / 2
}

fn deeds() -> [Deed; 7] {
    let deed = |tool, prepare| Deed { tool, prepare };
    [
        deed("create_record", |_, name| {
            let named = json!([["name", "=", name]]);
            let arguments = json!({ "model": "res.partner", "values": { "name": name } });
            (arguments, Box::new(move |odoo| found(odoo, "res.partner", named.clone())))
        }),
        deed("update_record", |_, name| {
            let named = json!([["name", "=", name]]);
            let arguments = json!({ "model": "res.partner", "record_id": 16, "values": { "name": name } });
            (arguments, Box::new(move |odoo| found(odoo, "res.partner", named.clone())))
        }),
        deed("odoo_write", |_, name| {
            let named = json!([["name", "=", name]]);
            let arguments = json!({ "model": "res.partner", "ids": [16, 28], "values": { "name": name } });
            (arguments, Box::new(move |odoo| together(found(odoo, "res.partner", named.clone()))))
        }),
        deed("delete_record", |odoo, name| {
            let id = make(odoo, "crm.lead", json!({ "name": name }));
            let arguments = json!({ "model": "crm.lead", "record_id": id });
            (arguments, Box::new(move |odoo| 1 - found(odoo, "crm.lead", json!([["id", "=", id]]))))
        }),
        deed("odoo_unlink", |odoo, name| {
            let ids = [(); 2].map(|()| make(odoo, "res.partner", json!({ "name": name })));
            let both = json!([["id", "in", ids]]);
            let arguments = json!({ "model": "res.partner", "ids": ids });
            (arguments, Box::new(move |odoo| together(2 - found(odoo, "res.partner", both.clone()))))
        }),
        deed("call_method", |odoo, _| {
            let order = json!({ "partner_id": 16, "order_line": [[0, 0, { "product_id": 26174 }]] });
            let id = make(odoo, "sale.order", order);
            let confirmed = json!([["id", "=", id], ["state", "=", "sale"]]);
            let arguments = json!({ "model": "sale.order", "method": "action_confirm", "ids": [id] });
            (arguments, Box::new(move |odoo| found(odoo, "sale.order", confirmed.clone())))
        }),
        deed("post_message", |_, body| {
            let posted = json!([["res_id", "=", 16], ["body", "ilike", format!(">{body}<")]]);
            let arguments = json!({ "model": "res.partner", "record_id": 16, "body": body });
            (arguments, Box::new(move |odoo| found(odoo, "mail.message", posted.clone())))
        }),
    ]
}

/// One way to speak to Odoo.
#[derive(Clone, Copy)]
struct Way(Version, ProtocolChoice);

impl Way {
    /// What Odoo says of its models is not remembered: asking for it fails, too.
    async fn start(self, timeout: Duration) -> McpTools {
        let builder = McpTools::builder().version(self.0).protocol(self.1).timeout(timeout);
        builder.configure(|config| config.metadata.ttl = Duration::ZERO).start_mcp().await
    }
}

impl Deed {
    /// Does it, and gives how many calls it took.
    async fn calls(&self, app: &McpTools, name: &str) -> usize {
        app.no_faults();
        let (arguments, done) = (self.prepare)(app.sandbox(), name);
        app.call(self.tool, arguments).await;
        assert_eq!(done(app.sandbox()), 1, "{}", self.tool);
        app.odoo.proxy.calls().len()
    }

    /// Does it while one call fails; whether it was told as done.
    async fn meets(&self, app: &McpTools, fault: Fault, at: usize) -> bool {
        let (arguments, done) = (self.prepare)(app.sandbox(), &format!("{fault:?} {at}"));
        app.odoo.proxy.plan(move |n, _| (n == at).then_some(fault));
        let result = app.result(self.tool, arguments).await;
        let (said, calls) = (text(&result), app.odoo.proxy.calls());
        let context = format!("{} {fault:?} at {at}: {said} {calls:?}", self.tool);
        assert!(calls.len() >= at, "it did not happen: {context}");
        match (result.is_error, done(app.sandbox())) {
            (Some(false), 1) => return true,
            (Some(true), times) if said.contains("outcome_unknown") => {
                assert!(times <= 1, "{context}");
                let finds = ["get_record", "search_records", "idempotency_key"];
                assert!(finds.iter().any(|how| said.contains(how)), "{context}");
            }
            (Some(true), 0) => {}
            (_, times) => panic!("done {times} times. {context}"),
        }
        false
    }

    /// Every fault at each of its calls, by a service that is at work.
    async fn sweep(&self, way: Way) {
        let patient = way.start(Duration::from_secs(30)).await;
        let hasty = way.start(Fault::Late.timeout()).await;
        // The log-in comes before.
        self.calls(&patient, "first").await;
        let calls = self.calls(&patient, "second").await;
        let look = json!({ "model": "res.partner", "record_id": 16, "fields": ["name"] });
        hasty.result("get_record", look.clone()).await;
        for fault in faults() {
            let app = if fault == Fault::Late { &hasty } else { &patient };
            for at in 1..=calls {
                if !self.meets(app, fault, at).await {
                    // Whatever follows from it ends before the next.
                    app.no_faults();
                    app.result("get_record", look.clone()).await;
                }
            }
        }
    }

    /// The same at each call of the log-in, by services that have just started.
    async fn sweep_of_log_in(&self, way: Way) {
        let patient = way.start(Duration::from_secs(30)).await;
        let first = self.calls(&patient, "first").await;
        let log_in = first - self.calls(&patient, "second").await;
        assert!(log_in > 0);
        for fault in faults() {
            for at in 1..=log_in {
                self.meets(&way.start(fault.timeout()).await, fault, at).await;
            }
        }
    }
}

fn faults() -> impl Iterator<Item = Fault> {
    Fault::ALL.into_iter().chain([Fault::Raise])
}

/// Each deed has an Odoo of its own: they wait for their time-outs at once.
async fn sweep(version: Version, protocol: ProtocolChoice) {
    let (way, deeds) = (Way(version, protocol), deeds());
    let all = join_all(deeds.iter().map(|deed| deed.sweep(way)));
    tokio::join!(all, deeds[0].sweep_of_log_in(way));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_jsonrpc() {
    sweep(Version::V19, ProtocolChoice::JsonRpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_xmlrpc() {
    sweep(Version::V19, ProtocolChoice::XmlRpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_json2() {
    sweep(Version::V19, ProtocolChoice::Json2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_jsonrpc_of_16() {
    sweep(Version::V16, ProtocolChoice::JsonRpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_xmlrpc_of_16() {
    sweep(Version::V16, ProtocolChoice::XmlRpc).await;
}
