//! Messages and activities, of which Odoo leaves out what may not be read only after it has cut a page.

use std::ops::Deref;
use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Version;
use serde_json::{Map, Value, json};

use crate::mcp::forms::stream::{all, ids, stream};
use crate::support::mcp::McpTools;

/// Messages of two orders, one of which is in a company that is not looked at.
struct Messages {
    app: McpTools,
    here: i64,
    elsewhere: i64,
}

impl Deref for Messages {
    type Target = McpTools;

    fn deref(&self) -> &McpTools {
        &self.app
    }
}

impl Messages {
    async fn start(version: Version, protocol: ProtocolChoice) -> Self {
        // Thousands of messages are slow on a busy machine.
        let app = McpTools::builder().version(version).protocol(protocol).timeout(Duration::from_hours(1));
        let app = app.start_mcp().await;
        let order = async |company: i64| {
            let order = json!({ "model": "sale.order", "values": { "partner_id": 16 },
                                "context": { "allowed_company_ids": [company] } });
            app.call("create_record", order).await["id"].as_i64().unwrap()
        };
        let (here, elsewhere) = (order(1).await, order(2).await);
        Self { app, here, elsewhere }
    }

    /// So many more, newer than all others.
    fn add(&self, order: i64, count: usize) -> Vec<i64> {
        let one = json!({ "model": "sale.order", "res_id": order, "body": "una nota" });
        let made =
            self.sandbox().execute("mail.message", "create", vec![json!(vec![one; count])], Map::new());
        serde_json::from_value(made.unwrap()).unwrap()
    }

    fn request(&self, more: &Value) -> Value {
        let mut request = json!({
            "model": "mail.message", "fields": ["res_id"], "context": { "allowed_company_ids": [1] },
            "domain": [["model", "=", "sale.order"], ["res_id", "in", [self.here, self.elsewhere]], ["body", "ilike", "nota"]],
        });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    }

    /// A page: its ids, how many there are, and where to go on.
    async fn page(&self, more: Value) -> (Vec<i64>, Value, Value) {
        let page = self.call("search_records", self.request(&more)).await;
        let found = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap());
        (found.collect(), page["total"].clone(), page["next_offset"].clone())
    }

    /// The calls of Odoo since this was asked last, and how many ids its searches told.
    fn moved(&self) -> (Vec<String>, usize) {
        let answers = self.odoo.proxy.answers();
        self.odoo.proxy.keep_bodies();
        let of_messages = |name: &str| name.strip_prefix("mail.message.").map(str::to_owned);
        let told = answers.iter().filter(|(name, _)| name == "mail.message.search");
        let ids = told.map(|(_, ids)| ids.as_array().unwrap().len()).sum();
        let mut calls: Vec<_> = answers.iter().filter_map(|(name, _)| of_messages(name)).collect();
        calls.retain(|call| call != "fields_get");
        // The first two go out together.
        calls.sort_unstable();
        (calls, ids)
    }
}

