//! Search over projects, tasks, products and customers.

use futures::FutureExt;
use futures::future::BoxFuture;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::page::{MOST, contains};
use super::value::text;
use super::{Erp, ErpError, Named, customers, products, project_tasks, ten};
use crate::input::trimmed;
use crate::odoo::{OdooError, Record, SearchRead};

pub(super) const PROJECTS: &str = "project.project";
/// Where to look, and the words that say so.
const KINDS: [(&str, [&str; 4]); 4] = [
    ("project", ["proyecto", "proyectos", "project", "projects"]),
    ("task", ["tarea", "tareas", "task", "tasks"]),
    ("product", ["producto", "productos", "product", "products"]),
    ("customer", ["cliente", "clientes", "customer", "customers"]),
];
/// Words that say nothing.
const SMALL_WORDS: [&str; 26] = [
    "de", "del", "la", "las", "el", "los", "un", "una", "y", "en", "con", "para", "por", "a", "al", "the",
    "of", "in", "for", "with", "and", "to", "on", "about", "all", "an",
];

/// What to look for.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// Words
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(not_blank))]
    pub query: String,
    /// At most 500
    #[serde(default = "ten")]
    #[garde(range(min = 1))]
    pub limit: u32,
}

pub(super) fn not_blank(text: &str, _: &()) -> garde::Result {
    match text.is_empty() {
        true => Err(garde::Error::new("must not be empty")),
        false => Ok(()),
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchResults {
    /// Each
    pub results: Vec<Found>,
}

/// One record that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Found {
    /// For fetch: project:123, product:456
    pub id: String,
    /// Title
    pub title: String,
    /// Web page
    pub url: String,
}

/// A query without the words that say where to look or nothing, unless it has no others: nobody who looks for
/// "the" wants everything.
struct Query {
    /// Whether each of [`KINDS`] is looked for.
    kinds: [bool; KINDS.len()],
    words: Vec<String>,
}

impl Query {
    fn new(text: &str) -> Self {
        let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let is = |word: &str, words: &[&str]| words.contains(&word.to_lowercase().as_str());
        let kinds = KINDS.map(|(_, narrowing)| words.iter().any(|word| is(word, &narrowing)));
        let narrowed = kinds.contains(&true);
        let small =
            |word: &str| is(word, &SMALL_WORDS) || KINDS.iter().any(|(_, narrowing)| is(word, narrowing));
        let telling: Vec<String> = words.iter().filter(|word| !small(word)).cloned().collect();
        let words = match (telling.is_empty() && !narrowed, words.is_empty()) {
            (false, _) => telling,
            (true, false) => words,
            (true, true) => vec![text.to_owned()],
        };
        Self { kinds: if narrowed { kinds } else { [true; KINDS.len()] }, words }
    }

    /// Every word must be in one of the fields.
    fn domain(&self, fields: &[&str]) -> Vec<Value> {
        self.words.iter().flat_map(|word| contains(word, fields)).collect()
    }
}

impl Erp {
    /// Projects and tasks by the words of their titles, products and customers by what they are found by.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn search(&self, request: &SearchRequest) -> Result<SearchResults, ErpError> {
        let query = Query::new(&request.query);
        let limit = request.limit.min(MOST);
        let words = query.words.join(" ");
        let titles = async |model: &str, fields: &[&str]| -> Result<Vec<Named>, OdooError> {
            let ask = SearchRead { fields: &["name"], limit: Some(limit.into()), ..SearchRead::default() };
            let records = self.records.odoo.search_read(model, query.domain(fields).into(), &ask).await?;
            records.iter().map(|record| named(record, "name")).collect()
        };
        let [projects, tasks, products, customers] = query.kinds;
        let wanted = async |wanted: bool, found: BoxFuture<'_, Result<Vec<Named>, OdooError>>| match wanted {
            true => found.await,
            false => Ok(Vec::new()),
        };
        let clients = async {
            let found = self.customers(&words).await?;
            found.iter().map(|record| named(record, "display_name")).collect()
        };
        let (projects, tasks, products, customers) = tokio::try_join!(
            wanted(projects, titles(PROJECTS, &["name"]).boxed()),
            wanted(tasks, titles(project_tasks::MODEL, &["name", "project_id.name"]).boxed()),
            wanted(products, self.products(&words).boxed()),
            wanted(customers, clients.boxed()),
        )?;
        let models = [PROJECTS, project_tasks::MODEL, products::MODEL, customers::MODEL];
        let found = [projects, tasks, products, customers].into_iter().zip(KINDS).zip(models);
        let found = found.map(|((found, (kind, _)), model)| {
            let one = move |Named { id, name }| Found {
                id: format!("{kind}:{id}"),
                title: name,
                url: self.records.odoo.record_url(model, id),
            };
            found.into_iter().map(one).collect()
        });
        Ok(SearchResults { results: alternating(found.collect(), limit) })
    }
}

fn named(record: &Record, field: &str) -> Result<Named, OdooError> {
    Ok(Named { id: record.id()?, name: text(record, field)?.unwrap_or_default() })
}

/// One of each in turn, so that none hides the others.
fn alternating(lists: Vec<Vec<Found>>, limit: u32) -> Vec<Found> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or_default();
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let rounds = (0..longest).flat_map(|_| lists.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>());
    rounds.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_narrow_the_search() {
        for (text, kinds, words) in [
            ("robot", "ptrc", vec!["robot"]),
            ("Proyectos: robot", "p", vec!["robot"]),
            ("tareas de Robot PUDU", "t", vec!["Robot", "PUDU"]),
            ("all tasks", "t", vec![]),
            ("tareas del proyecto Renovations", "pt", vec!["Renovations"]),
            ("multitask", "ptrc", vec!["multitask"]),
            ("the", "ptrc", vec!["the"]),
            ("para la", "ptrc", vec!["para", "la"]),
            ("la tarea", "t", vec![]),
            ("productos: escritorio", "r", vec!["escritorio"]),
            ("cliente Torres", "c", vec!["Torres"]),
            ("???", "ptrc", vec!["???"]),
        ] {
            let query = Query::new(text);
            let wanted: String =
                "ptrc".chars().zip(query.kinds).filter(|(_, wanted)| *wanted).map(|(kind, _)| kind).collect();
            assert_eq!(
                (wanted.as_str(), query.words),
                (kinds, words.iter().map(|w| (*w).to_owned()).collect()),
                "{text}"
            );
        }
    }
}
