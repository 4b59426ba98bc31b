//! The handler that serves the fixtures.
#![allow(deprecated, reason = "the suite tests sampling and logging, which MCP is about to drop")]

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, ClientCapabilities,
    CompleteRequestParams, CompleteResult, ErrorData, GetPromptRequestParams, GetPromptResponse,
    GetPromptResult, GetTaskParams, GetTaskResult, InputRequiredResult, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, RequestStateCodec, ServerConfig, SetLevelRequestParams, SubscribeRequestParams,
    SubscriptionFilter, TASKS_EXTENSION_ID, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::task_manager::TaskManager;
use rmcp::{RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::rounds::Round;
use crate::{content, tasks};

const PAUSE: Duration = Duration::from_millis(50);

/// The fixtures.
#[derive(Clone)]
pub struct Fixtures {
    codec: Arc<RequestStateCodec>,
    changes: broadcast::Sender<Change>,
    tasks: TaskManager,
}

#[derive(Clone, Copy)]
enum Change {
    Tools,
    Prompts,
}

type Context = RequestContext<RoleServer>;

/// A fixture as what rmcp sends.
pub fn typed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the fixture has the form of its type")
}

/// A result that is the whole answer; rmcp leaves the word out where a version does not know it.
pub fn complete<T: DeserializeOwned>(mut result: Value) -> T {
    result["resultType"] = "complete".into();
    typed(result)
}

fn page(key: &str, items: Value) -> Value {
    json!({ key: items, "ttlMs": 1000, "cacheScope": "public" })
}

/// What a tool says.
pub fn says(text: &str) -> Value {
    json!({ "content": [content::text(text)] })
}

/// What a tool says that failed.
pub fn failed(text: &str) -> Value {
    json!({ "isError": true, "content": [content::text(text)] })
}

impl Fixtures {
    pub fn new() -> Self {
        let codec = RequestStateCodec::try_new(*b"a key that only this example uses").expect("a long key");
        Self { codec: Arc::new(codec), changes: broadcast::Sender::new(16), tasks: TaskManager::new() }
    }

