//! One call of a public method.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::env::{Context, Env};
use crate::error::{Error, Exception};
use crate::methods::{Bound, Method, Style};
use crate::python;
use crate::schema::{Kind, Model};
use crate::search::Page;
use crate::store::Database;
use crate::web::specification;

/// What a caller wants.
pub(crate) struct Call {
    pub uid: i64,
    pub model: String,
    pub method: String,
    pub positional: Vec<Value>,
    pub named: Map<String, Value>,
    pub style: Style,
}

impl Call {
    /// Runs the call as one transaction; `started` is when it reached the server.
    pub fn run(self, db: &mut Database, started: u64) -> Result<Value, Error> {
        let answer = self.dispatch(db, started);
        match answer {
            Ok(_) => db.commit(),
            Err(_) => db.rollback(0),
        }
        let language = std::mem::take(&mut db.language);
        answer.map_err(|error| Error { message: language.says(&error.message), ..error })
    }

    fn dispatch(self, db: &mut Database, started: u64) -> Result<Value, Error> {
        let version = db.schema.version;
        let Some(model) = db.schema.get(&self.model).cloned() else { return Err(self.unknown_model()) };
        if self.method.starts_with('_') {
            return Err(self.private(version));
        }
        let method =
            Method::find(version, model.name, &self.method).ok_or_else(|| self.unknown_method(version))?;
        let bound = method.bind(version, model.name, self.style, self.positional, self.named)?;
        let context = Context(bound.context.clone());
        let mut env = Env { db, uid: self.uid, sudo: false, context };
        env.choose_language()?;
        env.check_allowed_companies()?;
        env.invoke(&model, method.name, &bound, self.style, started)
    }

    fn unknown_model(&self) -> Error {
        let name = &self.model;
        match self.style {
            Style::Named => Error::new(Exception::NotFound, format!("the model '{name}' does not exist")),
            Style::Positional => Error::user(format!("Object {name} doesn't exist")),
        }
    }

    fn unknown_method(&self, version: Version) -> Error {
        let (model, method) = (&self.model, &self.method);
        let text = match version {
            Version::V16 | Version::V18 => {
                format!("The method '{method}' does not exist on the model '{model}'")
            }
            Version::V19 => format!("The method '{model}.{method}' does not exist"),
        };
        match self.style {
            Style::Named => Error::new(Exception::NotFound, text),
            Style::Positional => Error::new(Exception::Attribute, text),
        }
    }

    fn private(&self, version: Version) -> Error {
        let name = match version {
            Version::V16 | Version::V18 => self.method.clone(),
            Version::V19 => format!("'{}.{}'", self.model, self.method),
        };
        Error::new(Exception::Access, format!("Private methods (such as {name}) cannot be called remotely."))
    }
}

