//! The MCP tools of the service, called by rmcp's client over Streamable HTTP.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use mcp_odoo_core::tasks::Tasks;
use mcp_odoo_sandbox::Sandbox;
use rmcp::model::{CallToolRequest, CallToolRequestParams, CallToolResult, ProgressNotificationParam, Tool};
use rmcp::service::{NotificationContext, PeerRequestOptions, RequestHandle, RunningService};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{IntoTransport, StreamableHttpClientTransport};
use rmcp::{ClientHandler, RoleClient, ServiceExt};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::app::{Builder, Odoo, TestApp};

/// The service and one client of its tools.
pub struct McpTools {
    pub app: TestApp,
    pub odoo: Arc<Odoo>,
    pub tasks: Tasks,
    pub caller: Caller,
}

/// A client, and the tools that it has listed.
pub struct Caller {
    pub client: RunningService<RoleClient, Listener>,
    pub tools: Vec<Tool>,
}

impl Deref for McpTools {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// A client that notes the progress it is told.
#[derive(Clone)]
pub struct Listener {
    told: Arc<Mutex<Vec<(f64, String)>>>,
    count: watch::Sender<usize>,
}

impl ClientHandler for Listener {
    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let message = progress.message.expect("every step says what it is");
        self.told.lock().unwrap().push((progress.progress, message));
        self.count.send_modify(|count| *count += 1);
    }
}

impl Listener {
    fn new() -> Self {
        Self { told: Arc::default(), count: watch::Sender::new(0) }
    }

    /// What was told so far, by the number each step came with.
    pub fn steps(&self) -> Vec<String> {
        let mut told = self.told.lock().unwrap().clone();
        told.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        told.into_iter().map(|(_, message)| message).collect()
    }

    /// Waits until a step was told of which this is true.
    pub async fn until(&self, is: impl Fn(&str) -> bool) {
        let told = |_: &usize| self.steps().iter().any(|step| is(step));
        self.count.subscribe().wait_for(told).await.unwrap();
    }
}

impl Builder {
    pub async fn start_mcp(self) -> McpTools {
        let app = self.start().await;
        let (odoo, tasks) = (Arc::clone(&app.odoo), app.state.tenant.tasks.clone());
        let caller = Caller::connect(&app.url).await;
        McpTools { app, odoo, tasks, caller }
    }
}

impl McpTools {
    pub fn builder() -> Builder {
        TestApp::builder()
    }

    pub async fn start() -> Self {
        Self::builder().start_mcp().await
    }

    pub fn sandbox(&self) -> &Sandbox {
        &self.odoo.sandbox
    }

    pub fn no_faults(&self) {
        self.odoo.proxy.plan(|_, _| None);
    }
}

impl Caller {
    /// A client of its own.
    pub async fn connect(url: &str) -> Self {
        Self::connect_by(super::http_client(), url).await
    }

    /// The same, whose requests this one sends.
    pub async fn connect_by(client: reqwest::Client, url: &str) -> Self {
        let config = StreamableHttpClientTransportConfig::with_uri(format!("{url}/mcp"));
        Self::over(StreamableHttpClientTransport::with_client(client, config)).await
    }

    /// A client of its own, over this transport.
    pub async fn over<T, E, A>(transport: T) -> Self
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let client = Listener::new().serve(transport).await.unwrap();
        let tools = client.list_all_tools().await.unwrap();
        Self { client, tools }
    }

    pub async fn result(&self, tool: &str, arguments: Value) -> CallToolResult {
        let result = self.client.call_tool(params(tool, arguments)).await.unwrap();
        // One that is not listed can be called all the same.
        let listed = self.tools.iter().find(|listed| listed.name == tool);
        let schema = listed.and_then(|listed| listed.output_schema.as_ref());
        if let (Some(structured), Some(schema)) = (&result.structured_content, schema) {
            let schema = schema.as_ref().clone();
            assert_fits(structured, &Value::Object(schema), tool);
        }
        result
    }

    /// The structured answer of a call that succeeds.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments).await;
        assert_eq!(result.is_error, Some(false), "{tool}: {result:?}");
        assert!(!text(&result).is_empty(), "{tool}");
        result.structured_content.expect("a structured answer")
    }

    /// What a call that fails says.
    pub async fn error(&self, tool: &str, arguments: Value) -> String {
        let result = self.result(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{tool}: {result:?}");
        text(&result)
    }

    /// Sends a call without waiting for its answer.
    pub async fn begin(&self, tool: &str, arguments: Value) -> RequestHandle<RoleClient> {
        let request = CallToolRequest::new(params(tool, arguments));
        self.client.send_cancellable_request(request.into(), PeerRequestOptions::no_options()).await.unwrap()
    }
}

/// Fails unless the answer is what the tool's output schema says, as strict clients check it.
fn assert_fits(answer: &Value, schema: &Value, path: &str) {
    let fits = match schema["type"].as_str().unwrap() {
        "object" => answer.is_object(),
        "array" => answer.is_array(),
        "string" => answer.is_string(),
        "integer" => answer.is_i64() || answer.is_u64(),
        "number" => answer.is_number(),
        "boolean" => answer.is_boolean(),
        other => panic!("{path}: {other}"),
    };
    assert!(fits, "{path}: {answer} is no {schema}");
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(answer), "{path}: {answer}");
    }
    if let (Some(known), Some(fields)) = (schema["properties"].as_object(), answer.as_object()) {
        for (name, value) in fields {
            match known.get(name) {
                Some(known) => assert_fits(value, known, &format!("{path}.{name}")),
                None => assert!(path.contains("_quotation"), "{path}.{name} is not in the schema"),
            }
        }
    }
    for element in answer.as_array().into_iter().flatten() {
        assert_fits(element, &schema["items"], &format!("{path}[]"));
    }
}

fn params(tool: &str, arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    CallToolRequestParams::new(tool.to_owned()).with_arguments(Map::from_iter(arguments))
}

/// The text for the model.
pub fn text(result: &CallToolResult) -> String {
    let (content, files) = result.content.split_first().expect("a content");
    assert!(files.iter().all(|file| file.as_resource().is_some()), "{result:?}");
    content.as_text().expect("a text").text.clone()
}
