//! `get_views` and `get_view`: the views that Odoo makes up for a model that has none of its own.

use serde_json::{Map, Value, json};

use crate::Version;
use crate::env::Env;
use crate::error::Error;
use crate::methods::Bound;
use crate::schema::{Field, Kind, Model};

/// How many columns a list has at most.
const COLUMNS: usize = 8;

impl Env<'_> {
    /// The views asked for as `[id, type]`, and the fields of the models in them.
    pub fn get_views(&self, model: &Model, asked: &Value) -> Result<Value, Error> {
        self.may_read(model)?;
        let mut views = Map::new();
        let mut names: Vec<String> = Vec::new();
        for pair in asked.as_array().into_iter().flatten() {
            let kind = pair.get(1).and_then(Value::as_str).unwrap_or_default();
            let shown = shown(model, kind)?;
            let arch = self.arch(model, kind, &shown);
            views.insert(kind.to_owned(), json!({"arch": arch, "id": false, "model": model.name}));
            names.extend(shown.iter().map(|field| field.name.to_string()));
        }
        names.extend(["id", "write_date"].map(str::to_owned));
        let fields = self.fields_get(model, &names, VIEWED);
        let described = if self.version() >= Version::V18 { json!({"fields": fields}) } else { fields };
        Ok(json!({"views": views, "models": {model.name: described}}))
    }

    /// One view, and the names of the fields in it.
    pub fn get_view(&self, model: &Model, bound: &Bound) -> Result<Value, Error> {
        self.may_read(model)?;
        let kind = bound.get("view_type").as_str().unwrap_or("form");
        let shown = shown(model, kind)?;
        let mut names: Vec<&str> = shown.iter().map(|field| field.name.as_ref()).collect();
        names.extend(["id", "write_date"]);
        let arch = self.arch(model, kind, &shown);
        Ok(json!({"arch": arch, "id": false, "model": model.name, "models": {model.name: names}}))
    }

    /// One view with its fields, as 16 has it.
    pub fn fields_view_get(&self, model: &Model, bound: &Bound) -> Result<Value, Error> {
        let kind = bound.get("view_type").as_str().unwrap_or("form");
        let shown = shown(model, kind)?;
        let names: Vec<String> = shown.iter().map(|field| field.name.to_string()).collect();
        let fields = self.fields_get(model, &names, &[] as &[&str]);
        Ok(json!({"arch": self.arch(model, kind, &shown), "model": model.name, "fields": fields}))
    }

    fn arch(&self, model: &Model, kind: &str, shown: &[&Field]) -> String {
        let tag = if kind == "list" && self.version() < Version::V18 { "tree" } else { kind };
        let fields: String = shown.iter().map(|field| format!("<field name=\"{}\"/>", field.name)).collect();
        let within = match kind {
            "form" => format!("<sheet><group>{fields}</group></sheet>"),
            _ => fields,
        };
        format!("<{tag} string=\"{}\">{within}</{tag}>", model.title)
    }
}

/// What `models` tells of a field.
const VIEWED: &[&str] = &[
    "name",
    "string",
    "type",
    "help",
    "required",
    "readonly",
    "store",
    "searchable",
    "sortable",
    "groupable",
    "relation",
    "relation_field",
    "selection",
    "domain",
    "context",
    "currency_field",
    "digits",
    "aggregator",
];

/// The fields of a view: in a list the first that are told in a line, in a form all that somebody fills in.
fn shown<'a>(model: &'a Model, kind: &str) -> Result<Vec<&'a Field>, Error> {
    const OWN: &[&str] =
        &["id", "display_name", "create_date", "write_date", "create_uid", "write_uid", "active", "sequence"];
    let open = model
        .fields
        .iter()
        .filter(|field| !field.forbidden && !field.hidden && !OWN.contains(&field.name.as_ref()));
    let in_line = |field: &&Field| {
        field.kind.is_sortable() && !field.fleeting && !matches!(field.kind, Kind::Html | Kind::Text)
    };
    match kind {
        "list" | "tree" => Ok(open.filter(in_line).take(COLUMNS).collect()),
        "form" => Ok(open.collect()),
        "search" | "kanban" | "graph" | "pivot" | "calendar" => {
            let named = model.name_fields.first().and_then(|name| model.field(name));
            Ok(named.into_iter().collect())
        }
        kind => Err(Error::user(format!("No default view of type '{kind}' could be found!"))),
    }
}
