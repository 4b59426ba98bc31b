//! Every recorded request, sent to a sandbox of the same version.

use std::collections::HashMap;

use dxr::{FaultResponse, MethodCall, MethodResponse};
use mcp_odoo_sandbox::{API_KEY, DATABASE, DEMO_API_KEY, Version};
use serde_json::{Map, Value, json};

use super::served::Served;
use super::{names, shape, xml};
use crate::support::transcripts::{self, Recording, is_from_elsewhere};

pub const PROTOCOLS: &[(&str, Version, &str)] = &[
    ("16.0", Version::V16, "xmlrpc"),
    ("16.0", Version::V16, "jsonrpc"),
    ("18.0", Version::V18, "xmlrpc"),
    ("18.0", Version::V18, "jsonrpc"),
    ("19.0", Version::V19, "xmlrpc"),
    ("19.0", Version::V19, "jsonrpc"),
    ("19.0", Version::V19, "json2"),
];

/// What follows the protocol in a file's name.
pub const TOPICS: &[&str] = &["", "-quotation", "-records", "-errors"];

/// What was recorded and what the sandbox answers to the same request.
pub struct Replayed {
    pub name: String,
    pub recorded: Answer,
    pub answer: Answer,
}

pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: Value,
}

/// Replays the recordings of one protocol and topic in their order; `None`: there are none here.
pub async fn replay(folder: &str, version: Version, protocol: &str, topic: &str) -> Option<Vec<Replayed>> {
    let recordings = transcripts::load(folder, &format!("{protocol}{topic}"))?;
    let served = Served::of(version).await;
    let mut replay = Replay { demo: served.login("demo").await, served, database: None, ids: HashMap::new() };
    let mut replayed = Vec::new();
    for recording in recordings {
        replayed.push(replay.one(recording).await);
    }
    Some(replayed)
}

struct Replay {
    served: Served,
    demo: i64,
    /// The name of the database that was recorded.
    database: Option<Value>,
    /// The sandbox's id for a recorded one, by model.
    ids: HashMap<(String, i64), i64>,
}

impl Replay {
    async fn one(&mut self, recording: Recording) -> Replayed {
        let is_xml = recording.path.starts_with("/xmlrpc");
        let mut request = self.served.client.post(format!("{}{}", self.served.url, recording.path));
        for (name, value) in &recording.headers {
            let value = match value.as_str().unwrap() {
                wrong if wrong.contains("<api key>") && recording.name == "wrong_key" => {
                    "Bearer wrong".to_owned()
                }
                _ if name.eq_ignore_ascii_case("x-odoo-database") && recording.name != "unknown_database" => {
                    DATABASE.to_owned()
                }
                value => value.replace("<api key>", API_KEY).replace("<api key of demo>", DEMO_API_KEY),
            };
            request = request.header(name, value);
        }
        let (model, method, body) = self.body(&recording, is_xml);
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let text = response.text().await.unwrap();
        let (recorded, body) = if is_xml {
            (answer_of_xml(recording.answer.as_str().unwrap()), answer_of_xml(&text))
        } else {
            (recording.answer.clone(), serde_json::from_str(&text).unwrap_or(json!(text)))
        };
        self.learn(&model, &method, &recorded, &body);
        Replayed {
            name: recording.name,
            recorded: Answer {
                status: recording.status,
                content_type: recording.content_type,
                body: recorded,
            },
            answer: Answer { status, content_type, body },
        }
    }

    /// The model, the method and the body of a request, with this sandbox's names and ids.
    fn body(&mut self, recording: &Recording, is_xml: bool) -> (String, String, String) {
        if is_xml {
            let call = MethodCall::from_xml(recording.body.as_str().unwrap()).unwrap();
            let mut args: Vec<Value> = call.params.iter().map(xml::to_json).collect();
            let (model, method) = self.rpc(&call.name, &recording.name, &mut args);
            let params = args.iter().map(xml::from_json).collect();
            return (model, method, MethodCall { name: call.name, params }.to_xml().unwrap());
        }
        if let Some(text) = recording.body.as_str() {
            return (String::new(), String::new(), text.to_owned());
        }
        let mut body = recording.body.clone();
        if recording.path == "/jsonrpc" {
            let service_method = body["params"]["method"].as_str().unwrap().to_owned();
            let args = body["params"]["args"].as_array_mut().unwrap();
            let (model, method) = self.rpc(&service_method, &recording.name, args);
            return (model, method, body.to_string());
        }
        let mut parts = recording.path.rsplit('/').map(str::to_owned);
        let (method, model) = (parts.next().unwrap(), parts.next().unwrap());
        if let Some(ids) = body.get_mut("ids") {
            self.translate(&model, ids);
        }
        self.references(&mut body);
        let [fields, data] = ["fields", "data"].map(|key| body[key].clone());
        if method == "load" {
            body["data"] = self.cells(&fields, data);
        }
        (model, method, body.to_string())
    }

