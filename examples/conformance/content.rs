//! What the suite expects to find, as the JSON that goes over the wire.

use serde_json::{Value, json};

/// A red pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";
/// Silence of no length.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

/// Tools without arguments, beside those below.
const PLAIN_TOOLS: [&str; 28] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_error_handling",
    "test_tool_with_logging",
    "test_tool_with_progress",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_reconnection",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_logging_tool",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
    "failing_job",
    "protocol_error_job",
    "multi_input",
    "test_tool_with_task",
];

/// The tools.
pub fn tools() -> Vec<Value> {
    let plain = PLAIN_TOOLS.map(|name| tool(name, &json!({ "type": "object", "properties": {} })));
    let one = |name: &str, argument: &str| {
        let text = json!({ "type": "string", "description": "A text" });
        tool(name, &json!({ "type": "object", "properties": { argument: text }, "required": [argument] }))
    };
    let header = json!({
        "type": "object",
        "properties": { "region": { "type": "string", "description": "A text", "x-mcp-header": "Region" } },
    });
    let compute = json!({
        "type": "object",
        "properties": { "seconds": { "type": "integer", "minimum": 0 }, "label": { "type": "string" } },
        "required": ["seconds"],
    });
    let others = [
        one("greet", "name"),
        one("confirm_delete", "filename"),
        tool("slow_compute", &compute),
        one("test_sampling", "prompt"),
        one("test_elicitation", "message"),
        tool("test_header", &header),
        tool("json_schema_2020_12_tool", &json_schema_2020_12()),
    ];
    plain.into_iter().chain(others).collect()
}

fn tool(name: &str, schema: &Value) -> Value {
    json!({ "name": name, "description": format!("Fixture {name}"), "inputSchema": schema })
}

fn json_schema_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
        } },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}

/// What a tool that always says the same says.
pub fn fixed(tool: &str) -> Option<Value> {
    let image = json!({ "type": "image", "data": PNG, "mimeType": "image/png" });
    let resource = |uri: &str, mime_type: &str, text: &str| json!({ "type": "resource", "resource": { "uri": uri, "mimeType": mime_type, "text": text } });
    let content = match tool {
        "test_simple_text" => json!([text("This is a simple text response for testing.")]),
        "test_image_content" => json!([image]),
        "test_audio_content" => json!([{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }]),
        "test_embedded_resource" => {
            json!([resource(
                "test://embedded-resource",
                "text/plain",
                "This is an embedded resource content."
            )])
        }
        "test_multiple_content_types" => json!([
            text("Multiple content types test:"),
            image,
            resource("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#),
        ]),
        "test_error_handling" => {
            let says = text("This tool intentionally returns an error for testing");
            return Some(json!({ "isError": true, "content": [says] }));
        }
        "json_schema_2020_12_tool" | "test_header" | "test_reconnection" => json!([text("done")]),
        _ => return None,
    };
    Some(json!({ "content": content }))
}

/// A text as content.
pub fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// The resources.
pub fn resources() -> Value {
    let resource = |uri: &str, mime_type: &str| json!({ "uri": uri, "name": uri, "description": format!("Fixture {uri}"), "mimeType": mime_type });
    json!([
        resource("test://static-text", "text/plain"),
        resource("test://static-binary", "image/png"),
        resource("test://watched-resource", "text/plain"),
    ])
}

/// The template of resources.
pub fn templates() -> Value {
    json!([{
        "uriTemplate": "test://template/{id}/data", "name": "template", "description": "Fixture with an id",
        "mimeType": "application/json",
    }])
}

/// A resource, if it exists.
pub fn resource(uri: &str) -> Option<Value> {
    let content = match uri {
        "test://static-text" => {
            json!({ "mimeType": "text/plain", "text": "This is the content of the static text resource." })
        }
        "test://static-binary" => json!({ "mimeType": "image/png", "blob": PNG }),
        "test://watched-resource" => json!({ "mimeType": "text/plain", "text": "Watched" }),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
            json!({ "mimeType": "application/json", "text": data.to_string() })
        }
    };
    let mut content = content;
    content["uri"] = uri.into();
    Some(content)
}

/// The prompts.
pub fn prompts() -> Value {
    let argument = |name: &str| json!({ "name": name, "description": "A text", "required": true });
    let prompt = |name: &str, arguments: &[Value]| json!({ "name": name, "description": format!("Fixture {name}"), "arguments": arguments });
    json!([
        prompt("test_input_required_result_prompt", &[]),
        prompt("test_prompt_with_arguments", &[argument("arg1"), argument("arg2")]),
        prompt("test_prompt_with_embedded_resource", &[argument("resourceUri")]),
        prompt("test_prompt_with_image", &[]),
        prompt("test_simple_prompt", &[]),
    ])
}

/// A prompt, if it exists.
pub fn prompt(name: &str, arguments: &Value) -> Option<Value> {
    let argument = |name: &str| arguments[name].as_str().unwrap_or_default();
    let says = |content: Value| json!({ "role": "user", "content": content });
    let messages = match name {
        "test_simple_prompt" => json!([says(text("This is a simple prompt for testing."))]),
        "test_prompt_with_arguments" => {
            let (one, two) = (argument("arg1"), argument("arg2"));
            json!([says(text(&format!("Prompt with arguments: arg1='{one}', arg2='{two}'")))])
        }
        "test_prompt_with_embedded_resource" => {
            let said = "Embedded resource content for testing.";
            let resource = json!({ "uri": argument("resourceUri"), "mimeType": "text/plain", "text": said });
            json!([
                says(json!({ "type": "resource", "resource": resource })),
                says(text("Please process the embedded resource above.")),
            ])
        }
        "test_prompt_with_image" => json!([
            says(json!({ "type": "image", "data": PNG, "mimeType": "image/png" })),
            says(text("Please analyze the image above.")),
        ]),
        _ => return None,
    };
    Some(json!({ "messages": messages }))
}

/// The form with a default for each type.
pub fn defaults() -> Value {
    json!({ "type": "object", "properties": {
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
        "verified": { "type": "boolean", "default": true },
    } })
}

/// The form with all ways to choose.
pub fn choices() -> Value {
    let titled =
        |values: [(&str, &str); 3]| values.map(|(value, title)| json!({ "const": value, "title": title }));
    let one = titled([("value1", "First Option"), ("value2", "Second Option"), ("value3", "Third Option")]);
    let many = titled([("value1", "First Choice"), ("value2", "Second Choice"), ("value3", "Third Choice")]);
    let options = json!(["option1", "option2", "option3"]);
    json!({ "type": "object", "properties": {
        "untitledSingle": { "type": "string", "enum": options },
        "titledSingle": { "type": "string", "oneOf": one },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": options } },
        "titledMulti": { "type": "array", "items": { "anyOf": many } },
    } })
}
