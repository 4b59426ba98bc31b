//! What Odoo says of itself: the fields of a model and the languages that are installed. Remembered for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::Erp;
use crate::odoo::{Call, OdooError};

/// How long it is taken as true.
const REMEMBERED: Duration = Duration::from_secs(300);
/// A field that is not known may have been added meanwhile: so long after asking it is asked for again.
const ASKED_JUST_NOW: Duration = Duration::from_secs(10);
/// More languages are not looked through.
const LANGUAGES: usize = 8;
const ATTRIBUTES: [&str; 7] = ["type", "string", "required", "readonly", "store", "relation", "selection"];

/// A field of a model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Field {
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// What people read.
    #[serde(rename = "string")]
    pub(super) label: String,
    pub(super) required: bool,
    pub(super) readonly: bool,
    /// `None` where Odoo does not say.
    pub(super) store: Option<bool>,
    pub(super) relation: Option<String>,
    pub(super) selection: Vec<(String, String)>,
}

pub(super) type Fields = HashMap<String, Field>;

/// What was asked, and when.
#[derive(Default)]
pub(super) struct Metadata {
    fields: Mutex<HashMap<&'static str, (Instant, Arc<Fields>)>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Erp {
    /// The fields of a model.
    pub(super) async fn fields(&self, model: &'static str) -> Result<Arc<Fields>, OdooError> {
        self.fields_with(model, std::iter::empty()).await
    }

    /// Those of these fields that a model has; the same are asked for each time.
    pub(super) async fn some_fields(
        &self,
        model: &'static str,
        names: &[&str],
    ) -> Result<Arc<Fields>, OdooError> {
        self.described(model, names, |_| true).await
    }

    /// The same, asked for again when one of these names is not among those remembered.
    pub(super) async fn fields_with(
        &self,
        model: &'static str,
        mut names: impl Iterator<Item = &str>,
    ) -> Result<Arc<Fields>, OdooError> {
        self.described(model, &[], |fields| names.all(|name| fields.contains_key(name))).await
    }

    async fn described(
        &self,
        model: &'static str,
        only: &[&str],
        suffice: impl FnOnce(&Fields) -> bool,
    ) -> Result<Arc<Fields>, OdooError> {
        let known = locked(&self.metadata.fields).get(model).cloned();
        if let Some((asked, fields)) = known
            && asked.elapsed() < REMEMBERED
            && (asked.elapsed() < ASKED_JUST_NOW || suffice(&fields))
        {
            return Ok(fields);
        }
        let call =
            Call::new(model, "fields_get").arg("allfields", only).kwarg("attributes", ATTRIBUTES.as_slice());
        let asked = Instant::now();
        let Value::Object(told) = self.odoo.call(call).await? else {
            return Err(OdooError::Malformed("the fields are not an object".to_owned()));
        };
        // A field that is told in another way than the rest is no field that can be used.
        let field = |(name, field): (String, Value)| Some((name, serde_json::from_value(field).ok()?));
        let fields: Arc<Fields> = Arc::new(told.into_iter().filter_map(field).collect());
        locked(&self.metadata.fields).insert(model, (asked, Arc::clone(&fields)));
        Ok(fields)
    }

    /// Forgets the fields of a model, when Odoo does not know one of them any more.
    pub(super) fn forget_fields(&self, model: &str) {
        locked(&self.metadata.fields).remove(model);
    }

    /// The languages that names may be written in; `None` is that of the service's user.
    pub(super) async fn languages(&self) -> Result<Vec<Option<String>>, OdooError> {
        match self.odoo.languages().await {
            Ok(codes) if codes.len() > 1 => Ok(codes.into_iter().take(LANGUAGES).map(Some).collect()),
            Err(error) if error.is_transient() => Err(error),
            // Where there is one, it is the user's.
            _ => Ok(vec![None]),
        }
    }
}