/// The last `count` before so many, the newest first.
fn newest(ids: &[i64], skip: usize, count: usize) -> Vec<i64> {
    ids.iter().rev().skip(skip).take(count).copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_moves_no_more_ids_than_it_needs() {
    let messages = Messages::start(Version::V19, ProtocolChoice::Json2).await;
    let read = messages.add(messages.here, 3_000);
    messages.moved();
    for order in ["id desc", "date desc, id desc"] {
        let (found, total, next) = messages.page(json!({ "order": order })).await;
        assert_eq!((found, total, next), (newest(&read, 0, 20), json!(3_000), json!(20)), "{order}");
        let calls = ["read", "search", "search_count"].map(str::to_owned).to_vec();
        assert_eq!(messages.moved(), (calls, 20), "{order}");
    }
    // Odoo's own order, far behind, and the end.
    let (found, total, next) = messages.page(json!({ "offset": 1_500, "limit": 100 })).await;
    assert_eq!((found, total, next), (newest(&read, 1_500, 100), json!(3_000), json!(1_600)));
    assert_eq!(messages.moved().1, 1_600, "those that are passed over, too");
    let (found, _, next) = messages.page(json!({ "offset": 2_995 })).await;
    assert_eq!((found, next), (newest(&read, 2_995, 20), Value::Null));
    messages.moved();
    assert_eq!(messages.page(json!({ "offset": 5_000 })).await, (Vec::new(), json!(3_000), Value::Null));
    let nothing = json!({ "domain": [["id", "<", 0]] });
    messages.moved();
    assert_eq!(messages.page(nothing).await, (Vec::new(), json!(0), Value::Null));
    assert_eq!(messages.moved(), (["search", "search_count"].map(str::to_owned).to_vec(), 0));

    // The newest may not be read: larger windows pass over them.
    messages.add(messages.elsewhere, 2_000);
    messages.moved();
    for order in ["id desc", "date desc, id desc"] {
        let (found, total, next) = messages.page(json!({ "order": order })).await;
        assert_eq!((found, total, next), (newest(&read, 0, 20), json!(3_000), json!(20)), "{order}");
        let (calls, ids) = messages.moved();
        assert!(calls.len() <= 6 && ids <= 3_000, "{order}: {calls:?}, {ids} ids");
    }
    // Every other one may.
    let mut mixed = Vec::new();
    for _ in 0..200 {
        mixed.extend(messages.add(messages.here, 1));
        messages.add(messages.elsewhere, 1);
    }
    messages.moved();
    let (found, total, next) = messages.page(json!({ "order": "id desc", "offset": 30, "limit": 50 })).await;
    assert_eq!((found, total, next), (newest(&mixed, 30, 50), json!(3_200), json!(80)));
    let (calls, ids) = messages.moved();
    assert!(calls.len() == 4 && ids < 800, "{calls:?}, {ids} ids");
}

/// Each once, in the order of their ids or in another, counted once, whatever lies between.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_each_once() {
    for (version, protocol) in [
        (Version::V16, ProtocolChoice::XmlRpc),
        (Version::V18, ProtocolChoice::JsonRpc),
        (Version::V19, ProtocolChoice::Json2),
    ] {
        let messages = Messages::start(version, protocol).await;
        let mut read = messages.add(messages.here, 450);
        messages.add(messages.elsewhere, 700);
        for _ in 0..100 {
            messages.add(messages.elsewhere, 2);
            read.extend(messages.add(messages.here, 1));
        }
        messages.add(messages.elsewhere, 300);
        let down: Vec<i64> = read.iter().rev().copied().collect();
        for (order, expected) in [
            (json!({}), read.clone()),
            (json!({ "order": "id desc" }), down.clone()),
            (json!({ "order": "res_id, id desc" }), down.clone()),
            (json!({ "order": "res_id, id desc", "offset": 60, "limit": 333 }), down[60..393].to_vec()),
        ] {
            messages.no_faults();
            messages.moved();
            let asked = json!({ "name": "search_records", "arguments": messages.request(&order) });
            let told = all(stream(&messages.app.app, &asked).await).await;
            assert_eq!(ids(&told), expected, "{version:?} {order}");
            let last = &told[told.len() - 2];
            let count = expected.len();
            assert_eq!(last["progress"], json!({ "current": count, "total": count }), "{version:?} {order}");
            assert_eq!(told[told.len() - 1]["type"], "end");
            let calls = messages.odoo.proxy.calls();
            let count = |name: &str| calls.iter().filter(|call| *call == name).count();
            assert_eq!(count("mail.message.search_count"), 1, "{version:?} {order}: {calls:?}");
            assert!(count("mail.message.search") <= 8, "{version:?} {order}: {calls:?}");
            if protocol == ProtocolChoice::Json2 {
                assert!(messages.moved().1 <= read.len(), "none twice");
            }
        }
    }
}

/// What goes meanwhile takes no other with it, and is no reason to look for it without end.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_though_most_is_gone_meanwhile() {
    for order in ["id", "res_id, id"] {
        let messages = Messages::start(Version::V19, ProtocolChoice::Json2).await;
        let read = messages.add(messages.here, 15_000);
        let (sandbox, mut seen, mut gone) = (messages.sandbox().clone(), 0, Some(read[200..].to_vec()));
        messages.odoo.proxy.plan(move |_, method| {
            seen += usize::from(method == "mail.message.search");
            if let Some(gone) = gone.take_if(|_| seen == 2) {
                sandbox.execute("mail.message", "unlink", vec![json!(gone)], Map::new()).unwrap();
            }
            None
        });
        let asked =
            json!({ "name": "search_records", "arguments": messages.request(&json!({ "order": order })) });
        let told = all(stream(&messages.app.app, &asked).await).await;
        assert_eq!(ids(&told), read[..200], "{order}");
        assert_eq!(told[told.len() - 1]["type"], "end");
        let searches =
            messages.odoo.proxy.calls().iter().filter(|call| *call == "mail.message.search").count();
        assert!(searches < 8, "{order}: {searches} searches");
    }
    // Those that are left are told.
    let messages = Messages::start(Version::V19, ProtocolChoice::Json2).await;
    let read = messages.add(messages.here, 900);
    let (sandbox, mut seen, gone) = (messages.sandbox().clone(), 0, read[..250].to_vec());
    messages.odoo.proxy.plan(move |_, method| {
        seen += usize::from(method == "mail.message.search");
        if seen == 2 {
            sandbox.execute("mail.message", "unlink", vec![json!(gone)], Map::new()).unwrap();
            seen += 1;
        }
        None
    });
    let asked = json!({ "name": "search_records", "arguments": messages.request(&json!({})) });
    let told = all(stream(&messages.app.app, &asked).await).await;
    assert_eq!(ids(&told), [&read[..200], &read[250..]].concat());
}
