//! Methods called and messages posted: what Odoo does each time that it is asked.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::context::Context;
use super::error::RecordError;
use super::page::size;
use super::retry::{retried, until_sent};
use super::view::View;
use crate::access::models::Verb;
use crate::html;
use crate::odoo::{Call, OdooError, Protocol, SearchRead};
use crate::rules;

/// Told where an answer reads like a failure, or is none.
const NOTHING_SAID: &str = "it was called without an error; most methods of Odoo answer false or nothing: look at the \
                            records with get_record";
/// What people press. Odoo 19 calls it on no records without a word, and says that it went well.
const BUTTONS: [&str; 2] = ["action_", "button_"];
/// Told of what was called on no records, where Odoo does not say that it needs some.
const ON_NOTHING: &str = "it was called on no records: a method of records does nothing then, and wants ids; one that needs none is \
                          done";
/// Of an answer: what a model reads.
const MOST_BYTES: usize = 30_000;
/// Tools of their own do these, by the rules; and what runs any code or hands on rights is nobody's.
const NOT_CALLED: [&str; 66] = [
    "update",
    "new",
    "browse",
    "sorted",
    "grouped",
    "ensure_one",
    "exists",
    "concat",
    "union",
    "with_company",
    "with_prefetch",
    "with_cache",
    "flush",
    "flush_model",
    "flush_recordset",
    "invalidate_model",
    "invalidate_recordset",
    "modified",
    "create",
    "write",
    "unlink",
    "copy",
    "copy_data",
    "load",
    "read",
    "search",
    "search_read",
    "search_count",
    "search_fetch",
    "fetch",
    "read_group",
    "formatted_read_group",
    "formatted_read_grouping_sets",
    "web_read_group",
    "read_progress_bar",
    "web_read",
    "web_search_read",
    "web_save",
    "web_save_multi",
    "web_override_translations",
    "web_name_search",
    "web_resequence",
    "name_search",
    "name_create",
    "name_get",
    "export_data",
    "fields_get",
    "fields_view_get",
    "get_view",
    "get_views",
    "default_get",
    "onchange",
    "get_metadata",
    "get_field_translations",
    "update_field_translations",
    "toggle_active",
    "get_activity_data",
    "search_panel_select_range",
    "search_panel_select_multi_range",
    "mapped",
    "filtered",
    "filtered_domain",
    "sudo",
    "with_user",
    "with_context",
    "with_env",
];
/// These write, as a change of the record does.
const ARCHIVE: [&str; 2] = ["action_archive", "action_unarchive"];
/// Characters of a method's name.
const LONGEST_NAME: usize = 128;
/// Positions have a name only in JSON-2.
const POSITIONS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// Which method to call.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct MethodCall {
    /// sale.order
    #[garde(skip)]
    pub model: String,
    /// action_confirm
    #[garde(skip)]
    pub method: String,
    /// None: of the model itself
    #[serde(default)]
    #[garde(length(max = 1000))]
    pub ids: Vec<i64>,
    /// By position
    #[serde(default)]
    #[garde(length(max = 8))]
    #[schemars(with = "Vec<String>")]
    pub args: Vec<Value>,
    /// By name
    #[serde(default)]
    #[garde(skip)]
    pub kwargs: Map<String, Value>,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

impl MethodCall {
    /// The records, and what else is given by position: the first list of ids is the records', as in Odoo's own calls.
    pub fn on(&self) -> (Vec<i64>, &[Value]) {
        if self.ids.is_empty()
            && let Some((Value::Array(first), rest)) = self.args.split_first()
            && !first.is_empty()
            && let Some(ids) = first.iter().map(Value::as_i64).collect()
        {
            return (ids, rest);
        }
        (self.ids.clone(), &self.args)
    }
}

/// What a method answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Called {
    /// As Odoo gave it
    pub result: Value,
    /// What it means
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What to write under a record.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct MessagePost {
    /// sale.order
    #[garde(skip)]
    pub model: String,
    /// Id
    #[garde(custom(rules::record_id(1)))]
    pub record_id: i64,
    /// Text or HTML; an internal note
    #[garde(length(min = 1, max = 100_000))]
    pub body: String,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

/// A message that was posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostedMessage {
    /// Done
    pub ok: bool,
    /// mail.message
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<i64>,
}

