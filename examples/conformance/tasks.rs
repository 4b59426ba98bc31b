//! Calls that become tasks for a client that can follow them (MCP's tasks extension).

use std::time::Duration;

use rmcp::model::{CallToolResult, ClientCapabilities, CreateTaskResult, ErrorData};
use rmcp::task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions};
use serde_json::Value;

use crate::handler::{complete, failed, says, typed};
use crate::rounds::elicit;

/// Tools whose answer would come too late for a call.
const ONLY_AS_TASK: [&str; 5] =
    ["failing_job", "protocol_error_job", "confirm_delete", "multi_input", "test_tool_with_task"];

/// Refuses a tool that has to become a task to a client that could not follow it.
pub fn check(tool: &str, can_follow: bool) -> Result<(), ErrorData> {
    if can_follow || !ONLY_AS_TASK.contains(&tool) {
        return Ok(());
    }
    let needed = ClientCapabilities::builder().enable_tasks().build();
    Err(ErrorData::missing_required_client_capability(needed))
}

/// Starts the task of a call, if the tool has one; `user` is whom the rounds before have found.
pub fn start(
    manager: &TaskManager,
    tool: &str,
    arguments: &Value,
    user: Option<&str>,
) -> Option<CreateTaskResult> {
    if tool != "slow_compute" && !ONLY_AS_TASK.contains(&tool) {
        return None;
    }
    let (tool, pause) = (tool.to_owned(), pause(arguments));
    let greeting = format!("Hello, {}!", user.unwrap_or_default());
    let work = move |cx: TaskContext| async move {
        let result = match tool.as_str() {
            "slow_compute" => tokio::select! {
                () = tokio::time::sleep(pause) => says("Computed"),
                () = cx.cancelled() => return Err(TaskExit::Cancelled),
            },
            "failing_job" => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                failed("This job always fails")
            }
            "protocol_error_job" => {
                return Err(ErrorData::internal_error("This job always breaks", None).into());
            }
            "confirm_delete" => {
                let answer = ask(&cx, "confirm", "Delete the file?", "boolean").await?;
                says(if answer["content"]["confirm"] == true { "Deleted" } else { "Kept" })
            }
            "multi_input" => {
                let name = ask(&cx, "name", "What is your name?", "string");
                let confirm = ask(&cx, "confirm", "Please confirm", "boolean");
                tokio::try_join!(name, confirm)?;
                says("Both answers are there")
            }
            _ => says(&greeting),
        };
        Ok(complete::<CallToolResult>(result))
    };
    let task = manager.spawn(TaskOptions::new(), |cx| Box::pin(work(cx)));
    Some(CreateTaskResult::new(task))
}

/// How long `slow_compute` is asked to take.
pub fn pause(arguments: &Value) -> Duration {
    Duration::from_secs(arguments["seconds"].as_u64().unwrap_or_default())
}

async fn ask(cx: &TaskContext, field: &str, message: &str, kind: &str) -> Result<Value, TaskExit> {
    cx.request_input(field, typed(elicit(message, field, kind))).await
}
