//! Calls that ask their client for more before they answer (MCP 2026-07-28).

use rmcp::model::{ErrorData, RequestStateCodec};
use serde_json::{Value, json};

use crate::content::text;

/// One round of such a call: what the client sent with it.
pub struct Round<'a> {
    /// Its answers so far, by the names they were asked for under.
    pub answers: &'a Value,
    /// What the round before gave it to keep.
    pub state: Option<&'a str>,
    /// What it can do.
    pub capabilities: &'a Value,
    /// Seals what is given away.
    pub codec: &'a RequestStateCodec,
}

/// A question for one field.
pub fn elicit(message: &str, name: &str, kind: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { name: { "type": kind } }, "required": [name] });
    json!({ "method": "elicitation/create", "params": { "message": message, "requestedSchema": schema } })
}

fn sample(prompt: &str, max_tokens: u32) -> Value {
    let message = json!({ "role": "user", "content": text(prompt) });
    json!({ "method": "sampling/createMessage", "params": { "messages": [message], "maxTokens": max_tokens } })
}

fn roots() -> Value {
    json!({ "method": "roots/list", "params": {} })
}

fn more(requests: &Value, state: Option<String>) -> Value {
    let mut result = json!({ "resultType": "input_required", "inputRequests": requests });
    if let Some(state) = state {
        result["requestState"] = state.into();
    }
    result
}

fn done(says: &str) -> Value {
    json!({ "content": [text(says)] })
}

impl Round<'_> {
    /// What the call answers; `None` if it is not of this kind.
    pub fn tool(&self, name: &str) -> Result<Option<Value>, ErrorData> {
        let name_of = |answer: &str| self.given(answer, "name");
        Ok(Some(match name {
            // With the name, it becomes a task.
            "test_tool_with_task" if name_of("user_name").is_some() => return Ok(None),
            "test_input_required_result_elicitation"
            | "test_streaming_elicitation"
            | "test_tool_with_task" => match name_of("user_name") {
                Some(name) => done(&format!("Hello, {name}!")),
                None => more(&json!({ "user_name": elicit("What is your name?", "name", "string") }), None),
            },
            "test_input_required_result_sampling" => {
                match self.answers["capital_question"]["content"]["text"].as_str() {
                    Some(answer) => done(answer),
                    None => more(
                        &json!({ "capital_question": sample("What is the capital of France?", 100) }),
                        None,
                    ),
                }
            }
            "test_input_required_result_list_roots" => match self.answers["client_roots"]["roots"].as_array()
            {
                Some(roots) => done(&json!(roots).to_string()),
                None => more(&json!({ "client_roots": roots() }), None),
            },
            "test_input_required_result_request_state" | "test_input_required_result_tampered_state" => {
                match self.opened()? {
                    Some(_) if self.answers["confirm"].is_object() => done("state-ok"),
                    _ => {
                        more(&json!({ "confirm": elicit("Please confirm", "ok", "boolean") }), self.sealed(1))
                    }
                }
            }
            "test_input_required_result_multiple_inputs" => {
                let all = ["user_name", "greeting", "client_roots"];
                if self.opened()?.is_some() && all.iter().all(|key| self.answers[key].is_object()) {
                    done("All answers are there")
                } else {
                    let requests = json!({
                        "user_name": elicit("What is your name?", "name", "string"),
                        "greeting": sample("Generate a greeting", 50),
                        "client_roots": roots(),
                    });
                    more(&requests, self.sealed(1))
                }
            }
            "test_input_required_result_multi_round" => match self.opened()? {
                Some(2) if self.answers["step2"].is_object() => done("Three rounds are done"),
                Some(1) if self.answers["step1"].is_object() => {
                    let color = elicit("Step 2: What is your favorite color?", "color", "string");
                    more(&json!({ "step2": color }), self.sealed(2))
                }
                _ => {
                    let name = elicit("Step 1: What is your name?", "name", "string");
                    more(&json!({ "step1": name }), self.sealed(1))
                }
            },
            "test_input_required_result_capabilities" => self.only_what_the_client_can(),
            _ => return Ok(None),
        }))
    }

    /// What the prompt of this kind answers.
    pub fn prompt(&self) -> Value {
        match self.given("user_context", "context") {
            Some(context) => json!({ "messages": [{ "role": "user", "content": text(context) }] }),
            None => {
                let context = elicit("What context should the prompt use?", "context", "string");
                more(&json!({ "user_context": context }), None)
            }
        }
    }

    fn only_what_the_client_can(&self) -> Value {
        let requests = [
            ("elicitation", "ask", elicit("What is your name?", "name", "string")),
            ("sampling", "sample", sample("Say something", 50)),
            ("roots", "roots", roots()),
        ];
        let can = |capability: &str| self.capabilities[capability].is_object();
        let possible = requests.into_iter().filter(|(capability, ..)| can(capability));
        let requests: serde_json::Map<_, _> =
            possible.map(|(_, key, request)| (key.to_owned(), request)).collect();
        let answered = requests.keys().all(|key| self.answers[key].is_object());
        if answered { done("Nothing more to ask") } else { more(&requests.into(), None) }
    }

    /// A field of an answer.
    pub fn given(&self, answer: &str, field: &str) -> Option<&str> {
        self.answers[answer]["content"][field].as_str()
    }

    fn opened(&self) -> Result<Option<u8>, ErrorData> {
        let open = |state| self.codec.open_json(state);
        let refused = |_| ErrorData::invalid_params("requestState is not what this server has given", None);
        self.state.map(open).transpose().map_err(refused)
    }

    fn sealed(&self, step: u8) -> Option<String> {
        self.codec.seal_json(&step).ok()
    }
}
