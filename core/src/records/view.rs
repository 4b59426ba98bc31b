//! Odoo as one caller sees it: the models that the rules open, without the fields that they hide.

use std::collections::HashSet;
use std::sync::Arc;

use super::Records;
use super::context::Context;
use super::error::RecordError;
use super::metadata::{Field, Fields};
use super::nearest::nearest;
use crate::access::models::{Closed, Models, Verb};
use crate::odoo::OdooError;

/// Parts of a dotted path.
const LONGEST_PATH: usize = 16;
/// Parts of a date that a path may end in (Odoo 18 and later).
pub(super) const DATE_PARTS: [&str; 8] = [
    "year_number",
    "quarter_number",
    "month_number",
    "iso_week_number",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "hour_number",
];

/// Odoo as one caller sees it, in the companies, the language and the time zone that they ask for.
pub struct View {
    pub(super) records: Records,
    pub(super) rules: Arc<Models>,
}

/// A model, and what is seen of it.
pub(super) struct Seen {
    pub(super) model: String,
    fields: Arc<Fields>,
    hidden: Arc<HashSet<String>>,
}

/// Where a path of fields ends.
pub(super) struct Target {
    pub(super) field: Field,
    /// The model it points to, if that is not open.
    pub(super) closed: Option<Closed>,
    /// Whether nobody may ask for it by text, though they may by ids.
    pub(super) by_ids_only: bool,
    /// Each field on the way, the last one too, by the path that leads to it.
    way: Vec<(String, Field)>,
}

impl Target {
    /// The first part of the path of which this is not so.
    pub(super) fn first_not(&self, is: impl Fn(&Field) -> bool) -> Option<&str> {
        self.way.iter().find(|(_, field)| !is(field)).map(|(path, _)| path.as_str())
    }
}

impl Seen {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name).filter(|_| !self.hidden.contains(name))
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&String, &Field)> {
        self.fields.iter().filter(|(name, _)| !self.hidden.contains(*name))
    }

    /// What to say of a field that is not there.
    pub(super) fn unknown(&self, name: &str) -> String {
        let near = nearest(name, self.fields().map(|(name, field)| (name.as_str(), field.label.as_str())));
        match near.is_empty() {
            true => format!("{} has no field {name}: describe_model lists them", self.model),
            false => format!("{} has no field {name}; there is {}", self.model, near.join(", ")),
        }
    }
}

impl View {
    /// The rules that it is under.
    pub fn rules(&self) -> &Arc<Models> {
        &self.rules
    }
}

impl Records {
    /// What callers see whom these rules bind.
    ///
    /// # Errors
    /// When the account has no such company or language.
    pub async fn view(&self, rules: Arc<Models>, context: &Context) -> Result<View, RecordError> {
        Ok(View { records: self.within(context).await?, rules })
    }

    /// The same records in this context.
    ///
    /// # Errors
    /// When the account has no such company or language.
    pub async fn within(&self, context: &Context) -> Result<Self, RecordError> {
        let more = self.in_words_of_odoo(context).await?;
        if more.is_empty() {
            return Ok(self.clone());
        }
        let [odoo, writer] = [&self.odoo, &self.writer].map(|odoo| odoo.with_context(&more));
        let lang = context.lang.clone().or_else(|| self.lang.clone());
        Ok(Self { odoo, writer, lang, ..self.clone() })
    }
}

impl View {
    pub(super) fn failed(&self, error: OdooError) -> RecordError {
        RecordError::Odoo { error, instance: self.records.instance }
    }

    /// The same of a call that named fields of this model: what was remembered of them goes when Odoo knows one no more.
    pub(super) fn failed_on(&self, model: &str, error: OdooError) -> RecordError {
        if matches!(error, OdooError::Unknown(_)) {
            self.records.forget_fields(model);
        }
        self.failed(error)
    }

    /// A model of which this may be done.
    pub(super) async fn see(&self, model: &str, verb: Verb) -> Result<Seen, RecordError> {
        self.see_with(model, verb, &[]).await
    }

