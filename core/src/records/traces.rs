//! Fields that stay open though Odoo works them out from hidden ones, further away than the rules are followed at each call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use super::Records;
use super::error::RecordError;
use super::hidden::by_rule;
use super::metadata::Fields;
use super::view::View;
use crate::access::models::{Models, NAMES, Verb};
use crate::odoo::OdooError;

/// Models asked for at once.
const AT_ONCE: usize = 8;

/// Open fields of a model that tell of a hidden one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// `sale.order`
    pub model: String,
    /// `amount_total`
    pub fields: Vec<String>,
    /// What they are worked out from: `sale.order.line.price_unit`
    pub from: String,
}

/// What becomes of what the rules hide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// What tells of it.
    pub traces: Vec<Trace>,
    /// Of what they hide, what this account does not see in Odoo: `sale.order.amuont_total`
    pub unseen: Vec<String>,
}

/// A field of a model.
type Node<'a> = (&'a str, &'a str);

/// What is known of the fields of each model.
type Known = BTreeMap<String, Arc<Fields>>;

impl Records {
    /// The fields that these rules leave open though they are worked out from hidden ones, as far as Odoo tells what it works
    /// them out from, and hidden fields that are not there. It asks for the fields of every open model.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn traces(&self, rules: Arc<Models>) -> Result<Traces, RecordError> {
        if !rules.hides() {
            return Ok(Traces::default());
        }
        let view = View { records: self.clone(), rules };
        let known = view.all_fields().await?;
        let mut traces: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for ((model, name), (from_model, from)) in followed(&view.rules, &known) {
            let Some(fields) = known.get(model).filter(|_| view.rules.allow(model, Verb::Read).is_ok())
            else {
                continue;
            };
            if !view.hidden(model, fields).await?.contains(name) {
                let from = format!("{from_model}.{from}");
                traces.entry((model.to_owned(), from)).or_default().push(name.to_owned());
            }
        }
        let trace = |((model, from), fields)| Trace { model, fields, from };
        let unseen = view.rules.hiding().flat_map(|model| {
            let is_seen = |name: &&String| known.get(model).is_some_and(|fields| fields.contains_key(*name));
            let hidden = view.rules.hidden(model).into_iter().flatten();
            hidden.filter(move |name| !is_seen(name)).map(move |name| format!("{model}.{name}"))
        });
        Ok(Traces { traces: traces.into_iter().map(trace).collect(), unseen: unseen.collect() })
    }
}

impl View {
    /// The fields of every model that is open or hides some, and of those that lie between.
    async fn all_fields(&self) -> Result<Known, RecordError> {
        let models = self.records.models().await.map_err(|error| self.failed(error))?;
        let open = models.iter().map(|known| &known.model);
        let open = open.filter(|model| self.rules.allow(model, Verb::Read).is_ok());
        let mut wanted: BTreeSet<String> = open.chain(self.rules.hiding()).cloned().collect();
        let mut known = Known::new();
        while !wanted.is_empty() {
            let asked = wanted.into_iter().map(async |model| match self.records.fields(&model).await {
                Ok(fields) => Ok((model, fields)),
                // A rule may name a model that is not installed.
                Err(error) if !error.is_transient() && !matches!(error, OdooError::AccessDenied(_)) => {
                    Ok((model, Arc::default()))
                }
                Err(error) => Err(self.failed(error)),
            });
            known.extend(stream::iter(asked).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?);
            wanted = known
                .iter()
                .flat_map(|(model, fields)| {
                    let paths = fields.values().flat_map(|field| field.related.iter().chain(&field.depends));
                    paths.filter_map(|path| steps(&known, model, path).1)
                })
                .map(str::to_owned)
                .collect();
        }
        Ok(known)
    }
}

/// Every field that follows from a hidden one, and from which.
fn followed<'a>(rules: &'a Models, known: &'a Known) -> BTreeMap<Node<'a>, Node<'a>> {
    let hidden =
        rules.hiding().flat_map(|model| by_rule(rules, model).map(move |name| (model.as_str(), name)));
    let mut followed: BTreeMap<Node<'a>, Node<'a>> = hidden.map(|node| (node, node)).collect();
    let mut open: Vec<(Node<'a>, Vec<Node<'a>>)> = Vec::new();
    for (model, fields) in known {
        // A name says what people are to see of a record.
        for (name, field) in fields.iter().filter(|(name, _)| !NAMES.contains(&name.as_str())) {
            let paths = field.related.iter().chain(&field.depends);
            let on: Vec<Node<'a>> = paths.flat_map(|path| steps(known, model, path).0).collect();
            if !on.is_empty() {
                open.push(((model.as_str(), name.as_str()), on));
            }
        }
    }
    loop {
        let before = followed.len();
        open.retain(|(node, on)| match on.iter().find_map(|on| followed.get(on).copied()) {
            Some(from) => {
                followed.entry(*node).or_insert(from);
                false
            }
            None => true,
        });
        if followed.len() == before {
            return followed;
        }
    }
}

/// The fields on the way of a path, and the model at which it leaves those that are known.
fn steps<'a>(known: &'a Known, model: &'a str, path: &'a str) -> (Vec<Node<'a>>, Option<&'a str>) {
    let (mut model, mut steps) = (model, Vec::new());
    for part in path.split('.') {
        let Some(fields) = known.get(model) else { return (steps, Some(model)) };
        steps.push((model, part));
        let Some(relation) = fields.get(part).and_then(|field| field.relation.as_deref()) else { break };
        model = relation;
    }
    (steps, None)
}
