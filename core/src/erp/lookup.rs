//! Search over projects and tasks, and what it finds as readable text.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::page::{Listing, MOST, contains};
use super::project_tasks::{self, TaskRequest};
use super::value::{plain, text, time};
use super::{Erp, ErpError, Named};
use crate::input::{trimmed, trimmed_or_absent};
use crate::odoo::{OdooError, Record, SearchRead};
use crate::quotation::rules;

const PROJECTS: &str = "project.project";
/// Words that say where to look.
const PROJECT_WORDS: [&str; 4] = ["proyecto", "proyectos", "project", "projects"];
const TASK_WORDS: [&str; 4] = ["tarea", "tareas", "task", "tasks"];
/// Words that say nothing.
const SMALL_WORDS: [&str; 26] = [
    "de", "del", "la", "las", "el", "los", "un", "una", "y", "en", "con", "para", "por", "a", "al", "the",
    "of", "in", "for", "with", "and", "to", "on", "about", "all", "an",
];

/// What to look for.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// Words of the title
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(not_blank))]
    pub query: String,
    /// At most 500
    #[serde(default = "ten")]
    #[garde(range(min = 1))]
    pub limit: u32,
}

fn ten() -> u32 {
    10
}

fn not_blank(text: &str, _: &()) -> garde::Result {
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
    /// For fetch: project:123 or task:456
    pub id: String,
    /// Title
    pub title: String,
    /// Web page
    pub url: String,
}

/// Which document to fetch.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct DocumentRequest {
    /// From search: project:123 or task:456
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(custom(known_document(self.id.as_deref())))]
    pub doc_id: Option<String>,
    /// The same as doc_id
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub id: Option<String>,
}

/// A record as a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// As asked for
    pub id: String,
    /// Title
    pub title: String,
    /// Plain text
    pub text: String,
    /// Web page
    pub url: String,
    /// Single facts by name
    pub metadata: BTreeMap<String, String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Project,
    Task,
}

impl DocumentRequest {
    fn document(&self) -> Option<(Kind, i64)> {
        document(self.doc_id.as_deref().or(self.id.as_deref())?)
    }
}

fn document(id: &str) -> Option<(Kind, i64)> {
    let (kind, id) = id.split_once(':')?;
    let kind = match kind {
        "project" => Kind::Project,
        "task" => Kind::Task,
        _ => return None,
    };
    let id = id.parse().ok()?;
    rules::record_id(1)(&id, &()).is_ok().then_some((kind, id))
}

fn known_document(id: Option<&str>) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |doc_id, _| match (doc_id.as_deref(), id) {
        (Some(doc_id), Some(id)) if doc_id != id => {
            Err(garde::Error::new("differs from id: give one of them"))
        }
        (given, other) if given.or(other).and_then(document).is_some() => Ok(()),
        _ => Err(garde::Error::new("must be an id that search gave: project:123 or task:456")),
    }
}

/// A query without the words that say where to look or nothing, unless it has no others: nobody who looks for
/// "the" wants everything.
struct Query {
    projects: bool,
    tasks: bool,
    words: Vec<String>,
}

impl Query {
    fn new(text: &str) -> Self {
        let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let is = |word: &str, words: &[&str]| words.contains(&word.to_lowercase().as_str());
        let any = |narrowing: &[&str]| words.iter().any(|word| is(word, narrowing));
        let (projects, tasks) = (any(&PROJECT_WORDS), any(&TASK_WORDS));
        let says = |word: &String| {
            ![PROJECT_WORDS.as_slice(), &TASK_WORDS, &SMALL_WORDS].iter().any(|words| is(word, words))
        };
        let telling: Vec<String> = words.iter().filter(|word| says(word)).cloned().collect();
        let words = match (telling.is_empty() && !projects && !tasks, words.is_empty()) {
            (false, _) => telling,
            (true, false) => words,
            (true, true) => vec![text.to_owned()],
        };
        Self { projects: projects || !tasks, tasks: tasks || !projects, words }
    }

    /// Every word must be in one of the fields.
    fn domain(&self, fields: &[&str]) -> Vec<Value> {
        self.words.iter().flat_map(|word| contains(word, fields)).collect()
    }
}

