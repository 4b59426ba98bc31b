//! Which models there are, and what their fields are.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::context::Context;
use super::error::RecordError;
use super::metadata::Field;
use super::page::Page;
use super::search::named;
use super::view::View;
use super::words::plain;
use crate::access::models::Verb;
use crate::input::trimmed_or_absent;

/// Options of a selection, where fields are only listed.
const MOST_OPTIONS: usize = 12;

/// What people say where Odoo's name of a model says something else, or is told in another language.
const CALLED: [(&str, &str); 14] = [
    ("account.move", "invoice bill factura"),
    ("account.payment", "pago"),
    ("crm.lead", "opportunity oportunidad"),
    ("hr.employee", "empleado"),
    ("mail.activity", "actividad recordatorio reminder"),
    ("mail.message", "note nota mensaje"),
    ("product.product", "producto articulo"),
    ("project.project", "proyecto"),
    ("project.task", "tarea"),
    ("purchase.order", "compra"),
    ("res.partner", "customer cliente supplier proveedor"),
    ("res.users", "usuario vendedor salesperson"),
    ("sale.order", "quotation cotizacion presupuesto pedido venta"),
    ("stock.picking", "delivery entrega receipt"),
];

/// Which models to list.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ModelQuery {
    /// Part of the name
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub q: Option<String>,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelName {
    /// sale.order
    pub model: String,
    /// What people read
    pub name: String,
}

/// Which model to describe.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ModelRequest {
    /// sale.order
    #[garde(skip)]
    pub model: String,
    /// None: all
    #[serde(default)]
    #[garde(length(max = 500))]
    pub fields: Vec<String>,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

/// A model's fields, and what may be done with its records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Described {
    /// sale.order
    pub model: String,
    /// What the rules of this service open: read, create, update, delete, call
    pub may: Vec<String>,
    /// Its fields
    pub fields: Vec<DescribedField>,
    /// All of them, if more
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DescribedField {
    /// partner_id
    pub name: String,
    /// What people read
    pub label: String,
    /// many2one
    #[serde(rename = "type")]
    pub kind: String,
    /// The model it points to
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Keys and labels
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selection: Vec<String>,
    /// It must be given
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Odoo sets it
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub readonly: bool,
}

impl View {
    /// The models that may be read.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn models(&self, query: &ModelQuery) -> Result<Page<ModelName>, RecordError> {
        let known = self.records.models().await.map_err(|error| self.failed(error))?;
        let wanted = query.q.as_deref().map(plain);
        let fits = |name: &str| wanted.as_ref().is_none_or(|wanted| plain(name).contains(wanted));
        let mut items: Vec<ModelName> = known
            .iter()
            .filter(|known| self.rules.allow(&known.model, Verb::Read).is_ok())
            .filter(|known| fits(&known.model) || fits(&known.name) || is_called(&known.model, &wanted))
            .map(|known| ModelName { model: known.model.clone(), name: known.name.clone() })
            .collect();
        items.sort_by(|one, other| one.model.cmp(&other.model));
        let total = u64::try_from(items.len()).ok();
        Ok(Page { items, total, next_offset: None }.beside(0, 0))
    }

    /// The fields of a model.
    ///
    /// # Errors
    /// When the rules do not open it, it has no such field, or Odoo fails.
    pub async fn describe(&self, request: &ModelRequest) -> Result<Described, RecordError> {
        let asked: Vec<&str> = request.fields.iter().map(String::as_str).collect();
        let seen = self.see_with(&request.model, Verb::Read, &asked).await?;
        let names = match request.fields.is_empty() {
            true => {
                let mut names: Vec<String> = seen.fields().map(|(name, _)| name.clone()).collect();
                names.sort();
                names
            }
            false => named(&seen, &request.fields)?,
        };
        let most = if request.fields.is_empty() { MOST_OPTIONS } else { usize::MAX };
        let fields = names.iter().filter_map(|name| Some(described(name, seen.field(name)?, most)));
        let verbs = [Verb::Read, Verb::Create, Verb::Update, Verb::Delete, Verb::Call];
        let may = verbs.into_iter().filter(|verb| self.rules.allow(&seen.model, *verb).is_ok());
        let page = Page { items: fields.collect(), total: None, next_offset: None }.beside(0, 0);
        Ok(Described {
            may: may.map(|verb| verb.to_string()).collect(),
            model: request.model.clone(),
            fields: page.items,
            total: page.total,
        })
    }
}

/// Whether people call a model by this word, also by its plural.
fn is_called(model: &str, wanted: &Option<String>) -> bool {
    let (_, words) = CALLED.iter().find(|(known, _)| *known == model).unwrap_or(&("", ""));
    let is_word = |word: &str, wanted: &str| word.starts_with(wanted) || wanted.starts_with(word);
    let wanted = wanted.as_deref().filter(|wanted| wanted.len() > 2);
    wanted.is_some_and(|wanted| words.split_whitespace().any(|word| is_word(word, wanted)))
}

fn described(name: &str, field: &Field, most_options: usize) -> DescribedField {
    let mut selection: Vec<String> =
        field.selection.iter().take(most_options).map(|(key, label)| format!("{key}: {label}")).collect();
    if let Some(more @ 1..) = field.selection.len().checked_sub(selection.len()) {
        selection.push(format!("… {more} more: name this field in fields"));
    }
    DescribedField {
        name: name.to_owned(),
        label: field.label.clone(),
        kind: field.kind.clone(),
        relation: field.relation.clone(),
        selection,
        required: field.required,
        readonly: field.readonly,
    }
}
