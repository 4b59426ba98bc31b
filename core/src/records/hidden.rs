//! Which fields nobody sees: those that the rules hide, and those that follow from them.

use std::collections::HashSet;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};

use super::error::RecordError;
use super::metadata::{Field, Fields};
use super::view::View;
use crate::access::models::{Models, NAMES, Verb};

/// What is hidden of the fields of a model by these rules.
#[derive(Clone)]
pub(super) struct Hidden {
    rules: Arc<Models>,
    fields: Arc<Fields>,
    names: Arc<HashSet<String>>,
}

impl View {
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

    async fn work_out(&self, model: &str, fields: &Fields) -> Result<HashSet<String>, RecordError> {
        let mut hidden: HashSet<String> = by_rule(&self.rules, model).map(str::to_owned).collect();
        // The models on the way are asked for at once.
        let looked_at = fields.iter().flat_map(|(name, field)| {
            // What a name is made of is not said beside it.
            let on =
                field.depends.iter().filter(|path| path.contains('.') && !NAMES.contains(&name.as_str()));
            field.related.iter().chain(on).map(async move |path| {
                let is_mirror = field.related.as_ref() == Some(path);
                let leads = self.leads_to_what_is_hidden(fields, path, is_mirror).await?;
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
    fn leads_to_what_is_hidden<'a>(
        &'a self,
        fields: &'a Fields,
        path: &'a str,
        is_mirror: bool,
    ) -> BoxFuture<'a, Result<bool, RecordError>> {
        self.follow(fields, path, is_mirror).boxed()
    }

    async fn follow(&self, fields: &Fields, path: &str, is_mirror: bool) -> Result<bool, RecordError> {
        let mut parts = path.split('.').peekable();
        let mut of_model: Option<(String, Arc<Fields>)> = None;
        while let Some(part) = parts.next() {
            if let Some((model, _)) = &of_model
                && by_rule(&self.rules, model).any(|name| name == part)
            {
                return Ok(true);
            }
            let here = of_model.as_ref().map_or(fields, |(_, fields)| fields);
            let Some(field) = here.get(part) else { return Ok(false) };
            if parts.peek().is_none() {
                return match &field.related {
                    Some(mirrored) if is_mirror && of_model.is_some() => {
                        self.leads_to_what_is_hidden(here, mirrored, true).await
                    }
                    _ => Ok(false),
                };
            }
            let Some(relation) = field.relation.clone() else { return Ok(false) };
            if self.rules.allow(&relation, Verb::Read).is_err() {
                let hides = self.rules.hidden(&relation).is_some_and(|hidden| !hidden.is_empty());
                return Ok(is_mirror || hides);
            }
            let fields = self.records.fields(&relation).await.map_err(|error| self.failed(error))?;
            of_model = Some((relation, fields));
        }
        Ok(false)
    }
}

/// What the rules themselves hide of a model; names go together.
pub(super) fn by_rule<'a>(rules: &'a Models, model: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let hidden = rules.hidden(model);
    let hides_name = hidden.is_some_and(|hidden| NAMES.iter().any(|name| hidden.contains(*name)));
    let names = NAMES.into_iter().filter(move |_| hides_name);
    hidden.into_iter().flatten().map(String::as_str).chain(names)
}
