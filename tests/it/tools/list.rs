//! The list of tools: as it was, small, and with schemas that strict clients take.

use mcp_odoo_core::phone::{CountryCode, Phone};
use mcp_odoo_core::twilio::{Channel, TwilioSetup};
use mcp_odoo_tools::tools;
use mcp_odoo_tools::toolset::{Toolset, Toolsets};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::mcp::{Caller, McpTools};
use crate::support::twilio::{FROM, Twilio};

/// Every model that is connected pays for this with each of its questions: of what is always listed, and of all that is
/// listed unless `TOOLSETS` says otherwise.
const MOST_BYTES: [usize; 2] = [16_000, 28_000];

async fn listed() -> Value {
    serde_json::to_value(&McpTools::start().await.tools).unwrap()
}

#[tokio::test]
async fn it_is_as_it_was() {
    insta::assert_json_snapshot!(listed().await);
}

#[tokio::test]
async fn it_is_sorted_and_the_same_on_every_connection() {
    let app = McpTools::start().await;
    let first = &app.tools;
    let names: Vec<&str> = first.iter().map(|tool| tool.name.as_ref()).collect();
    let shown = Toolsets::default();
    let mut table: Vec<&str> =
        tools().iter().filter(|tool| shown.show(tool.toolset)).map(|tool| tool.spec.name).collect();
    table.sort_unstable();
    assert_eq!(names, table);
    assert_eq!(first, &Caller::connect(&app.app.url).await.tools);
    assert_eq!(first, &McpTools::start().await.tools);
}

#[tokio::test]
async fn it_is_small() {
    let all = listed().await;
    let of = |name: &Value| tools().into_iter().find(|tool| tool.spec.name == name).unwrap().toolset;
    let quotation = all.as_array().unwrap().iter().filter(|tool| of(&tool["name"]) == Toolset::Quotation);
    let quotation: Vec<&Value> = quotation.collect();
    let sizes = [json!(quotation), all.clone()].map(|tools| json!({ "tools": tools }).to_string().len());
    println!("tools/list: {sizes:?} bytes");
    assert!(sizes.iter().zip(MOST_BYTES).all(|(size, most)| *size <= most), "{sizes:?}");
}

#[tokio::test]
async fn every_tool_says_what_it_is() {
    for tool in listed().await.as_array().unwrap() {
        let name = &tool["name"];
        assert!(tool["title"].as_str().is_some_and(|title| !title.is_empty()), "{name}");
        assert!(tool["description"].as_str().is_some_and(|text| text.len() > 60), "{name}");
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{name} {hint}");
        }
        // An answer of a few plain values has none.
        let schemas = ["inputSchema", "outputSchema"].into_iter();
        for schema in schemas.filter(|schema| *schema == "inputSchema" || tool[schema].is_object()) {
            assert_eq!(tool[schema]["type"], "object", "{name} {schema}");
            assert!(tool[schema]["properties"].is_object(), "{name} {schema}");
            check(&tool[schema], &format!("{name} {schema}"));
        }
        closed(&tool["inputSchema"], &format!("{name}"));
    }
}

/// The rules of strict clients, at every depth.
fn check(schema: &Value, path: &str) {
    let fields = schema.as_object().unwrap_or_else(|| panic!("{path}: a schema is an object, not {schema}"));
    let kind = fields.get("type").and_then(Value::as_str);
    let kind = kind.unwrap_or_else(|| panic!("{path}: one type and no other, not {schema}"));
    assert!(["object", "array", "string", "integer", "number", "boolean"].contains(&kind), "{path}: {kind}");
    for keyword in ["$ref", "$defs", "$schema", "definitions", "anyOf", "oneOf", "allOf", "nullable", "const"]
    {
        assert!(!fields.contains_key(keyword), "{path}: {keyword}");
    }
    assert_ne!(fields.get("default"), Some(&Value::Null), "{path}: a default of null");
    let properties = fields.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let path = format!("{path}.{name}");
        check(property, &path);
        let description = property["description"].as_str().unwrap_or_default();
        assert!(!description.is_empty(), "{path} has no description");
    }
    for name in fields.get("required").and_then(Value::as_array).into_iter().flatten() {
        let known = properties.is_some_and(|properties| properties.contains_key(name.as_str().unwrap()));
        assert!(known, "{path}: {name} is required but unknown");
    }
    if kind == "array" {
        check(&fields["items"], &format!("{path}[]"));
    }
    match fields.get("additionalProperties") {
        None | Some(Value::Bool(false)) => {}
        Some(schema) => check(schema, &format!("{path}.*")),
    }
}

/// An input says that it takes nothing else, at every depth that names what it takes.
fn closed(schema: &Value, path: &str) {
    if let Some(properties) = schema["properties"].as_object() {
        assert_eq!(schema["additionalProperties"], false, "{path}");
        properties.iter().for_each(|(name, property)| closed(property, &format!("{path}.{name}")));
    }
    if schema["items"].is_object() {
        closed(&schema["items"], &format!("{path}[]"));
    }
}

/// The examples in the descriptions are arguments that work; where one id is all there is to give, none is needed.
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_work() {
    let twilio = Twilio::start().await;
    let setup = TwilioSetup::Ready(twilio.config(Channel::Whatsapp));
    let fallback = Phone::parse(FROM, CountryCode::default()).unwrap();
    let app = TestApp::builder().configure(|config| {
        config.twilio = setup;
        config.messages.phones.fallback = Some(fallback);
    });
    let app = app.start_mcp().await;
    let mut tried = 0;
    for tool in &app.tools {
        let description = tool.description.clone().unwrap_or_default();
        let Some((_, example)) = description.split_once("E.g. ") else { continue };
        let mut values = serde_json::Deserializer::from_str(example).into_iter::<Value>();
        let example = values.next().unwrap().unwrap_or_else(|error| panic!("{}: {error}", tool.name));
        let result = app.result(&tool.name, example).await;
        assert_eq!(result.is_error, Some(false), "{}: {result:?}", tool.name);
        tried += 1;
    }
    assert!(tried >= 8, "{tried}");
}

#[tokio::test]
async fn the_server_introduces_itself() {
    let app = McpTools::start().await;
    let info = app.client.peer_info().unwrap();
    let server = info.server_info.clone().unwrap();
    assert_eq!((server.name.as_str(), server.version.as_str()), ("mcp-odoo", env!("CARGO_PKG_VERSION")));
    let instructions = info.instructions.clone().unwrap();
    assert!(instructions.contains("quotation") && instructions.contains("cotizar"), "{instructions}");
}

#[test]
fn the_documentation_names_every_tool() {
    let page = include_str!("../../../docs/CLIENTS.md");
    for tool in tools() {
        let name = tool.spec.name;
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error() {
    let app = McpTools::start().await;
    let params = rmcp::model::CallToolRequestParams::new("no_such_tool");
    match app.client.call_tool(params).await {
        Err(rmcp::ServiceError::McpError(error)) => assert_eq!(error.code.0, -32602, "{error:?}"),
        other => panic!("{other:?}"),
    }
}
