//! Resources by their addresses.

use mcp_odoo_core::input;
use mcp_odoo_core::quotation::id::TrackingId;
use mcp_odoo_core::records::{FileRequest, RecordSearch};
use mcp_odoo_core::watching::Watchable;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

const SCHEME: &str = "odoo://";
pub const MODELS: &str = "odoo://models";
pub const USERS: &str = "odoo://users";
pub const COMPANIES: &str = "odoo://companies";
pub const CONFIG: &str = "odoo://config";
/// What a list may say of itself.
const OF_LISTS: [&str; 5] = ["domain", "limit", "offset", "order", "fields"];
/// Of models that are listed whole.
const MOST: u32 = 500;

/// What an address names.
#[derive(Clone, Debug)]
pub enum Resource {
    /// The models that may be read.
    Models,
    /// The users of Odoo.
    Users,
    /// The companies that this service works for.
    Companies,
    /// What a caller may know of this service.
    Config,
    /// A record.
    Record {
        /// Its model.
        model: String,
        /// Its id.
        id: i64,
    },
    /// Records that are found.
    List(RecordSearch),
    /// What is in a field of a record.
    File(FileRequest),
    /// A quotation.
    Quotation(TrackingId),
}

impl Resource {
    /// What this address names.
    ///
    /// # Errors
    /// Why it names nothing.
    pub fn parse(uri: &str) -> Result<Self, String> {
        let path = uri.strip_prefix(SCHEME).ok_or_else(|| unknown(uri))?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        match parts.as_slice() {
            ["models"] => Ok(Self::Models),
            ["users"] => Ok(Self::Users),
            ["companies"] => Ok(Self::Companies),
            ["config"] => Ok(Self::Config),
            ["quotation", id] => match id.parse() {
                Ok(id) => Ok(Self::Quotation(id)),
                Err(_) => {
                    Err(format!("there is no quotation {id}: use the tracking_id that was given for it"))
                }
            },
            [model, "list"] => list(model, query).map(Self::List),
            [model, id] => Ok(Self::Record { model: (*model).to_owned(), id: record_id(uri, id)? }),
            [model, id, field] => Ok(Self::File(FileRequest {
                model: (*model).to_owned(),
                record_id: record_id(uri, id)?,
                field: (*field).to_owned(),
            })),
            _ => Err(unknown(uri)),
        }
    }

    /// The records that stand behind it, where there are such that change.
    pub fn watchable(&self, uri: &str) -> Option<Watchable> {
        let list = |search| Watchable::List { name: uri.to_owned(), search: Box::new(search) };
        let record = |model: &String, id, field| Some(Watchable::Record { model: model.clone(), id, field });
        match self {
            Self::Record { model, id } => record(model, *id, None),
            Self::File(file) => record(&file.model, file.record_id, Some(file.field.clone())),
            Self::List(search) => Some(list(search.clone())),
            Self::Users => whole("res.users").ok().map(list),
            Self::Companies => whole("res.company").ok().map(list),
            Self::Models | Self::Config | Self::Quotation(_) => None,
        }
    }
}

/// All of a model, as far as they are read at once.
pub fn whole(model: &str) -> Result<RecordSearch, String> {
    search(json!({ "model": model, "limit": MOST, "order": "id" }))
}

fn list(model: &str, query: &str) -> Result<RecordSearch, String> {
    let mut asked = Map::from_iter([("model".to_owned(), json!(model))]);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !OF_LISTS.contains(&&*name) {
            return Err(format!("a list takes {}, not {name}", OF_LISTS.join(", ")));
        }
        let value = match &*name {
            "fields" => value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect(),
            _ => Value::from(&*value),
        };
        asked.insert(name.into_owned(), value);
    }
    search(asked.into())
}

fn search(asked: Value) -> Result<RecordSearch, String> {
    input::parse(asked).map_err(|errors| {
        let errors = errors.iter().map(|error| format!("{} {}", error.path, error.message));
        errors.collect::<Vec<_>>().join("; ")
    })
}

fn record_id(uri: &str, id: &str) -> Result<i64, String> {
    let number = id.parse().ok().filter(|id| *id > 0);
    number.ok_or_else(|| format!("{uri} names no record: {id} must be its id, a whole number, or list"))
}

fn unknown(uri: &str) -> String {
    format!(
        "there is no resource {uri}: resources/list and resources/templates/list tell which there are, such as \
         odoo://res.partner/7"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Resource;

    #[test]
    fn addresses_are_taken_apart() {
        let parse = |uri: &str| Resource::parse(uri);
        assert!(matches!(parse("odoo://models"), Ok(Resource::Models)));
        assert!(matches!(parse("odoo://users/"), Ok(Resource::Users)));
        assert!(matches!(parse("odoo://res.partner/7"), Ok(Resource::Record { id: 7, .. })));
        let Ok(Resource::File(file)) = parse("odoo://res.partner/7/image_128") else { panic!("a file") };
        assert_eq!((file.record_id, file.field.as_str()), (7, "image_128"));
        let uri = "odoo://res.partner/list?domain=%5B%5B%22name%22%2C%22ilike%22%2C%22a%20b%22%5D%5D&limit=3";
        let Ok(Resource::List(search)) = parse(uri) else { panic!("a list") };
        assert_eq!((search.domain, search.limit), (json!("[[\"name\",\"ilike\",\"a b\"]]"), 3));
        let Ok(Resource::List(search)) = parse("odoo://res.partner/list?fields=name,email") else {
            panic!("a list")
        };
        assert_eq!((search.limit, search.fields), (20, vec!["name".to_owned(), "email".to_owned()]));
    }

    #[test]
    fn what_names_nothing_is_told_why() {
        for (uri, why) in [
            ("http://res.partner/7", "resources/templates/list"),
            ("odoo://", "there is no resource"),
            ("odoo://res.partner", "there is no resource"),
            ("odoo://res.partner/7/image/x", "there is no resource"),
            ("odoo://res.partner/seven", "must be its id"),
            ("odoo://res.partner/-7", "must be its id"),
            ("odoo://quotation/x", "tracking_id"),
            ("odoo://res.partner/list?limit=0", "limit"),
            ("odoo://res.partner/list?limit=many", "limit"),
            ("odoo://res.partner/list?colour=red", "takes domain, limit"),
        ] {
            let said = Resource::parse(uri).map(|_| ()).unwrap_err();
            assert!(said.contains(why), "{uri}: {said}");
        }
    }
}
