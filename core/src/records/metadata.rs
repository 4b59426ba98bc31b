//! What Odoo says of itself: its models, the fields of each, its companies and languages. Remembered for a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::Records;
use super::currencies::Currencies;
use super::hidden::Hidden;
use super::words::plain;
use crate::odoo::{Call, Odoo, OdooError};
use crate::quotation::salespeople::companies_of;
use crate::records::value::Named;

/// A field that is not known may have been added meanwhile: so long after asking it is asked for again.
const ASKED_JUST_NOW: Duration = Duration::from_secs(10);
/// More languages are not looked through.
const LANGUAGES: usize = 8;
const ATTRIBUTES: [&str; 15] = [
    "type",
    "string",
    "required",
    "readonly",
    "store",
    "relation",
    "selection",
    "currency_field",
    "related",
    "depends",
    "groupable",
    "searchable",
    "sortable",
    "size",
    "digits",
];

/// How long what Odoo says of itself is taken as true, and how much of it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataConfig {
    /// `CACHE_TTL_SECONDS`
    pub ttl: Duration,
    /// `CACHE_MAX_SIZE`: models, at most.
    pub max_size: usize,
}

impl Default for MetadataConfig {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(300), max_size: 1000 }
    }
}

/// A field of a model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Field {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What people read.
    #[serde(rename = "string")]
    pub(crate) label: String,
    pub(crate) required: bool,
    pub(crate) readonly: bool,
    /// `None` where Odoo does not say.
    pub(crate) store: Option<bool>,
    pub(crate) relation: Option<String>,
    #[serde(deserialize_with = "options")]
    pub(crate) selection: Vec<(String, String)>,
    #[serde(deserialize_with = "text_or_none")]
    pub(crate) currency_field: Option<String>,
    /// `partner_id.vat`
    #[serde(deserialize_with = "path")]
    pub(crate) related: Option<String>,
    #[serde(deserialize_with = "names")]
    pub(crate) depends: Vec<String>,
    pub(super) searchable: Option<bool>,
    pub(super) sortable: Option<bool>,
    /// Characters, at most; Odoo cuts what it compares with, too.
    #[serde(deserialize_with = "count_or_none")]
    pub(crate) size: Option<usize>,
    /// How many decimals Odoo keeps; `None` where it does not say.
    #[serde(rename = "digits", deserialize_with = "decimals")]
    pub(crate) decimals: Option<i32>,
}

impl Field {
    /// Whether records are found by it. A condition on any other Odoo takes for true, and finds them all.
    pub(crate) fn is_searchable(&self) -> bool {
        self.searchable != Some(false)
    }

    /// Whether the database has a column of it, here or in the record that this one is a part of: a product's name is
    /// its template's.
    pub(crate) fn is_column(&self) -> bool {
        self.store != Some(false) || self.is_sortable()
    }

    /// Whether records are put in order and added up by it.
    pub(crate) fn is_sortable(&self) -> bool {
        self.sortable.unwrap_or(self.store != Some(false))
    }

    /// The key of the option that is named by its key or by what people read, or which there are: of one that does not
    /// exist nothing is found, and nobody would know why.
    pub(super) fn option(&self, named: &Value) -> Result<&str, String> {
        let text = match named {
            Value::String(text) => text.trim(),
            Value::Number(number) => &number.to_string(),
            _ => "",
        };
        let by_key = self.selection.iter().find(|(key, _)| key == text);
        let mut by_label = self.selection.iter().filter(|(_, label)| plain(label) == plain(text));
        match (by_key, by_label.next(), by_label.next()) {
            (Some((key, _)), ..) | (None, Some((key, _)), None) => Ok(key),
            _ => {
                let keys: Vec<&str> = self.selection.iter().map(|(key, _)| key.as_str()).collect();
                Err(format!("one of {}", keys.join(", ")))
            }
        }
    }
}

/// Odoo writes `false` for none.
fn text_or_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().map(str::to_owned))
}

fn count_or_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_u64().and_then(|size| usize::try_from(size).ok()))
}

/// `[16, 2]`
fn decimals<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    let digits = Value::deserialize(deserializer)?;
    Ok(digits.get(1).and_then(Value::as_i64).and_then(|kept| i32::try_from(kept).ok()))
}

/// One whose options are worked out by a method is told without them.
fn options<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// A text, or a list of names in some versions.
fn path<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(path) if !path.is_empty() => Some(path),
        Value::Array(parts) if !parts.is_empty() => {
            Some(parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."))
        }
        _ => None,
    })
}

fn names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

pub(crate) type Fields = HashMap<String, Field>;

/// A model that the account may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownModel {
    /// `sale.order`
    pub(crate) model: String,
    /// What people read.
    pub(crate) name: String,
}

/// What was asked, and when. Who asks while another does waits for that one's answer.
pub(crate) struct Metadata {
    config: MetadataConfig,
    /// Asks for what is the same in every context, so without one.
    odoo: Odoo,
    /// The tenant's, where one is configured.
    company: Option<i64>,
    /// By model and language.
    fields: Cache<(String, Option<String>), Fields>,
    /// By language.
    models: Cache<Option<String>, Vec<KnownModel>>,
    companies: Cache<(), Vec<Named>>,
    currencies: Cache<(), Currencies>,
    /// By model and language: what follows from its fields by the rules.
    hidden: Mutex<HashMap<(String, Option<String>), Hidden>>,
}

impl Metadata {
    pub(crate) fn new(odoo: Odoo, config: MetadataConfig) -> Self {
        let [fields, models, companies] = [config.max_size, LANGUAGES, 1];
        Self {
            config,
            company: odoo.company(),
            odoo: odoo.in_context(Map::new()),
            fields: Cache::new(fields),
            models: Cache::new(models),
            companies: Cache::new(companies),
            currencies: Cache::new(1),
            hidden: Mutex::default(),
        }
    }