    fn rpc(&mut self, service_method: &str, name: &str, args: &mut [Value]) -> (String, String) {
        if name == "authenticate" {
            self.database = Some(args[0].clone());
        }
        if service_method == "execute_kw"
            || args.first().is_some_and(|name| Some(name) == self.database.as_ref())
        {
            args[0] = json!(DATABASE);
        }
        if service_method != "execute_kw" {
            return (String::new(), String::new());
        }
        if args[2] == "demo" {
            args[1] = json!(self.demo);
        }
        let (model, method) = (args[3].as_str().unwrap().to_owned(), args[4].as_str().unwrap().to_owned());
        if let Some(first) = args[5].as_array_mut().and_then(|args| args.first_mut())
            && ON_RECORDS.contains(&method.as_str())
        {
            self.translate(&model, first);
        }
        if method == "load" {
            let [fields, data] = [0, 1].map(|index| args[5][index].clone());
            args[5][1] = self.cells(&fields, data);
        }
        args[5..].iter_mut().for_each(|value| self.references(value));
        (model, method)
    }

    /// Translates what domains, values and defaults refer to.
    fn references(&self, value: &mut Value) {
        match value {
            Value::Array(leaf) if leaf.len() == 3 && leaf[0].is_string() => {
                if let Some(model) = leaf[0].as_str().and_then(referred) {
                    self.translate(model, &mut leaf[2]);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.references(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    match referred(name) {
                        Some(model) => self.translate(model, value),
                        None => self.references(value),
                    }
                }
            }
            _ => {}
        }
    }

    /// The rows of `load`, their database ids translated.
    fn cells(&self, fields: &Value, mut rows: Value) -> Value {
        let columns: Vec<&str> =
            fields.as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
        for row in rows.as_array_mut().unwrap() {
            for (column, cell) in columns.iter().zip(row.as_array_mut().unwrap()) {
                let model = column.strip_suffix("/.id").and_then(referred);
                let ids: Option<Vec<i64>> =
                    cell.as_str().map(|text| text.split(',').flat_map(str::parse).collect());
                if let (Some(model), Some(ids)) = (model, ids.filter(|ids| !ids.is_empty())) {
                    let here = ids.into_iter().map(|id| {
                        let mut id = json!(id);
                        self.translate(model, &mut id);
                        id.to_string()
                    });
                    *cell = json!(here.collect::<Vec<_>>().join(","));
                }
            }
        }
        rows
    }

    fn translate(&self, model: &str, ids: &mut Value) {
        match ids {
            Value::Array(ids) => ids.iter_mut().for_each(|id| self.translate(model, id)),
            id => {
                let here = id.as_i64().and_then(|id| self.ids.get(&(model.to_owned(), id)));
                if let Some(here) = here {
                    *id = json!(here);
                }
            }
        }
    }

    /// Learns which id here stands for which in the recording, from what made them.
    fn learn(&mut self, model: &str, method: &str, recorded: &Value, answer: &Value) {
        let ids = |body: &Value| {
            let result = body.get("result").unwrap_or(body);
            let made = if method == "load" { &result["ids"] } else { result };
            match made {
                Value::Array(ids) => ids.iter().filter_map(Value::as_i64).collect(),
                id => Vec::from_iter(id.as_i64()),
            }
        };
        if let "load" | "create" | "copy" = method {
            for (there, here) in ids(recorded).into_iter().zip(ids(answer)) {
                self.ids.insert((model.to_owned(), there), here);
            }
        }
        // The one order of an opportunity; a tag by its name.
        let only = |body: &Value| match body.get("result").unwrap_or(body).as_array().map(Vec::as_slice) {
            Some([record]) if model == "sale.order" => record["id"].as_i64(),
            Some([id, name]) if method == "name_create" && name.is_string() => id.as_i64(),
            _ => None,
        };
        if let ("search_read" | "name_create", Some(there), Some(here)) =
            (method, only(recorded), only(answer))
        {
            self.ids.insert((model.to_owned(), there), here);
        }
    }
}

/// The methods whose first argument are ids.
const ON_RECORDS: &[&str] = &[
    "read",
    "write",
    "unlink",
    "message_post",
    "web_read",
    "export_data",
    "copy",
    "activity_schedule",
    "action_archive",
    "action_confirm",
    "action_cancel",
    "action_draft",
    "action_quotation_send",
    "action_quotation_sent",
    "action_update_prices",
    "get_portal_url",
    "generate_access_token",
];

/// The model of the records made here that a field refers to.
fn referred(field: &str) -> Option<&'static str> {
    match field.rsplit(['.', '/']).next()? {
        "partner_id" => Some("res.partner"),
        "opportunity_id" => Some("crm.lead"),
        "order_id" => Some("sale.order"),
        "attachment_ids" => Some("ir.attachment"),
        "res_id" => Some("crm.lead"),
        "category_id" | "default_category_id" => Some("res.partner.category"),
        _ => None,
    }
}

