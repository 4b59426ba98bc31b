//! The methods every model has, typed.

use serde_json::{Map, Value, json};

use crate::{Call, Odoo, OdooError, Record, SearchRead, record::id_list};

/// What an external id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalRef {
    /// The record's model.
    pub model: String,
    /// The record's id; `None` if it exists but this user may not read it.
    pub id: Option<i64>,
}

/// What Odoo knows of a record beside its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The record's id.
    pub id: i64,
    /// Its external id, `module.name`, if it has one.
    pub xmlid: Option<String>,
    /// When it was made, UTC, `YYYY-MM-DD HH:MM:SS`.
    pub create_date: Option<String>,
}

impl Odoo {
    /// The records that match a domain.
    pub async fn search_read(
        &self,
        model: &str,
        domain: Value,
        query: &SearchRead<'_>,
    ) -> Result<Vec<Record>, OdooError> {
        records(self.call(query.apply(Call::new(model, "search_read").arg("domain", domain))).await?)
    }

    /// These records; the ones that do not exist are left out.
    pub async fn read(&self, model: &str, ids: &[i64], fields: &[&str]) -> Result<Vec<Record>, OdooError> {
        records(self.call(Call::new(model, "read").on(ids).kwarg("fields", fields)).await?)
    }

    /// This record, if it exists: some versions say that it does not, others leave it out.
    pub async fn read_one(&self, model: &str, id: i64, fields: &[&str]) -> Result<Option<Record>, OdooError> {
        match self.read(model, &[id], fields).await {
            Ok(records) => Ok(records.into_iter().next()),
            Err(OdooError::MissingRecord(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// These records and what they point to, as deep as the specification says, in one call; the ones that do not exist
    /// are left out. Odoo 17 and later, see [`Version::has_web_read`](crate::Version::has_web_read).
    pub async fn web_read(
        &self,
        model: &str,
        ids: &[i64],
        specification: Value,
    ) -> Result<Vec<Record>, OdooError> {
        records(self.call(Call::new(model, "web_read").on(ids).arg("specification", specification)).await?)
    }

    /// External id and time of making of these records, which anybody may ask for; the ones that do not exist are left out.
    pub async fn metadata(&self, model: &str, ids: &[i64]) -> Result<Vec<Metadata>, OdooError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let known = records(self.call(Call::new(model, "get_metadata").on(ids)).await?)?;
        let metadata = |record: &Record| {
            Ok(Metadata {
                id: record.id()?,
                xmlid: record.text("xmlid")?.map(str::to_owned),
                create_date: record.text("create_date")?.map(str::to_owned),
            })
        };
        known.iter().map(metadata).collect()
    }

    /// The codes of the installed languages, `es_MX`; asked once.
    pub async fn languages(&self) -> Result<Vec<String>, OdooError> {
        let ask = async || {
            let installed = self.call(Call::new("res.lang", "get_installed")).await?;
            let code = |language: &Value| language.get(0).and_then(Value::as_str).map(str::to_owned);
            let codes = installed.as_array().and_then(|all| all.iter().map(code).collect());
            codes.ok_or_else(|| OdooError::malformed("the languages are not a list of codes and names"))
        };
        self.known_languages().get_or_try_init(ask).await.cloned()
    }

    /// How many records match a domain.
    pub async fn search_count(&self, model: &str, domain: Value) -> Result<u64, OdooError> {
        let count = self.call(Call::new(model, "search_count").arg("domain", domain)).await?;
        count.as_u64().ok_or_else(|| OdooError::malformed("a count is not a number"))
    }

    /// How many of the matching records point to each record by a many2one field; those that point nowhere are left out.
    pub async fn count_by(
        &self,
        model: &str,
        domain: Value,
        many2one: &str,
    ) -> Result<Vec<(i64, u64)>, OdooError> {
        let by = [many2one];
        let call = match self.connection().await?.version.major {
            ..19 => Call::new(model, "read_group")
                .arg("domain", domain)
                .arg("fields", by.as_slice())
                .arg("groupby", by.as_slice())
                .kwarg("lazy", false),
            19.. => Call::new(model, "formatted_read_group")
                .arg("domain", domain)
                .kwarg("groupby", by.as_slice())
                .kwarg("aggregates", ["__count"].as_slice()),
        };
        let mut counts = Vec::new();
        for group in records(self.call(call).await?)? {
            let count = group.int("__count")?.and_then(|count| count.try_into().ok());
            let count = count.ok_or_else(|| OdooError::malformed("a group without a count"))?;
            counts.extend(group.many2one(many2one)?.map(|(id, _)| (id, count)));
        }
        Ok(counts)
    }

    /// What an external id stands for, archived or not; `None` if there is no such id.
    pub async fn external_id(&self, module: &str, name: &str) -> Result<Option<ExternalRef>, OdooError> {
        let call = Call::new("ir.model.data", "check_object_reference")
            .arg("module", module)
            .arg("xml_id", name)
            .kwarg("context", json!({"active_test": false}));
        let found = match self.call(call).await {
            Err(OdooError::MissingRecord(_)) => return Ok(None),
            outcome => outcome?,
        };
        match found.as_array().map(Vec::as_slice) {
            Some([Value::String(model), Value::Bool(false)]) => {
                Ok(Some(ExternalRef { model: model.clone(), id: None }))
            }
            Some([Value::String(model), Value::Number(id)]) if id.is_i64() => {
                Ok(Some(ExternalRef { model: model.clone(), id: id.as_i64() }))
            }
            _ => Err(OdooError::malformed("an external id without a model and id")),
        }
    }

    /// The type, label and related model of these fields of a model (none means all). Fields it does not have are left out.
    pub async fn fields(&self, model: &str, fields: &[&str]) -> Result<Map<String, Value>, OdooError> {
        let call = Call::new(model, "fields_get")
            .arg("allfields", fields)
            .kwarg("attributes", ["type", "string", "relation"].as_slice());
        match self.call(call).await? {
            Value::Object(fields) => Ok(fields),
            _ => Err(OdooError::malformed("the fields are not an object")),
        }
    }

    /// Makes records. Not safe to repeat when the outcome is unknown: use [`Odoo::load`] for that.
    pub async fn create(&self, model: &str, records: Vec<Map<String, Value>>) -> Result<Vec<i64>, OdooError> {
        let made = self.call(Call::new(model, "create").arg("vals_list", json!(records))).await;
        let ids = made.map_err(|error| records.iter().fold(error, about_argument))?;
        id_list(&ids).ok_or_else(|| OdooError::malformed("the new ids are not a list of numbers"))
    }

    /// Writes the same values to these records.
    pub async fn write(&self, model: &str, ids: &[i64], values: Map<String, Value>) -> Result<(), OdooError> {
        let written = self.call(Call::new(model, "write").on(ids).arg("vals", json!(values))).await;
        written.map(drop).map_err(|error| about_argument(error, &values))
    }

    /// Deletes these records.
    pub async fn unlink(&self, model: &str, ids: &[i64]) -> Result<(), OdooError> {
        self.call(Call::new(model, "unlink").on(ids)).await.map(drop)
    }
}

/// Where a value names no record, Odoo speaks of deleting another one. It names the field all the same, in every
/// language, or the constraint that is called after it.
fn about_argument(error: OdooError, values: &Map<String, Value>) -> OdooError {
    let OdooError::Validation(said) = &error else { return error };
    let named =
        |field: &str| said.contains(&format!("({field})")) || said.contains(&format!("_{field}_fkey"));
    match values.iter().find(|(field, value)| value.is_i64() && named(field)) {
        Some((field, id)) => OdooError::Validation(format!(
            "Odoo does not take {id} for {field}: it must be the id of a record that exists"
        )),
        None => error,
    }
}

fn records(answer: Value) -> Result<Vec<Record>, OdooError> {
    match answer {
        Value::Array(records) => records.into_iter().map(Record::try_from).collect(),
        _ => Err(OdooError::malformed("the records are not a list")),
    }
}
