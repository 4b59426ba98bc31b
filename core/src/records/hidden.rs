//! Which fields nobody sees: those that the rules hide, and those that follow from them.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::try_join_all;

use super::error::RecordError;
use super::metadata::{Field, Fields};
use super::view::View;
use crate::access::models::{Models, NAMES, Verb};
use crate::input::FieldError;

/// What is hidden of the fields of a model by these rules.
#[derive(Clone)]
pub(super) struct Hidden {
    rules: Arc<Models>,
    fields: Arc<Fields>,
    names: Arc<HashSet<String>>,
}

impl View {
    /// Refuses fields that callers do not see, for tools of their own that take names of fields.
    ///
    /// # Errors
    /// Which there are not, or that the rules close the model.
    pub async fn show(&self, model: &str, verb: Verb, names: &[&str]) -> Result<(), RecordError> {
        let seen = self.see_with(model, verb, names).await?;
        let unseen = names.iter().filter(|name| seen.field(name).is_none());
        let error = |name: &&str| FieldError { path: (*name).to_owned(), message: seen.unknown(name) };
        let errors: Vec<FieldError> = unseen.map(error).collect();
        match errors.is_empty() {
            true => Ok(()),
            false => Err(RecordError::Invalid { errors, code: "unknown_field" }),
        }
    }

    /// Of the fields that a tool of its own shows one that mirrors a hidden field of another model, if there is such.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn mirror_of_hidden(
        &self,
        model: &str,
        shows: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, RecordError> {
        let fields = self.records.fields(model).await.map_err(|error| self.failed(error))?;
        for (name, field) in fields.iter().filter(|(name, _)| shows(name)) {
            let Some(path) = &field.related else { continue };
            if self.leads_to_what_is_hidden((model, name), &fields, path, false).await? {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    /// The fields that the rules hide, and those that follow from them: what is worked out from a hidden field, or
    /// mirrors a field of another model that is hidden or closed. Worked out once, while rules and fields stay as they are.
    pub(super) async fn hidden(
        &self,
        model: &str,
        fields: &Arc<Fields>,
    ) -> Result<Arc<HashSet<String>>, RecordError> {
        if !self.rules.restrict() {
            return Ok(Arc::default());
        }
        let known = self.records.metadata.hidden(model, self.records.lang.as_deref());
        let is_of_now = |it: &Hidden| Arc::ptr_eq(&it.rules, &self.rules) && Arc::ptr_eq(&it.fields, fields);
        if let Some(known) = known.filter(is_of_now) {
            return Ok(known.names);
        }
        let names = Arc::new(self.work_out(model, fields).await?);
        let (rules, fields, told) = (Arc::clone(&self.rules), Arc::clone(fields), Arc::clone(&names));
        let hidden = Hidden { rules, fields, names };
        self.records.metadata.remember_hidden(model, self.records.lang.as_deref(), hidden);
        Ok(told)
    }

    async fn work_out(&self, model: &str, fields: &Arc<Fields>) -> Result<HashSet<String>, RecordError> {
        let mut hidden: HashSet<String> = by_rule(&self.rules, model).map(str::to_owned).collect();
        // The models on the way are asked for at once.
        let looked_at = fields.iter().flat_map(|(name, field)| {
            // What a name is made of is not said beside it.
            let on =
                field.depends.iter().filter(|path| path.contains('.') && !NAMES.contains(&name.as_str()));
            field.related.iter().chain(on).map(async move |path| {
                let is_mirror = field.related.as_ref() == Some(path);
                let leads = self.leads_to_what_is_hidden((model, name), fields, path, is_mirror).await?;
                Ok::<_, RecordError>(leads.then(|| name.clone()))
            })
        });
        hidden.extend(try_join_all(looked_at).await?.into_iter().flatten());
        loop {
            let follows = |(name, field): &(&String, &Field)| {
                // A name says what people are to see of a record.
                !NAMES.contains(&name.as_str())
                    && !hidden.contains(*name)
                    && field
                        .depends
                        .iter()
                        .any(|on| on.split('.').next().is_some_and(|on| hidden.contains(on)))
            };
            let more: Vec<String> = fields.iter().filter(follows).map(|(name, _)| name.clone()).collect();
            if more.is_empty() {
                return Ok(hidden);
            }
            hidden.extend(more);
        }
    }

    /// Whether a field is hidden on the way of a path; for one that mirrors what the path ends at, also whether a model is
    /// closed there, or what it ends at mirrors such a field. What is only worked out from a closed model may be told: totals
    /// are, of closed lines. So may what is worked out from what is worked out elsewhere: [`super::traces`] tells of it.
    async fn leads_to_what_is_hidden(
        &self,
        (model, name): (&str, &str),
        fields: &Arc<Fields>,
        path: &str,
        is_mirror: bool,
    ) -> Result<bool, RecordError> {
        // Fields may mirror one another in a circle, as one of a record the same of the record above: what is seen there is
        // nothing else than on the way.
        let mut seen = HashSet::from([(model.to_owned(), name.to_owned())]);
        let (mut model, mut fields, mut path) = (model.to_owned(), Arc::clone(fields), path.to_owned());
        // What the first path begins with is of the model itself, where all that follows from a hidden field is looked for.
        let mut is_elsewhere = false;
        loop {
            let mut end = None;
            let mut parts = path.split('.').peekable();
            while let Some(part) = parts.next() {
                if is_elsewhere && by_rule(&self.rules, &model).any(|name| name == part) {
                    return Ok(true);
                }
                let Some(field) = fields.get(part) else { return Ok(false) };
                if parts.peek().is_none() {
                    end = field.related.clone().filter(|_| seen.insert((model.clone(), part.to_owned())));
                    break;
                }
                let Some(relation) = field.relation.clone() else { return Ok(false) };
                if self.rules.allow(&relation, Verb::Read).is_err() {
                    let hides = self.rules.hidden(&relation).is_some_and(|hidden| !hidden.is_empty());
                    return Ok(is_mirror || hides);
                }
                fields = self.records.fields(&relation).await.map_err(|error| self.failed(error))?;
                (model, is_elsewhere) = (relation, true);
            }
            match end {
                Some(mirrored) if is_mirror && is_elsewhere => path = mirrored,
                _ => return Ok(false),
            }
        }
    }
}

/// What the rules themselves hide of a model; names go together.
pub(super) fn by_rule<'a>(rules: &'a Models, model: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let hidden = rules.hidden(model);
    let hides_name = hidden.is_some_and(|hidden| NAMES.iter().any(|name| hidden.contains(*name)));
    let names = NAMES.into_iter().filter(move |_| hides_name);
    hidden.into_iter().flatten().map(String::as_str).chain(names)
}
