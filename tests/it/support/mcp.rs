//! The MCP tools in front of the embedded Odoo, called by rmcp's client through a pipe in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_odoo_core::journal::Journal;
use mcp_odoo_core::odoo::{Odoo as Client, ProtocolChoice};
use mcp_odoo_core::quotation::pipeline::Pipeline;
use mcp_odoo_core::quotation::salespeople::SalesConfig;
use mcp_odoo_core::quotation::target::Target;
use mcp_odoo_core::tasks::{TaskConfig, Tasks};
use mcp_odoo_sandbox::{Options, Sandbox, Version};
use mcp_odoo_tools::{OdooTools, Services};
use rmcp::model::{CallToolRequest, CallToolRequestParams, CallToolResult, ProgressNotificationParam, Tool};
use rmcp::service::{NotificationContext, PeerRequestOptions, RequestHandle, RunningService};
use rmcp::{ClientHandler, RoleClient, ServerHandler, ServiceExt};
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::sync::watch;

use super::app::Odoo;

/// How [`McpTools`] are to be.
pub struct Builder {
    options: Options,
    protocol: ProtocolChoice,
    timeout: Duration,
    inline: Duration,
    config: TaskConfig,
    reader: Option<Arc<Odoo>>,
}

/// The tools and one client of theirs.
pub struct McpTools {
    pub odoo: Arc<Odoo>,
    pub tasks: Tasks,
    pub handler: OdooTools,
    pub client: RunningService<RoleClient, Listener>,
    _log_dir: TempDir,
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
    pub fn version(mut self, version: Version) -> Self {
        self.options.version = version;
        self
    }

    pub fn protocol(mut self, protocol: ProtocolChoice) -> Self {
        self.protocol = protocol;
        self
    }

    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub fn inline(mut self, inline: Duration) -> Self {
        self.inline = inline;
        self
    }

    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.config.deadline = deadline;
        self
    }

    /// Reads from another Odoo than it writes to.
    pub fn reader(mut self, reader: Arc<Odoo>) -> Self {
        self.reader = Some(reader);
        self
    }

    pub async fn start(self) -> McpTools {
        let odoo = Odoo::start(self.options).await;
        let client_of = |odoo: &Odoo| Client::new(odoo.config(self.protocol, self.timeout)).unwrap();
        let writer = client_of(&odoo);
        let reader = self.reader.as_deref().map_or_else(|| writer.clone(), client_of);
        let log_dir = TempDir::new().unwrap();
        let target = Target::server(&odoo.config(self.protocol, self.timeout));
        let pipeline = Pipeline::new(writer.clone(), SalesConfig::default());
        let sales = pipeline.salespeople().clone();
        let tasks = Tasks::new(self.config, pipeline, Journal::open(log_dir.path(), target).unwrap());
        let services = Services { tasks: tasks.clone(), reader, writer, sales, inline: self.inline };
        let handler = OdooTools::new(services);
        let client = connect(&handler).await;
        McpTools { odoo, tasks, handler, client, _log_dir: log_dir }
    }
}

/// A client of its own.
pub async fn connect(handler: &OdooTools) -> RunningService<RoleClient, Listener> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let server = handler.clone();
    tokio::spawn(async move { server.serve(theirs).await.unwrap().waiting().await });
    Listener::new().serve(ours).await.unwrap()
}

/// Sends a call without waiting for its answer.
pub async fn begin(
    client: &RunningService<RoleClient, Listener>,
    tool: &str,
    arguments: Value,
) -> RequestHandle<RoleClient> {
    let request = CallToolRequest::new(params(tool, arguments));
    client.send_cancellable_request(request.into(), PeerRequestOptions::no_options()).await.unwrap()
}

impl McpTools {
    pub fn builder() -> Builder {
        Builder {
            options: Options::default(),
            protocol: ProtocolChoice::Auto,
            timeout: Duration::from_secs(10),
            inline: Duration::from_secs(25),
            config: TaskConfig {
                first_retry: Duration::from_millis(5),
                longest_retry: Duration::from_millis(50),
                ..TaskConfig::default()
            },
            reader: None,
        }
    }

    pub async fn start() -> Self {
        Self::builder().start().await
    }

    pub fn sandbox(&self) -> &Sandbox {
        &self.odoo.sandbox
    }

    pub async fn tools(&self) -> Vec<Tool> {
        self.client.list_all_tools().await.unwrap()
    }

    pub async fn result(&self, tool: &str, arguments: Value) -> CallToolResult {
        let result = self.client.call_tool(params(tool, arguments)).await.unwrap();
        let schema = self.handler.get_tool(tool).unwrap().output_schema.unwrap();
        if let Some(structured) = &result.structured_content {
            assert_fits(structured, &Value::Object((*schema).clone()), tool);
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
        begin(&self.client, tool, arguments).await
    }

    pub fn no_faults(&self) {
        self.odoo.proxy.plan(|_, _| None);
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
            let known = known.get(name).unwrap_or_else(|| panic!("{path}.{name} is not in the schema"));
            assert_fits(value, known, &format!("{path}.{name}"));
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
    let [content] = result.content.as_slice() else { panic!("one content: {result:?}") };
    content.as_text().expect("a text").text.clone()
}