impl Env<'_> {
    fn invoke(
        &mut self,
        model: &Arc<Model>,
        method: &str,
        bound: &Bound,
        style: Style,
        started: u64,
    ) -> Result<Value, Error> {
        let names = bound.arguments.get("load").is_none_or(|load| load == "_classic_read");
        match method {
            "search" => self.search(model, bound.get("domain"), &page(bound)?).map(|ids| json!(ids)),
            "search_count" => {
                let limit = bound.count("limit").unwrap_or(usize::MAX);
                Ok(json!(self.matching(model, bound.get("domain"))?.take(limit).count()))
            }
            "search_read" => {
                let ids = self.search(model, bound.get("domain"), &page(bound)?)?;
                self.read(model, &ids, &bound.names("fields"), names).map(Value::Array)
            }
            "read" => self.read(model, &bound.ids, &bound.names("fields"), names).map(Value::Array),
            "name_search" => self.name_search(model, &bound.arguments),
            "name_create" => {
                let values = Map::from_iter([("name".to_owned(), bound.get("name").clone())]);
                let id = self.create(model, &values, None)?;
                Ok(self.pair(model.name, id))
            }
            "create" => self.create_each(model, bound.get("vals_list"), style),
            "write" => {
                let values = bound.get("vals").as_object().cloned().unwrap_or_default();
                self.write(model, &bound.ids, &values).map(|()| json!(true))
            }
            "unlink" => self.unlink(model, &bound.ids).map(|()| json!(true)),
            "load" => self.load(model, &bound.arguments, started),
            "fields_get" => Ok(self.fields_get(model, &bound.names("allfields"), &bound.names("attributes"))),
            "get_view" => self.get_view(model, bound),
            "fields_view_get" => self.fields_view_get(model, bound),
            "name_get" => Ok(bound.ids.iter().map(|id| self.pair(model.name, *id)).collect()),
            "check_access_rule" => self.check_access_rule(model, &bound.ids, bound.get("operation")),
            "get_views" => self.get_views(model, bound.get("views")),
            "read_group" => self.read_group(model, &bound.arguments),
            "formatted_read_group" => self.formatted_read_group(model, &bound.arguments),
            "message_post" => self.message_post(model, bound),
            "check_object_reference" => self.check_object_reference(&bound.arguments),
            "web_read" => self.web_read(model, &bound.ids, &specification(bound)).map(Value::Array),
            "web_search_read" => self.web_search_read(model, bound, &page(bound)?),
            "web_save" => self.web_save(model, bound),
            "export_data" => self.export_data(model, &bound.ids, &bound.names("fields_to_export")),
            "onchange" => self.onchange(model, bound),
            "get_metadata" => self.get_metadata(model, &bound.ids),
            "get_installed" => self.installed_languages(),
            "get_param" => self.parameter(model, bound),
            "context_get" => self.context_get(),
            "has_group" => self.has_group(&bound.ids, bound.get("group_ext_id")),
            "has_access" => self.has_access(model, &bound.ids, bound.get("operation")),
            "check_access_rights" => self.check_access_rights(model, bound),
            "get_available_models" => Ok(self.available_models()),
            "display_name_for" => Ok(self.display_name_for(&bound.names("models"))),
            "default_get" => {
                let fields = [bound.names("fields_list"), bound.names("fields")].concat();
                self.default_get(model, &fields)
            }
            "copy" => self.copy(model, bound),
            "action_archive" => self.set_active(model, &bound.ids, false),
            "action_unarchive" => self.set_active(model, &bound.ids, true),
            "activity_schedule" => self.activity_schedule(model, bound),
            "action_feedback" => self.action_feedback(model, bound),
            "generate_access_token" => self.access_tokens(model, &bound.ids),
            "get_wkhtmltopdf_state" => Ok(json!(if self.db.prints { "ok" } else { "install" })),
            "action_post" | "button_draft" | "button_cancel" => {
                self.invoice_action(model, method, &bound.ids)
            }
            "get_portal_url" => self.portal_url(model, bound),
            "action_quotation_send" => self.quotation_send(model, &bound.ids),
            action => self.order_action(model, action, &bound.ids),
        }
    }

    fn create_each(&mut self, model: &Arc<Model>, values: &Value, style: Style) -> Result<Value, Error> {
        let (records, single) = match values {
            Value::Array(records) => (records.as_slice(), false),
            record => (std::slice::from_ref(record), true),
        };
        let mut ids = Vec::new();
        for values in records {
            let values = values.as_object().ok_or_else(|| {
                Error::new(Exception::Type, format!("{} is not a mapping", python::repr(values)))
            })?;
            ids.push(self.create(model, values, None)?);
        }
        match ids.first() {
            Some(id) if single && style == Style::Positional => Ok(json!(id)),
            _ => Ok(json!(ids)),
        }
    }

    fn set_active(&mut self, model: &Arc<Model>, ids: &[i64], active: bool) -> Result<Value, Error> {
        let values = Map::from_iter([("active".to_owned(), json!(active))]);
        self.write(model, ids, &values).map(|()| Value::Null)
    }

    fn parameter(&self, model: &Arc<Model>, bound: &Bound) -> Result<Value, Error> {
        let page = Page { limit: Some(1), ..Page::default() };
        let found = self.search(model, &json!([["key", "=", bound.get("key")]]), &page)?;
        let value = found.first().map(|id| self.db.value(model, *id, "value").to_json(&Kind::Text));
        Ok(value.or(bound.arguments.get("default").cloned()).unwrap_or(json!(false)))
    }

    fn installed_languages(&self) -> Result<Value, Error> {
        let languages = self.model("res.lang")?;
        let ids = self.search(&languages, &json!([]), &Page::default())?;
        let text = |id, field| self.db.value(&languages, id, field).to_json(&Kind::Char);
        Ok(ids.into_iter().map(|id| json!([text(id, "code"), text(id, "name")])).collect())
    }

    fn context_get(&self) -> Result<Value, Error> {
        let users = self.model("res.users")?;
        let text = |field: &str| self.db.value(&users, self.uid, field).to_json(&Kind::Char);
        Ok(json!({"lang": text("lang"), "tz": text("tz"), "uid": self.uid}))
    }
}

fn page(bound: &Bound) -> Result<Page, Error> {
    if bound.get("limit").as_i64().is_some_and(|limit| limit < 0) {
        return Err(Error::new(Exception::InvalidLimit, "LIMIT must not be negative"));
    }
    Ok(Page {
        offset: bound.count("offset").unwrap_or_default(),
        limit: bound.count("limit"),
        order: bound.get("order").as_str().map(str::to_owned),
    })
}