    /// The same; Odoo is asked again when it had no such fields a while ago.
    pub(super) async fn see_with(
        &self,
        model: &str,
        verb: Verb,
        names: &[&str],
    ) -> Result<Seen, RecordError> {
        if !is_model_name(model) {
            return Err(RecordError::argument(
                "model",
                "must be the name of a model such as res.partner: list_models finds it",
            ));
        }
        self.rules.allow(model, verb)?;
        let fields = match self.records.fields_with(model, names).await {
            Ok(fields) => fields,
            Err(error) => return Err(self.no_model(model, error).await),
        };
        let hidden = self.hidden(model, &fields).await?;
        Ok(Seen { model: model.to_owned(), fields, hidden })
    }

    /// Odoo did not tell the fields of a model: because there is none of that name?
    async fn no_model(&self, model: &str, error: OdooError) -> RecordError {
        if error.is_transient() || matches!(error, OdooError::AccessDenied(_)) {
            return self.failed(error);
        }
        match self.records.models().await {
            Ok(models) if !models.iter().any(|known| known.model == model) => {
                let open = models.iter().filter(|known| self.rules.allow(&known.model, Verb::Read).is_ok());
                let near = nearest(model, open.map(|known| (known.model.as_str(), known.name.as_str())));
                let nearest = near.into_iter().map(str::to_owned).collect();
                RecordError::NoModel { model: model.to_owned(), nearest }
            }
            _ => self.failed(error),
        }
    }

    /// Where a dotted path ends, or what is wrong with it. Each model on the way must be open, each field seen.
    pub(super) async fn path(&self, model: &Seen, path: &str) -> Result<Result<Target, String>, RecordError> {
        if path.split('.').count() > LONGEST_PATH {
            return Ok(Err(format!("must lead over at most {LONGEST_PATH} fields")));
        }
        let mut parts = path.split('.').peekable();
        let mut seen: Option<Seen> = None;
        let mut way: Vec<(String, Field)> = Vec::new();
        while let Some(part) = parts.next() {
            let here = seen.as_ref().unwrap_or(model);
            let Some(field) = here.field(part) else { return Ok(Err(here.unknown(part))) };
            let so_far = way.last().map_or_else(|| part.to_owned(), |(path, _)| format!("{path}.{part}"));
            way.push((so_far, field.clone()));
            let closed = match &field.relation {
                Some(relation) => self.rules.allow(relation, Verb::Read).err(),
                None => None,
            };
            let is_end = match parts.peek() {
                None => true,
                // What follows is within the value.
                Some(next) => {
                    field.kind == "properties"
                        || matches!(field.kind.as_str(), "date" | "datetime") && DATE_PARTS.contains(next)
                }
            };
            if is_end {
                let within = parts.peek().is_some();
                let kind = if within { String::new() } else { field.kind.clone() };
                let asks_by_text = |model: &str| self.rules.is_asked_by_text(model);
                let by_ids_only = match field.relation.as_deref() {
                    Some(relation) => !asks_by_text(relation),
                    // Odoo looks for it in more than the name; so it does for a text beside `id`, with child_of.
                    None => matches!(part, "display_name" | "id") && !asks_by_text(&here.model),
                };
                return Ok(Ok(Target { field: Field { kind, ..field.clone() }, closed, by_ids_only, way }));
            }
            if let Some(closed) = closed {
                return Ok(Err(closed.to_string()));
            }
            let Some(relation) = field.relation.clone() else {
                return Ok(Err(format!("{part} of {} points to no other model", here.model)));
            };
            seen = Some(self.see(&relation, Verb::Read).await?);
        }
        Ok(Err("must be the name of a field".to_owned()))
    }
}

/// Whether a text has the form of a model's name, such as `res.partner`. PostgreSQL takes no longer names of tables.
#[must_use]
pub fn is_model_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c);
    (1..=63).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(is_part)
}
