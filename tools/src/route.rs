//! From a function of core to a tool.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use garde::Validate;
use mcp_odoo_core::erp::ErpError;
use mcp_odoo_core::input;
use rmcp::handler::server::router::tool::ToolRoute;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{CallToolResponse, CallToolResult, ErrorData, JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::reply::{self, Text};
use crate::{OdooTools, schema};

/// What a tool does to Odoo, for clients that ask before they call.
#[derive(Clone, Copy)]
pub enum Does {
    /// Reads.
    Read,
    /// Adds records; repeated, it adds more.
    Add,
    /// Overwrites values; repeated, it changes nothing more.
    Overwrite,
    /// Tells a person outside of Odoo.
    Tell,
}

/// A tool as clients list it.
pub struct Spec {
    /// Name
    pub name: &'static str,
    /// Title for people
    pub title: &'static str,
    /// When to use it, when not, an example, what comes back
    pub description: &'static str,
    /// What it does to Odoo
    pub does: Does,
    /// How its answer reads
    pub text: Text,
}

impl Spec {
    /// The tool with these schemas.
    pub fn tool(&self, input: JsonObject, output: JsonObject) -> Tool {
        let hints = match self.does {
            Does::Read => ToolAnnotations::new().read_only(true).destructive(false).idempotent(true),
            Does::Add => ToolAnnotations::new().read_only(false).destructive(false).idempotent(false),
            Does::Tell => ToolAnnotations::new().read_only(false).destructive(false).idempotent(false),
            Does::Overwrite => ToolAnnotations::new().read_only(false).destructive(true).idempotent(true),
        };
        Tool::new(self.name, self.description, Arc::new(input))
            .with_title(self.title)
            .with_raw_output_schema(Arc::new(output))
            .with_annotations(hints.open_world(matches!(self.does, Does::Tell)))
    }

    /// The tool that calls a function of core with its arguments.
    pub fn route<A, R, F, Fut>(self, call: F) -> ToolRoute<OdooTools>
    where
        A: DeserializeOwned + Validate<Context = ()> + JsonSchema + Send,
        R: Serialize + JsonSchema,
        F: Fn(OdooTools, A) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<R, ErpError>> + Send,
    {
        let tool = self.tool(schema::input::<A>(), schema::output::<R>());
        ToolRoute::new_dyn(tool, move |context: ToolCallContext<'_, OdooTools>| {
            let (tools, call) = (context.service.clone(), call.clone());
            let shared = Arc::clone(&tools.shared);
            let arguments = given(context.arguments);
            let stop = context.request_context.ct;
            let answer = async move {
                let arguments = match input::parse::<A>(arguments.into()) {
                    Ok(arguments) => arguments,
                    Err(errors) => return reply::invalid(&errors),
                };
                match call(tools, arguments).await {
                    Ok(answer) => reply::success(&answer, self.text),
                    Err(error) => reply::failed(&error, error.code()),
                }
            };
            answered(async move {
                match self.does {
                    // Nobody reads the answer of a call that was cancelled.
                    Does::Read => stop.run_until_cancelled(answer).await.unwrap_or_else(cancelled),
                    Does::Add | Does::Overwrite | Does::Tell => {
                        match stop.run_until_cancelled(shared.writing.acquire()).await {
                            // What is being written is seen through.
                            Some(Ok(_place)) => answer.await,
                            Some(Err(_)) | None => cancelled(),
                        }
                    }
                }
            })
        })
    }
}

/// The answer of a tool, also when a defect stops it: without one the client would wait for ever.
pub fn answered<'a>(
    answer: impl Future<Output = CallToolResult> + Send + 'a,
) -> BoxFuture<'a, Result<CallToolResponse, ErrorData>> {
    let defect = |_| {
        let sentence =
            "the service has a defect: tell its administrator, and look for what may have been made";
        reply::failed(&sentence, "internal_error")
    };
    async move { Ok(AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(defect).into()) }.boxed()
}

/// The arguments that are there: models send null for what they leave out.
pub fn given(arguments: Option<JsonObject>) -> JsonObject {
    let mut arguments = arguments.unwrap_or_default();
    arguments.retain(|_, argument| !argument.is_null());
    arguments.values_mut().for_each(input::whole);
    arguments
}

fn cancelled() -> CallToolResult {
    reply::failed(&"the call was cancelled", "cancelled")
}

/// For tools without arguments.
#[derive(serde::Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NoArguments {}