impl View {
    /// Calls a method, once.
    ///
    /// # Errors
    /// When the rules do not let it be called, Odoo refuses, or nobody knows whether it was done.
    pub async fn call_method(&self, request: &MethodCall) -> Result<Called, RecordError> {
        let writer = self.records.writer()?;
        let method = request.method.as_str();
        self.see(&request.model, Verb::Call).await?;
        if ARCHIVE.contains(&method) {
            self.rules.allow(&request.model, Verb::Update)?;
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !(1..=LONGEST_NAME).contains(&method.len()) || !method.chars().all(is_name) {
            return Err(RecordError::argument(
                "method",
                "must be the name of a method such as action_confirm",
            ));
        }
        if method.starts_with('_') {
            return Err(RecordError::argument("method", "is private: Odoo calls it itself"));
        }
        if NOT_CALLED.contains(&method) {
            let message = "is not called here: use search_records, get_record, describe_model, aggregate_records, \
                           create_record, update_record or delete_record";
            return Err(RecordError::argument("method", message));
        }
        if request.kwargs.contains_key("context") {
            return Err(RecordError::argument(
                "kwargs.context",
                "is not taken here: use the argument context",
            ));
        }
        if request.kwargs.contains_key("ids") {
            return Err(RecordError::argument("kwargs.ids", "is not taken here: use the argument ids"));
        }
        let (ids, args) = request.on();
        if ids.is_empty() && BUTTONS.iter().any(|button| method.starts_with(button)) {
            return Err(RecordError::argument("ids", "must name the records that this is done to"));
        }
        let protocol = writer.connection().await.map_err(|error| self.failed(error))?.protocol;
        if protocol == Protocol::Json2 && !args.is_empty() {
            let message = "this Odoo takes arguments by their names: give them in kwargs";
            return Err(RecordError::argument("args", message));
        }
        let call = || {
            let mut call = Call::new(request.model.as_str(), method);
            if !ids.is_empty() {
                call = call.on(&ids);
            }
            for (name, value) in POSITIONS.into_iter().zip(args) {
                call = call.arg(name, value.clone());
            }
            call.kwargs.extend(request.kwargs.clone());
            writer.call(call)
        };
        match until_sent(call).await {
            Ok(result) => {
                let mut called = called(result);
                if ids.is_empty() && protocol == Protocol::Json2 {
                    called.note.get_or_insert_with(|| ON_NOTHING.to_owned());
                }
                Ok(called)
            }
            Err(error) if error.outcome_unknown() => Err(RecordError::OutcomeUnknown {
                how: "look at the records with get_record before you call it again".to_owned(),
                cause: error,
            }),
            Err(error) => Err(self.failed_on(&request.model, error)),
        }
    }

    /// Writes an internal note under a record. Where the answer is lost, it is looked for.
    ///
    /// # Errors
    /// When the rules do not let the record be changed, Odoo refuses, or nobody knows whether it was posted.
    pub async fn post_message(&self, request: &MessagePost) -> Result<PostedMessage, RecordError> {
        let (writer, id) = (self.records.writer()?, request.record_id);
        let seen = self.see(&request.model, Verb::Update).await?;
        if seen.field("message_ids").is_none() {
            return Err(RecordError::argument("model", "its records have no messages"));
        }
        let body = match html::is_html(&request.body) {
            true => request.body.clone(),
            false => html::from_text(&request.body),
        };
        let last = self.messages(&request.model, id, 0, 1).await.map_err(|error| self.failed(error))?;
        let last = last.first().map_or(0, |(id, _)| *id);
        let post = || {
            let call = Call::new(request.model.as_str(), "message_post").on(&[id]);
            writer.call(call.kwarg("body", body.as_str()).kwarg("body_is_html", true))
        };
        let error = match until_sent(post).await {
            Ok(answer) => {
                let message_id = answer.as_i64().or_else(|| answer.get(0).and_then(Value::as_i64));
                return Ok(PostedMessage { ok: true, message_id });
            }
            Err(OdooError::MissingRecord(_)) => return Err(self.not_found(&seen, &[id])),
            Err(error) if !error.outcome_unknown() => return Err(self.failed_on(&request.model, error)),
            Err(error) => error,
        };
        let wanted = html::to_text(&body);
        let since = retried(|| self.messages(&request.model, id, last, 100)).await;
        let posted = since.ok().and_then(|all| all.into_iter().find(|(_, text)| *text == wanted));
        match posted {
            Some((message_id, _)) => Ok(PostedMessage { ok: true, message_id: Some(message_id) }),
            None => Err(RecordError::OutcomeUnknown {
                how: format!(
                    "look for it with search_records in mail.message, [[\"model\", \"=\", \"{}\"], [\"res_id\", \"=\", {id}]]",
                    request.model
                ),
                cause: error,
            }),
        }
    }

    /// The newest messages of a record after this one, as text.
    async fn messages(
        &self,
        model: &str,
        id: i64,
        after: i64,
        limit: u64,
    ) -> Result<Vec<(i64, String)>, OdooError> {
        let domain = json!([["model", "=", model], ["res_id", "=", id], ["id", ">", after]]);
        let query = SearchRead {
            fields: &["body"],
            limit: Some(limit),
            order: Some("id desc"),
            ..SearchRead::default()
        };
        let found = self.records.writer.search_read("mail.message", domain, &query).await?;
        let message = |message: &crate::odoo::Record| {
            Ok((message.id()?, message.text("body")?.map(html::to_text).unwrap_or_default()))
        };
        found.iter().map(message).collect()
    }
}

/// The answer of a method: what people would see as a dialog has not happened yet.
fn called(result: Value) -> Called {
    let kind = result.get("type").and_then(Value::as_str).unwrap_or_default();
    if kind.starts_with("ir.actions.") {
        let note = "Odoo answers with a page or a dialog for people: nothing may have happened yet; look at the \
                    records with get_record";
        return Called { result, note: Some(note.to_owned()) };
    }
    if matches!(result, Value::Null | Value::Bool(false)) {
        return Called { result, note: Some(NOTHING_SAID.to_owned()) };
    }
    let bytes = size(&result);
    if bytes > MOST_BYTES {
        let note = format!("it was done; its answer of {bytes} bytes is too long to tell");
        return Called { result: Value::Null, note: Some(note) };
    }
    Called { result, note: None }
}