    async fn call(&self, name: &str, arguments: Value, cx: &Context) -> Result<Value, ErrorData> {
        if let Some(fixed) = content::fixed(name) {
            return Ok(fixed);
        }
        match name {
            "greet" => Ok(says(&format!("Hello, {}!", arguments["name"].as_str().unwrap_or_default()))),
            "slow_compute" => {
                tokio::time::sleep(tasks::pause(&arguments)).await;
                Ok(says("Computed"))
            }
            "test_tool_with_logging" | "test_logging_tool" => {
                for message in ["Tool execution started", "Tool processing data", "Tool execution completed"]
                {
                    if may_log(cx) {
                        let log = json!({ "level": "info", "logger": "fixtures", "data": message });
                        let _ = cx.peer.notify_logging_message(typed(log)).await;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(says("Logged"))
            }
            "test_tool_with_progress" => {
                for progress in [0.0, 50.0, 100.0] {
                    if let Some(token) = cx.meta.get_progress_token() {
                        let progress =
                            ProgressNotificationParam::new(token.clone(), progress).with_total(100.0);
                        let _ = cx.peer.notify_progress(progress).await;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(says("Done in steps"))
            }
            "test_sampling" => {
                let message =
                    json!({ "role": "user", "content": { "type": "text", "text": arguments["prompt"] } });
                let params = json!({ "messages": [message], "maxTokens": 100 });
                Ok(match cx.peer.create_message(typed(params)).await {
                    Ok(answer) => {
                        let answer = serde_json::to_value(answer).unwrap_or_default();
                        says(&format!(
                            "LLM response: {}",
                            answer["content"]["text"].as_str().unwrap_or_default()
                        ))
                    }
                    Err(error) => failed(&error.to_string()),
                })
            }
            "test_elicitation" => {
                let text = |description: &str| json!({ "type": "string", "description": description });
                let fields =
                    json!({ "username": text("User's response"), "email": text("User's email address") });
                let schema =
                    json!({ "type": "object", "properties": fields, "required": ["username", "email"] });
                Ok(elicit(cx, &arguments["message"], &schema, "User response").await)
            }
            "test_elicitation_sep1034_defaults" => {
                Ok(elicit(cx, &json!("Please review"), &content::defaults(), "Elicitation completed").await)
            }
            "test_elicitation_sep1330_enums" => {
                Ok(elicit(cx, &json!("Please choose"), &content::choices(), "Elicitation completed").await)
            }
            "test_missing_capability" => match capabilities(cx)["sampling"] {
                Value::Object(_) => Ok(says("The client can sample")),
                _ => {
                    let needed: ClientCapabilities = typed(json!({ "sampling": {} }));
                    Err(ErrorData::missing_required_client_capability(needed))
                }
            },
            "test_trigger_tool_change" => Ok(self.changed(Change::Tools)),
            "test_trigger_prompt_change" => Ok(self.changed(Change::Prompts)),
            _ => Err(ErrorData::invalid_params(format!("there is no tool {name}"), None)),
        }
    }

    fn changed(&self, change: Change) -> Value {
        let _ = self.changes.send(change);
        says("Changed")
    }
}

/// Up to 2025-11-25 the level is set for the session; after that a request asks for logs itself.
fn may_log(cx: &Context) -> bool {
    cx.meta.protocol_version().is_none_or(|version| version < ProtocolVersion::V_2026_07_28)
        || cx.meta.log_level().is_some()
}

fn capabilities(cx: &Context) -> Value {
    let capabilities = cx.meta.client_capabilities();
    serde_json::to_value(capabilities).unwrap_or_default()
}

async fn elicit(cx: &Context, message: &Value, schema: &Value, says_first: &str) -> Value {
    let params = json!({ "mode": "form", "message": message, "requestedSchema": schema });
    match cx.peer.create_elicitation(typed(params)).await {
        Ok(answer) => {
            let answer = serde_json::to_value(answer).unwrap_or_default();
            let (action, content) = (answer["action"].as_str().unwrap_or_default(), &answer["content"]);
            says(&format!("{says_first}: action={action}, content={content}"))
        }
        Err(error) => failed(&error.to_string()),
    }
}

impl ServerHandler for Fixtures {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(typed(json!({
            "completions": {},
            "extensions": { TASKS_EXTENSION_ID: {} },
            "logging": {},
            "prompts": { "listChanged": true },
            "resources": { "subscribe": true },
            "tools": { "listChanged": true },
        })))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(complete(page("tools", content::tools().into())))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        content::tools().into_iter().find(|tool| tool["name"] == name).map(typed)
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        cx: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let can_follow = cx.client_capabilities().is_some_and(|client| client.supports_tasks());
        tasks::check(&call.name, can_follow)?;
        let (answers, capabilities) = (json!(call.input_responses.unwrap_or_default()), capabilities(&cx));
        let round = Round {
            answers: &answers,
            state: call.request_state.as_deref(),
            capabilities: &capabilities,
            codec: &self.codec,
        };
        if let Some(result) = round.tool(&call.name)? {
            return Ok(if result["resultType"] == "input_required" {
                typed::<InputRequiredResult>(result).into()
            } else {
                complete::<CallToolResult>(result).into()
            });
        }
        let arguments = call.arguments.unwrap_or_default().into();
        if can_follow {
            let user = round.given("user_name", "name");
            if let Some(task) = tasks::start(&self.tasks, &call.name, &arguments, user) {
                return Ok(task.into());
            }
        }
        let result = self.call(&call.name, arguments, &cx).await?;
        Ok(complete::<CallToolResult>(result).into())
    }

    async fn get_task(&self, get: GetTaskParams, _: Context) -> Result<GetTaskResult, ErrorData> {
        self.tasks.get_task(&get.task_id).map(GetTaskResult::new)
    }

    async fn update_task(&self, update: UpdateTaskParams, _: Context) -> Result<(), ErrorData> {
        self.tasks.update_task(&update.task_id, update.input_responses)
    }

    async fn cancel_task(&self, cancel: CancelTaskParams, _: Context) -> Result<(), ErrorData> {
        self.tasks.cancel_task(&cancel.task_id)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(complete(page("resources", content::resources())))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(complete(page("resourceTemplates", content::templates())))
    }

    async fn read_resource(
        &self,
        read: ReadResourceRequestParams,
        _: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let Some(resource) = content::resource(&read.uri) else {
            let data = json!({ "uri": read.uri });
            return Err(ErrorData::invalid_params("Resource not found", Some(data)));
        };
        Ok(complete::<ReadResourceResult>(page("contents", json!([resource]))).into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(complete(page("prompts", content::prompts())))
    }

    async fn get_prompt(
        &self,
        get: GetPromptRequestParams,
        cx: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        if get.name == "test_input_required_result_prompt" {
            let (answers, capabilities) = (json!(get.input_responses.unwrap_or_default()), capabilities(&cx));
            let round =
                Round { answers: &answers, state: None, capabilities: &capabilities, codec: &self.codec };
            let result = round.prompt();
            return Ok(if result["resultType"] == "input_required" {
                typed::<InputRequiredResult>(result).into()
            } else {
                complete::<GetPromptResult>(result).into()
            });
        }
        let arguments = get.arguments.map(Value::from).unwrap_or_default();
        let prompt = content::prompt(&get.name, &arguments);
        let prompt = prompt.ok_or_else(|| ErrorData::invalid_params("there is no such prompt", None))?;
        Ok(complete::<GetPromptResult>(prompt).into())
    }

    async fn complete(&self, _: CompleteRequestParams, _: Context) -> Result<CompleteResult, ErrorData> {
        Ok(complete(
            json!({ "completion": { "values": ["paris", "park", "party"], "total": 3, "hasMore": false } }),
        ))
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.changes.subscribe();
        loop {
            let change = tokio::select! {
                change = changes.recv() => change,
                () = context.cancelled() => return Ok(()),
            };
            // What the client has not asked for is refused by the sink.
            let _ = match change {
                Ok(Change::Tools) => context.sink().notify_tool_list_changed().await,
                Ok(Change::Prompts) => context.sink().notify_prompt_list_changed().await,
                Err(_) => return Ok(()),
            };
        }
    }
}