impl Erp {
    /// Projects and tasks by the words of their titles.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn search(&self, request: &SearchRequest) -> Result<SearchResults, ErpError> {
        let query = Query::new(&request.query);
        let limit = request.limit.min(MOST);
        let find = async |wanted: bool, kind: &str, model: &str, fields: &[&str]| -> Result<_, OdooError> {
            if !wanted {
                return Ok(Vec::new());
            }
            let ask = SearchRead { fields: &["name"], limit: Some(limit.into()), ..SearchRead::default() };
            let records = self.odoo.search_read(model, query.domain(fields).into(), &ask).await?;
            let found = records.iter().map(|record| {
                let id = record.id()?;
                let title = text(record, "name")?.unwrap_or_default();
                Ok(Found { id: format!("{kind}:{id}"), title, url: self.odoo.record_url(model, id) })
            });
            found.collect::<Result<Vec<_>, OdooError>>()
        };
        let (projects, tasks) = tokio::try_join!(
            find(query.projects, "project", PROJECTS, &["name"]),
            find(query.tasks, "task", project_tasks::MODEL, &["name", "project_id.name"]),
        )?;
        Ok(SearchResults { results: alternating(projects, tasks, limit) })
    }

    /// A project or task as readable text.
    ///
    /// # Errors
    /// When Odoo fails or there is no such record.
    pub async fn fetch(&self, request: &DocumentRequest) -> Result<Document, ErpError> {
        match request.document() {
            Some((Kind::Project, id)) => self.project_document(id).await,
            Some((Kind::Task, id)) => self.task_document(id).await,
            None => Err(ErpError::NotFound { what: "document", id: 0, find: "search" }),
        }
    }

    async fn project_document(&self, id: i64) -> Result<Document, ErpError> {
        let fields = ["name", "user_id", "partner_id", "date_start", "date", "description"];
        let listing = Listing {
            model: project_tasks::MODEL,
            domain: vec![json!(["project_id", "=", id])],
            fields: &["name"],
            order: None,
            limit: 50,
        };
        let title = |task: &Record| {
            Ok(format!("- {} (task:{})", text(task, "name")?.unwrap_or_default(), task.id()?))
        };
        let (project, tasks) =
            tokio::try_join!(self.record(PROJECTS, id, &fields), listing.page(&self.odoo, title))?;
        let project = project.ok_or(ErpError::NotFound { what: "project", id, find: "search" })?;
        let mut titles = tasks.items;
        let listed = titles.len().try_into().unwrap_or(u64::MAX);
        let all = tasks.total.unwrap_or(listed);
        if all > listed {
            titles.push(format!("- and {} more: list_tasks with project_id {id}", all - listed));
        }
        let name = |field: &str| Named::of(&project, field).map(|named| named.map(|named| named.name));
        let facts = [
            ("manager", name("user_id")?),
            ("customer", name("partner_id")?),
            ("date_start", time(&project, "date_start")?),
            ("date_end", time(&project, "date")?),
            ("tasks", Some(all.to_string())),
        ];
        let body = [plain(&project, "description")?.unwrap_or_default(), titles.join("\n")];
        let title = text(&project, "name")?.unwrap_or_default();
        Ok(Document::new(format!("project:{id}"), title, facts, &body, self.odoo.record_url(PROJECTS, id)))
    }

    async fn task_document(&self, id: i64) -> Result<Document, ErpError> {
        let task = match self.task(&TaskRequest { task_id: id }).await {
            Err(ErpError::NotFound { what, id, .. }) => {
                return Err(ErpError::NotFound { what, id, find: "search" });
            }
            task => task?,
        };
        let name = |named: Option<Named>| named.map(|named| named.name);
        let assignees: Vec<String> = task.assignees.into_iter().map(|user| user.name).collect();
        let facts = [
            ("project", name(task.project)),
            ("stage", name(task.stage)),
            ("assignees", Some(assignees.join(", ")).filter(|names| !names.is_empty())),
            ("deadline", task.deadline),
            ("customer", name(task.partner)),
            ("parent", name(task.parent)),
            ("updated", task.updated),
        ];
        let body = [task.description.unwrap_or_default()];
        Ok(Document::new(format!("task:{id}"), task.name, facts, &body, task.url))
    }
}

impl Document {
    /// The title, the facts that are known one per line, then the longer texts.
    fn new<const N: usize>(
        id: String,
        title: String,
        facts: [(&str, Option<String>); N],
        body: &[String],
        url: String,
    ) -> Self {
        let known = facts.into_iter().filter_map(|(name, fact)| Some((name, fact?)));
        let known: Vec<(&str, String)> = known.collect();
        let mut text = title.clone();
        for (name, fact) in &known {
            text.push_str(&format!("\n{name}: {fact}"));
        }
        for part in body.iter().filter(|part| !part.is_empty()) {
            text.push_str(&format!("\n\n{part}"));
        }
        let metadata = known.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
        Self { id, title, text, url, metadata }
    }
}

/// One of each in turn, so that neither hides the other.
fn alternating(first: Vec<Found>, second: Vec<Found>, limit: u32) -> Vec<Found> {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let pairs = std::iter::from_fn(|| {
        let pair = [first.next(), second.next()];
        pair.iter().any(Option::is_some).then_some(pair)
    });
    pairs.flatten().flatten().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_narrow_the_search() {
        for (text, projects, tasks, words) in [
            ("robot", true, true, vec!["robot"]),
            ("Proyectos: robot", true, false, vec!["robot"]),
            ("tareas de Robot PUDU", false, true, vec!["Robot", "PUDU"]),
            ("all tasks", false, true, vec![]),
            ("tareas del proyecto Renovations", true, true, vec!["Renovations"]),
            ("multitask", true, true, vec!["multitask"]),
            ("the", true, true, vec!["the"]),
            ("para la", true, true, vec!["para", "la"]),
            ("la tarea", false, true, vec![]),
            ("???", true, true, vec!["???"]),
        ] {
            let query = Query::new(text);
            assert_eq!(
                (query.projects, query.tasks, query.words),
                (projects, tasks, words.iter().map(|w| (*w).to_owned()).collect()),
                "{text}"
            );
        }
    }
}
