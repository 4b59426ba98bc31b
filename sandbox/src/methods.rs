//! The public methods, their parameters, and how a call's arguments are bound to them.

use serde_json::{Map, Value};

use crate::Version;
use crate::error::{Error, Exception};
use crate::models::CHATTER;
use crate::python;

/// A method that can be called from outside.
pub(crate) struct Method {
    pub name: &'static str,
    /// Called on records: the first positional argument, or `ids`.
    pub on_records: bool,
    pub parameters: &'static [&'static str],
    pub required: usize,
    /// Only these models have it; empty: all.
    pub models: &'static [&'static str],
    pub since: Version,
    pub until: Version,
}

const fn on_model(name: &'static str, required: usize, parameters: &'static [&'static str]) -> Method {
    Method {
        name,
        on_records: false,
        parameters,
        required,
        models: &[],
        since: Version::V16,
        until: Version::V19,
    }
}

const fn on_records(name: &'static str, required: usize, parameters: &'static [&'static str]) -> Method {
    Method { on_records: true, ..on_model(name, required, parameters) }
}

const fn of(models: &'static [&'static str], method: Method) -> Method {
    Method { models, ..method }
}

const fn since(since: Version, method: Method) -> Method {
    Method { since, ..method }
}

const fn until(until: Version, method: Method) -> Method {
    Method { until, ..method }
}

const MESSAGE: &[&str] =
    &["body", "subject", "message_type", "subtype_xmlid", "partner_ids", "attachment_ids", "body_is_html"];

const ACTIVITY: &[&str] =
    &["act_type_xmlid", "date_deadline", "summary", "note", "user_id", "activity_type_id"];

const ORDER: &[&str] = &["sale.order"];

/// Every method the sandbox knows.
pub(crate) const METHODS: &[Method] = &[
    on_model("search", 1, &["domain", "offset", "limit", "order"]),
    on_model("search_count", 1, &["domain", "limit"]),
    on_model("search_read", 0, &["domain", "fields", "offset", "limit", "order", "load"]),
    on_records("read", 0, &["fields", "load"]),
    until(Version::V18, on_model("name_search", 0, &["name", "args", "operator", "limit"])),
    since(Version::V19, on_model("name_search", 0, &["name", "domain", "operator", "limit"])),
    on_model("name_create", 1, &["name"]),
    on_model("create", 1, &["vals_list"]),
    on_records("write", 1, &["vals"]),
    on_records("unlink", 0, &[]),
    on_model("load", 2, &["fields", "data"]),
    on_model("fields_get", 0, &["allfields", "attributes"]),
    until(Version::V16, on_model("fields_view_get", 0, &["view_id", "view_type"])),
    until(Version::V16, on_records("name_get", 0, &[])),
    until(Version::V16, on_records("check_access_rule", 1, &["operation"])),
    on_model("get_view", 0, &["view_id", "view_type"]),
    on_model("get_views", 1, &["views", "options"]),
    on_model("read_group", 3, &["domain", "fields", "groupby", "offset", "limit", "orderby", "lazy"]),
    since(
        Version::V19,
        on_model(
            "formatted_read_group",
            1,
            &["domain", "groupby", "aggregates", "having", "offset", "limit", "order"],
        ),
    ),
    of(CHATTER, on_records("message_post", 0, MESSAGE)),
    of(CHATTER, on_records("activity_schedule", 0, ACTIVITY)),
    of(&["mail.activity"], on_records("action_feedback", 0, &["feedback", "attachment_ids"])),
    of(ORDER, on_records("action_confirm", 0, &[])),
    of(ORDER, on_records("action_quotation_sent", 0, &[])),
    of(ORDER, on_records("action_quotation_send", 0, &[])),
    of(ORDER, on_records("action_cancel", 0, &[])),
    of(ORDER, on_records("action_draft", 0, &[])),
    of(ORDER, until(Version::V16, on_records("action_done", 0, &[]))),
    of(ORDER, since(Version::V18, on_records("action_lock", 0, &[]))),
    of(ORDER, on_records("action_unlock", 0, &[])),
    of(ORDER, on_records("action_update_prices", 0, &[])),
    of(
        &["sale.order", "account.move"],
        on_records("get_portal_url", 0, &["suffix", "report_type", "download", "query_string", "anchor"]),
    ),
    of(&["account.move"], on_records("action_post", 0, &[])),
    of(&["account.move"], on_records("button_draft", 0, &[])),
    of(&["account.move"], on_records("button_cancel", 0, &[])),
    on_records("copy", 0, &["default"]),
    until(Version::V18, on_model("default_get", 1, &["fields_list"])),
    since(Version::V19, on_model("default_get", 1, &["fields"])),
    on_records("action_archive", 0, &[]),
    on_records("action_unarchive", 0, &[]),
    on_model("check_access_rights", 1, &["operation", "raise_exception"]),
    of(&["ir.model"], on_model("get_available_models", 0, &[])),
    of(&["ir.model"], on_model("display_name_for", 1, &["models"])),
    of(&["ir.attachment"], on_records("generate_access_token", 0, &[])),
    of(&["ir.actions.report"], on_model("get_wkhtmltopdf_state", 0, &[])),
    of(
        &["ir.model.data"],
        on_model("check_object_reference", 2, &["module", "xml_id", "raise_on_access_error"]),
    ),
    since(Version::V18, on_records("web_read", 1, &["specification"])),
    until(
        Version::V16,
        on_model("web_search_read", 0, &["domain", "fields", "offset", "limit", "order", "count_limit"]),
    ),
    on_model("web_search_read", 2, &["domain", "specification", "offset", "limit", "order", "count_limit"]),
    since(Version::V18, on_records("web_save", 2, &["vals", "specification", "next_id"])),
    on_records("export_data", 1, &["fields_to_export"]),
    on_records("get_metadata", 0, &[]),
    of(ORDER, until(Version::V16, on_records("onchange", 3, &["values", "field_name", "field_onchange"]))),
    of(ORDER, on_records("onchange", 3, &["values", "field_names", "fields_spec"])),
    of(&["ir.config_parameter"], on_model("get_param", 1, &["key", "default"])),
    of(&["res.lang"], on_model("get_installed", 0, &[])),
    of(&["res.users"], on_model("context_get", 0, &[])),
    of(&["res.users"], until(Version::V16, on_model("has_group", 1, &["group_ext_id"]))),
    of(&["res.users"], on_records("has_group", 1, &["group_ext_id"])),
    since(Version::V18, on_records("has_access", 1, &["operation"])),
];

/// A method's arguments by name, and the records it is called on.
#[derive(Default)]
pub(crate) struct Bound {
    pub ids: Vec<i64>,
    pub context: Map<String, Value>,
    pub arguments: Map<String, Value>,
}

impl Bound {
    pub fn get(&self, name: &str) -> &Value {
        self.arguments.get(name).unwrap_or(&Value::Null)
    }

    /// A count such as `limit`; `false`, nothing and 0 are no limit.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.get(name).as_u64().filter(|number| *number > 0).and_then(|number| usize::try_from(number).ok())
    }

    /// A list of names.
    pub fn names(&self, name: &str) -> Vec<String> {
        let items = self.get(name).as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// How a call's arguments come: JSON-2 names all of them and has errors of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    Positional,
    Named,
}

impl Method {
    /// The method of this name that the model has.
    pub fn find(version: Version, model: &str, name: &str) -> Option<&'static Self> {
        METHODS.iter().find(|method| {
            method.name == name
                && (method.models.is_empty() || method.models.contains(&model))
                && (method.since..=method.until).contains(&version)
        })
    }

    /// Binds arguments as Python would.
    pub fn bind(
        &self,
        version: Version,
        model: &str,
        style: Style,
        positional: Vec<Value>,
        mut named: Map<String, Value>,
    ) -> Result<Bound, Error> {
        let mut bound = Bound::default();
        if let Some(Value::Object(context)) = named.remove("context") {
            bound.context = context;
        }
        let mut positional = positional.into_iter();
        if self.on_records {
            let ids = if style == Style::Named { named.remove("ids") } else { positional.next() };
            if let Some(text) = ids.as_ref().and_then(not_an_id) {
                return Err(invalid_id(version, model, text));
            }
            bound.ids = ids.as_ref().map(python::ids).unwrap_or_default();
        } else if style == Style::Named && named.contains_key("ids") {
            let text = format!("cannot call {model}.{} with ids", self.name);
            return Err(Error::new(Exception::Unprocessable, text));
        }
        let given = positional.len() + 1;
        for (parameter, value) in self.parameters.iter().zip(positional.by_ref()) {
            bound.arguments.insert((*parameter).to_owned(), value);
        }
        if positional.next().is_some() {
            let (least, most) = (self.required + 1, self.parameters.len() + 1);
            let range = if least == most { most.to_string() } else { format!("from {least} to {most}") };
            let text = format!("takes {range} positional arguments but {given} were given");
            return Err(self.wrong(model, style, &text));
        }
        for (name, value) in named {
            // On 16 it takes whatever it is told.
            if version == Version::V16
                && self.name == "message_post"
                && !self.parameters.contains(&name.as_str())
            {
                continue;
            }
            if !self.parameters.contains(&name.as_str()) {
                return Err(self.wrong(
                    model,
                    style,
                    &format!("got an unexpected keyword argument '{name}'"),
                ));
            }
            bound.arguments.insert(name, value);
        }
        let required = self.parameters.iter().take(self.required);
        if let Some(missing) = required.into_iter().find(|name| !bound.arguments.contains_key(**name)) {
            let text = match style {
                Style::Named => format!("missing a required argument: '{missing}'"),
                Style::Positional => format!("missing 1 required positional argument: '{missing}'"),
            };
            return Err(self.wrong(model, style, &text));
        }
        if let Some(domain) = bound.arguments.remove("args") {
            bound.arguments.insert("domain".to_owned(), domain);
        }
        Ok(bound)
    }

    /// Applications have a `create` and a `write` of their own, in a class named after the model.
    fn wrong(&self, model: &str, style: Style, text: &str) -> Error {
        if style == Style::Named {
            return Error::new(Exception::Unprocessable, text);
        }
        let class = match self.name {
            "create" | "write" => model.split('.').map(capitalized).collect(),
            _ => "BaseModel".to_owned(),
        };
        Error::new(Exception::Type, format!("{class}.{}() {text}", self.name))
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The first of the ids that is no number.
fn not_an_id(ids: &Value) -> Option<&str> {
    match ids {
        Value::Array(ids) => ids.iter().find_map(Value::as_str),
        other => other.as_str(),
    }
}

fn invalid_id(version: Version, model: &str, text: &str) -> Error {
    let table = model.replace('.', "_");
    let query = match version {
        Version::V16 => format!("...rtner\".\"type\" = 'private'))) AND \"{table}\".id IN ('{text}')"),
        Version::V18 => format!("... FROM \"{table}\" WHERE (\"{table}\".\"id\" IN ('{text}')) AN..."),
        Version::V19 => format!("...\" FROM \"{table}\" WHERE \"{table}\".\"id\" IN ('{text}') AND..."),
    };
    let pointer = " ".repeat(if version == Version::V16 { 65 } else { 61 });
    let text = format!("invalid input syntax for type integer: \"{text}\"\nLINE 1: {query}\n{pointer}^");
    Error::new(Exception::InvalidText, text)
}