    pub(super) fn company(&self) -> Option<i64> {
        self.company
    }

    pub(super) fn hidden(&self, model: &str, lang: Option<&str>) -> Option<Hidden> {
        let key = (model.to_owned(), lang.map(str::to_owned));
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    pub(super) fn remember_hidden(&self, model: &str, lang: Option<&str>, hidden: Hidden) {
        let key = (model.to_owned(), lang.map(str::to_owned));
        let mut known = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.config.max_size && !known.contains_key(&key) {
            known.clear();
        }
        known.insert(key, hidden);
    }
}

/// The answers to one kind of question.
struct Cache<K, V> {
    most: usize,
    known: Mutex<HashMap<K, Entry<V>>>,
}

/// When it was asked for, and what came; nothing yet where it is on its way.
type Entry<V> = (Instant, Arc<OnceCell<Arc<V>>>);

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    fn new(most: usize) -> Self {
        Self { most, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<K, Entry<V>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered and not older than this, else what asking gives.
    async fn get<E>(
        &self,
        key: &K,
        ttl: Duration,
        suffices: impl Fn(&V) -> bool,
        ask: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        let cell = {
            let mut known = self.known();
            let fits = |(asked, cell): &Entry<V>| {
                let is_enough = || cell.get().is_none_or(|value| suffices(value));
                asked.elapsed() < ttl && (asked.elapsed() < ASKED_JUST_NOW || is_enough())
            };
            match known.get(key).filter(|entry| fits(entry)) {
                Some((_, cell)) => Arc::clone(cell),
                None => {
                    let cell = Arc::default();
                    if known.len() >= self.most
                        && let Some(oldest) =
                            known.iter().min_by_key(|(_, entry)| entry.0).map(|(key, _)| key.clone())
                    {
                        known.remove(&oldest);
                    }
                    known.insert(key.clone(), (Instant::now(), Arc::clone(&cell)));
                    cell
                }
            }
        };
        cell.get_or_try_init(async || ask().await.map(Arc::new)).await.cloned()
    }

    fn forget(&self, which: impl Fn(&K) -> bool) {
        self.known().retain(|key, _| !which(key));
    }
}

impl Records {
    /// The fields of a model.
    pub(crate) async fn fields(&self, model: &str) -> Result<Arc<Fields>, OdooError> {
        self.fields_with(model, &[]).await
    }

    /// The same, asked for again when one of these names is not among those remembered.
    pub(crate) async fn fields_with(&self, model: &str, names: &[&str]) -> Result<Arc<Fields>, OdooError> {
        let Metadata { config, fields, .. } = &*self.metadata;
        let suffices = |fields: &Fields| names.iter().all(|name| fields.contains_key(*name));
        let ask = async || {
            let all: [&str; 0] = [];
            let call = Call::new(model, "fields_get")
                .arg("allfields", all.as_slice())
                .kwarg("attributes", ATTRIBUTES.as_slice());
            let Value::Object(told) = self.odoo.call(call).await? else {
                return Err(OdooError::Malformed("the fields are not an object".to_owned()));
            };
            // A field that is told in another way than the rest is no field that can be used.
            let field = |(name, field): (String, Value)| Some((name, serde_json::from_value(field).ok()?));
            Ok(told.into_iter().filter_map(field).collect())
        };
        let key = (model.to_owned(), self.lang.clone());
        fields.get(&key, config.ttl, suffices, ask).await
    }

    /// Forgets the fields of a model, when Odoo does not know one of them any more.
    pub(crate) fn forget_fields(&self, model: &str) {
        self.metadata.fields.forget(|(known, _)| known == model);
    }

    /// The models that the account may read, by what people call them.
    pub(crate) async fn models(&self) -> Result<Arc<Vec<KnownModel>>, OdooError> {
        let ask = async || {
            let told = self.odoo.call(Call::new("ir.model", "get_available_models")).await?;
            let model = |model: &Value| {
                let text = |name| Some(model.get(name)?.as_str()?.to_owned());
                Some(KnownModel { model: text("model")?, name: text("display_name")? })
            };
            let models: Option<Vec<_>> = told.as_array().and_then(|all| all.iter().map(model).collect());
            models.ok_or_else(|| OdooError::Malformed("the models are no list of names".to_owned()))
        };
        self.metadata.models.get(&self.lang, self.metadata.config.ttl, |_| true, ask).await
    }

    /// The companies that the account works for.
    pub(crate) async fn companies(&self) -> Result<Arc<Vec<Named>>, OdooError> {
        let ask = async || {
            let found = companies_of(&self.metadata.odoo).await?;
            Ok(found.into_iter().map(|(id, name)| Named { id, name }).collect())
        };
        self.metadata.companies.get(&(), self.metadata.config.ttl, |_| true, ask).await
    }

    /// The currencies; none where the account may not read them.
    pub(super) async fn currencies(&self) -> Result<Arc<Currencies>, OdooError> {
        let Metadata { odoo, currencies, config, .. } = &*self.metadata;
        let ask = async || match Currencies::read(odoo).await {
            Err(error) if !error.is_transient() => Ok(Currencies::default()),
            read => read,
        };
        currencies.get(&(), config.ttl, |_| true, ask).await
    }

    /// The languages that names may be written in; `None` is that of the service's user.
    pub(crate) async fn languages(&self) -> Result<Vec<Option<String>>, OdooError> {
        match self.odoo.languages().await {
            Ok(codes) if codes.len() > 1 => Ok(codes.into_iter().take(LANGUAGES).map(Some).collect()),
            Err(error) if error.is_transient() => Err(error),
            // Where there is one, it is the user's.
            _ => Ok(vec![None]),
        }
    }
}
