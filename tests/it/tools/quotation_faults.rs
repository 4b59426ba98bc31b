//! A quotation by MCP is made exactly once, whatever fails and whoever leaves.

use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_core::quotation::id::TrackingId;
use mcp_odoo_sandbox::{Language, Options};
use serde_json::{Value, json};

use crate::mcp::client::{Sse, Stream, Streamable, call};
use crate::support::app::{Odoo, REQUEST_LINES, request};
use crate::support::mcp::{Caller, McpTools};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;
use crate::support::sweep::{EMAIL, Quoter, sweep};

impl Quoter for McpTools {
    async fn start(protocol: ProtocolChoice, language: Language, timeout: Duration) -> Self {
        let options = Options { language, ..Options::default() };
        Self::builder().protocol(protocol).sandbox(options).timeout(timeout).start_mcp().await
    }

    fn odoo(&self) -> &Odoo {
        &self.odoo
    }

    async fn quote(&self, request: &Value) -> Value {
        self.call("dev_create_quotation", request.clone()).await
    }

    async fn end(self) {
        self.caller.client.cancel().await.unwrap();
        self.app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_json2() {
    sweep::<McpTools>(ProtocolChoice::Json2, Language::Spanish, &request(EMAIL), &REQUEST_LINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_jsonrpc() {
    sweep::<McpTools>(ProtocolChoice::JsonRpc, Language::English, &request(EMAIL), &REQUEST_LINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_xmlrpc() {
    sweep::<McpTools>(ProtocolChoice::XmlRpc, Language::English, &request(EMAIL), &REQUEST_LINES).await;
}

fn keyed(email: &str, key: &str) -> Value {
    let mut body = request(email);
    body["idempotency_key"] = json!(key);
    body
}

/// Waits, as the tasks do, until a quotation is finished.
async fn finished(app: &McpTools, id: &TrackingId) -> Value {
    let mut changes = app.tasks.subscribe(id).await.unwrap().expect("it was accepted");
    let mut last = None;
    while let Some(status) = changes.next().await {
        last = Some(status);
    }
    assert!(last.unwrap().status.is_final());
    app.call("dev_get_quotation_status", json!({ "tracking_id": id.to_string() })).await
}

/// The quotation whose key is this address, when Odoo is well again: its id, its end, and what it has made.
async fn made_once(app: &McpTools, email: &str) -> (TrackingId, Value, Made) {
    let id = app.app.state.tenant.tasks.tracking_id(&email.parse().unwrap());
    app.no_faults();
    let status = finished(app, &id).await;
    assert_eq!(status["status"], "completed", "{status}");
    let made = Made::by_email(app.sandbox(), email);
    made.assert_exactly_once(&REQUEST_LINES, email);
    (id, status, made)
}

/// Gets a quotation under way that hangs at its order, then lets `leave` take the client away.
async fn left_in_the_middle(
    email: &str,
    leave: impl AsyncFnOnce(&McpTools, rmcp::service::RequestHandle<rmcp::RoleClient>),
) {
    let app = McpTools::builder().timeout(Duration::from_millis(300)).start_mcp().await;
    app.odoo.proxy.plan(|_, name| (name == "crm.lead.load").then_some(Fault::Late));
    let call = app.begin("dev_create_quotation", keyed(email, email)).await;
    app.client.service().until(|step| step == "Creando lead...").await;
    leave(&app, call).await;
    let (id, status, made) = made_once(&app, email).await;
    assert_eq!(status["output"]["sale_order_name"], made.orders[0]["name"]);
    let again = app.call("dev_create_quotation", keyed(email, email)).await;
    assert_eq!(again["tracking_id"], id.as_str());
    Made::by_email(app.sandbox(), email).assert_exactly_once(&REQUEST_LINES, "asked for again");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_in_the_middle() {
    left_in_the_middle("cancel@mcp.example", async |_, call| {
        call.cancel(Some("the user closed the chat".to_owned())).await.unwrap();
    })
    .await;
}

/// The one that asks is not the one that waits: it ends its session.
#[tokio::test(flavor = "multi_thread")]
async fn disconnected_in_the_middle() {
    let email = "gone@mcp.example";
    let app = McpTools::builder().timeout(Duration::from_millis(300)).start_mcp().await;
    app.odoo.proxy.plan(|_, name| (name == "crm.lead.load").then_some(Fault::Late));
    let other = Caller::connect(&app.app.url).await;
    let call = other.begin("dev_create_quotation", keyed(email, email)).await;
    other.client.service().until(|step| step == "Creando lead...").await;
    other.client.cancel().await.unwrap();
    drop(call);
    made_once(&app, email).await;
}

/// Where the connection is the session or the request, its end cancels the call, and nobody says goodbye.
#[tokio::test(flavor = "multi_thread")]
async fn cut_off_in_the_middle() {
    for (email, has_session) in [("sse@mcp.example", true), ("single@mcp.example", false)] {
        let app = McpTools::builder().timeout(Duration::from_millis(300)).start_mcp().await;
        app.odoo.proxy.plan(|_, name| (name == "crm.lead.load").then_some(Fault::Late));
        let mut message = call(2, "dev_create_quotation", &keyed(email, email));
        message["params"]["_meta"] = json!({ "progressToken": "t" });
        let (client, url) = (&app.app.client, &app.app.url);
        let mut stream = if has_session {
            let sse = Sse::connect(client, url).await;
            sse.send(&message).await;
            sse.stream
        } else {
            let meta = &mut message["params"]["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
            meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
            let request = Streamable::bare(client, url).header("mcp-protocol-version", "2026-07-28");
            let request =
                request.header("mcp-method", "tools/call").header("mcp-name", "dev_create_quotation");
            Stream::new(request.json(&message).send().await.unwrap())
        };
        while stream.message().await.unwrap()["params"]["message"] != "Creando lead..." {}
        drop(stream);
        made_once(&app, email).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_told_by_its_tracking_id() {
    let email = "late@mcp.example";
    let builder = McpTools::builder()
        .timeout(Duration::from_secs(5))
        .configure(|config| config.mcp.inline = Duration::from_millis(200));
    let app = builder.start_mcp().await;
    app.odoo.proxy.plan(|_, name| (name == "crm.lead.load").then_some(Fault::Refuse));
    let result = app.result("dev_create_quotation", request(email)).await;
    assert_eq!(result.is_error, Some(false));
    let said = crate::support::mcp::text(&result);
    let status = result.structured_content.unwrap();
    assert_eq!(status["status"], "processing", "{status}");
    let id = status["tracking_id"].as_str().unwrap();
    assert!(said.contains(&format!("Ask dev_get_quotation_status with tracking_id {id}")), "{said}");
    assert!(said.contains("do not create it again"), "{said}");
    app.no_faults();
    let status = finished(&app, &id.parse().unwrap()).await;
    assert_eq!(status["status"], "completed", "{status}");
    Made::by_email(app.sandbox(), email).assert_exactly_once(&REQUEST_LINES, email);
}

#[tokio::test(flavor = "multi_thread")]
async fn odoo_down_for_good_is_an_error_with_advice() {
    let app = McpTools::builder()
        .configure(|config| config.tasks.deadline = Duration::from_millis(500))
        .start_mcp()
        .await;
    app.odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let result = app.result("dev_create_quotation", request("down@mcp.example")).await;
    assert_eq!(result.is_error, Some(true), "{result:?}");
    let said = crate::support::mcp::text(&result);
    assert!(
        said.starts_with("Se perdió la conexión con Odoo") && said.contains("repita la solicitud"),
        "{said}"
    );
    assert!(said.contains("odoo_connection_lost"), "{said}");
    let status = result.structured_content.unwrap();
    assert_eq!(
        (&status["status"], &status["error_code"]),
        (&json!("failed"), &json!("odoo_connection_lost"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_before_a_failure_is_told() {
    let app = McpTools::builder()
        .configure(|config| config.tasks.deadline = Duration::from_millis(200))
        .start_mcp()
        .await;
    app.odoo.proxy.plan(|_, name| (name == "crm.lead.load").then_some(Fault::Overloaded));
    let result = app.result("dev_create_quotation", request("half@mcp.example")).await;
    assert_eq!(result.is_error, Some(true), "{result:?}");
    let made = Made::by_email(app.sandbox(), "half@mcp.example");
    assert_eq!((made.partners.len(), made.leads.len(), made.orders.len()), (1, 0, 0));
    let said = crate::support::mcp::text(&result);
    assert!(said.contains(&format!("In Odoo already:\ncustomer: {}\n", made.partners[0]["id"])), "{said}");
}
