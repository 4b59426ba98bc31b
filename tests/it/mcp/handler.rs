//! A handler whose calls the test holds in its hands.

use std::sync::Arc;

use axum::http::request::Parts;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, JsonObject,
    ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ServerCapabilities, ServerConfig,
    Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

/// Tools `echo`, `wait` (until released or cancelled), `steps` (three progress notifications) and `header`.
#[derive(Clone)]
pub struct Handler {
    release: Arc<Semaphore>,
    waiting: watch::Sender<usize>,
    cancelled: watch::Sender<usize>,
}

impl Handler {
    pub fn new() -> Self {
        Self {
            release: Arc::new(Semaphore::new(0)),
            waiting: watch::Sender::new(0),
            cancelled: watch::Sender::new(0),
        }
    }

    /// Until this many calls of `wait` have begun.
    pub async fn waiting(&self, calls: usize) {
        self.waiting.subscribe().wait_for(|waiting| *waiting >= calls).await.unwrap();
    }

    /// Until this many of them were cancelled.
    pub async fn cancelled(&self, calls: usize) {
        self.cancelled.subscribe().wait_for(|cancelled| *cancelled >= calls).await.unwrap();
    }

    /// Lets one of them end.
    pub fn release(&self) {
        self.release.add_permits(1);
    }

    async fn answer(&self, name: &str, arguments: &JsonObject, cx: &RequestContext<RoleServer>) -> String {
        match name {
            "wait" => {
                self.waiting.send_modify(|waiting| *waiting += 1);
                tokio::select! {
                    permit = self.release.acquire() => permit.unwrap().forget(),
                    () = cx.ct.cancelled() => self.cancelled.send_modify(|cancelled| *cancelled += 1),
                }
                "released".to_owned()
            }
            "steps" => {
                let token = cx.meta.get_progress_token().unwrap();
                for step in [1.0, 2.0, 3.0] {
                    let step = ProgressNotificationParam::new(token.clone(), step).with_total(3.0);
                    cx.peer.notify_progress(step).await.unwrap();
                }
                "done".to_owned()
            }
            "header" => {
                let parts = cx.extensions.get::<Parts>().unwrap();
                parts.headers["x-test"].to_str().unwrap().to_owned()
            }
            _ => arguments.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let Value::Object(schema) = json!({ "type": "object" }) else { panic!("an object") };
        let schema = Arc::new(schema);
        let tools =
            ["echo", "header", "steps", "wait"].map(|name| Tool::new(name, name, Arc::clone(&schema)));
        Ok(ListToolsResult::with_all_items(tools.into()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        cx: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let answer = self.answer(&call.name, &call.arguments.unwrap_or_default(), &cx).await;
        Ok(CallToolResult::success(vec![ContentBlock::text(answer)]).into())
    }
}