/// The answer's value, or `{faultCode, faultString}`.
fn answer_of_xml(text: &str) -> Value {
    if let Ok(response) = MethodResponse::from_xml(text) {
        return xml::to_json(&response.value);
    }
    match FaultResponse::from_xml(text) {
        Ok(response) => json!({"faultCode": response.fault.code(), "faultString": response.fault.string()}),
        Err(_) => json!(text),
    }
}

/// What must be equal to the letter: the classes and codes of errors.
fn exact(body: &Value) -> Map<String, Value> {
    let pointers = ["/error/code", "/error/data/name", "/faultCode", "/name"];
    let strings =
        pointers.iter().filter_map(|pointer| Some(((*pointer).to_owned(), body.pointer(pointer)?.clone())));
    strings.collect()
}

/// What is said, without what two databases number and stamp in their own way.
fn said(body: &Value) -> Value {
    match body.get("result").unwrap_or(body) {
        Value::Array(items) => items.iter().map(said).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| !names::OWN.contains(&name.as_str()));
            Value::Object(members.map(|(name, value)| (name.clone(), said(value))).collect())
        }
        // What an error and a notification end in is nothing a person reads.
        Value::String(text) => json!(text.trim_end().lines().last().unwrap_or_default().replace(REMOVED, "")),
        value => value.clone(),
    }
}

/// What the recordings have in place of a traceback.
const REMOVED: &str = "[traceback removed] ";

/// What follows from the request alone is the same to the letter.
#[tokio::test]
async fn values_are_as_recorded() {
    let mut problems = Vec::new();
    for (folder, version, protocol) in PROTOCOLS {
        let Some(replayed) = replay(folder, *version, protocol, "-records").await else { continue };
        let told: Vec<&str> = replayed.iter().map(|one| one.name.as_str()).collect();
        let missing = names::VALUES.iter().filter(|name| !told.contains(name) && names::is_in(folder, name));
        problems.extend(missing.map(|name| format!("{folder} {protocol} {name}: no such recording")));
        for Replayed { name, recorded, answer } in &replayed {
            let (recorded, answer) = (said(&recorded.body), said(&answer.body));
            if names::VALUES.contains(&name.as_str()) && recorded != answer {
                problems.push(format!("{folder} {protocol} {name}: {answer} instead of {recorded}"));
            }
        }
    }
    assert!(problems.is_empty(), "{} differences:\n{}", problems.len(), problems.join("\n"));
}

#[tokio::test]
async fn answers_as_recorded() {
    let mut problems = Vec::new();
    let topics = PROTOCOLS.iter().flat_map(|protocol| TOPICS.iter().map(move |topic| (protocol, topic)));
    for ((folder, version, protocol), topic) in topics {
        let file = format!("{protocol}{topic}");
        let Some(replayed) = replay(folder, *version, protocol, topic).await else { continue };
        let missing = names::expected(folder, protocol, topic)
            .into_iter()
            .filter(|name| !replayed.iter().any(|replayed| replayed.name == *name))
            .filter(|name| !is_from_elsewhere() || !transcripts::AS_SALESPERSON.contains(name));
        problems.extend(missing.map(|name| format!("{folder} {file} {name}: no such recording")));
        println!("{folder} {file}: {} recordings checked", replayed.len());
        for Replayed { name, recorded, answer } in replayed {
            let kind = |answer: &Answer| answer.content_type.split(';').next().unwrap().to_owned();
            let mut found = shape::differences(&recorded.body, &answer.body);
            if recorded.status != answer.status {
                found.push(format!("HTTP status {} instead of {}", answer.status, recorded.status));
            }
            if kind(&recorded) != kind(&answer) {
                found.push(format!("{} instead of {}", answer.content_type, recorded.content_type));
            }
            if exact(&recorded.body) != exact(&answer.body) && !recorded.body.is_array() {
                found.push(format!("{:?} instead of {:?}", exact(&answer.body), exact(&recorded.body)));
            }
            problems.extend(found.into_iter().map(|text| format!("{folder} {file} {name}: {text}")));
        }
    }
    assert!(problems.is_empty(), "{} differences:\n{}", problems.len(), problems.join("\n"));
}
