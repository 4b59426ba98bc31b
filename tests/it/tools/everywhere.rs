//! Every tool on every transport, by rmcp's client: the calls that `scripts/mcp-clients` has the official
//! clients make.

use std::process::Stdio;

use reqwest::StatusCode;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::PollSender;

use crate::mcp::client::Sse;
use crate::support::app::TestApp;
use crate::support::mcp::Caller;
use crate::support::process::binary;

const CALLS: &str = include_str!("../../../scripts/mcp-clients.d/calls.json");

async fn every_tool(caller: &Caller) {
    let calls: Vec<Vec<Value>> = serde_json::from_str(CALLS).unwrap();
    let mut called: Vec<&str> = calls.iter().map(|call| call[0].as_str().unwrap()).collect();
    called.sort_unstable();
    assert_eq!(caller.tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>(), called);
    let mut tracking_id = Value::Null;
    for call in &calls {
        let (tool, mut arguments) = (call[0].as_str().unwrap(), call[1].clone());
        for value in arguments.as_object_mut().unwrap().values_mut() {
            match value.as_str() {
                Some("$key") => *value = json!("everywhere"),
                Some("$tracking_id") => *value = tracking_id.clone(),
                _ => {}
            }
        }
        if let Some(code) = call.get(2) {
            let said = caller.error(tool, arguments).await;
            assert!(said.contains(code.as_str().unwrap()), "{tool}: {said}");
            continue;
        }
        let answer = caller.call(tool, arguments).await;
        if tool == "dev_create_quotation" {
            assert!(answer["output"]["sale_order_id"].is_i64(), "{answer}");
            caller.client.service().until(|step| step == "Leyendo la cotización...").await;
            tracking_id = answer["tracking_id"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_streamable_http() {
    let app = TestApp::start().await;
    every_tool(&Caller::connect(&app.url).await).await;
}

/// rmcp's client does not speak it: it is given the messages.
#[tokio::test(flavor = "multi_thread")]
async fn over_sse() {
    let app = TestApp::start().await;
    let mut sse = Sse::open(&app.client, &app.url).await;
    let (post, (asked, mut asking)) = (sse.post(), mpsc::channel::<ClientJsonRpcMessage>(16));
    tokio::spawn(async move {
        while let Some(message) = asking.recv().await {
            let answer = post.try_clone().unwrap().json(&message).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::ACCEPTED);
        }
    });
    let (answers, answered) = mpsc::channel::<ServerJsonRpcMessage>(16);
    tokio::spawn(async move {
        while let Some(message) = sse.stream.message().await {
            answers.send(serde_json::from_value(message).unwrap()).await.unwrap();
        }
    });
    every_tool(&Caller::over((PollSender::new(asked), ReceiverStream::new(answered))).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_stdio() {
    let folder = TempDir::new().unwrap();
    let mut command = binary(folder.path());
    command.arg("stdio");
    let (transport, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn().unwrap();
    let caller = Caller::over(transport).await;
    every_tool(&caller).await;
    caller.client.cancel().await.unwrap();
}
