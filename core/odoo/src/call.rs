//! One call of a model's method.

use serde_json::{Map, Value, json};

/// A call of a method of a model, independent of the protocol that will carry it.
///
/// JSON-2 names every argument; the two older protocols pass `ids` and `args` by position, in order.
#[derive(Clone)]
pub struct Call {
    /// The model, `res.partner`.
    pub model: String,
    /// The method, `search_read`.
    pub method: String,
    /// The records the method is called on; `None` for a method of the model.
    pub ids: Option<Vec<i64>>,
    /// The arguments that have a position, each with the name JSON-2 knows it by.
    pub args: Vec<(&'static str, Value)>,
    /// The arguments that only have a name.
    pub kwargs: Map<String, Value>,
}

impl Call {
    /// A call of a method of the model itself.
    pub fn new(model: impl Into<String>, method: impl Into<String>) -> Self {
        Self { model: model.into(), method: method.into(), ids: None, args: Vec::new(), kwargs: Map::new() }
    }

    /// Calls the method on these records.
    pub fn on(mut self, ids: &[i64]) -> Self {
        self.ids = Some(ids.to_vec());
        self
    }

    /// Adds the next positional argument.
    pub fn arg(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// Adds a named argument.
    pub fn kwarg(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.kwargs.insert(name.into(), value.into());
        self
    }

    /// The positional arguments as JSON-RPC and XML-RPC want them.
    pub(crate) fn positional(&self) -> Vec<Value> {
        self.ids
            .iter()
            .map(|ids| json!(ids))
            .chain(self.args.iter().map(|(_, value)| value.clone()))
            .collect()
    }

    /// All arguments by name, as JSON-2 wants them.
    pub(crate) fn named(&self) -> Map<String, Value> {
        self.ids
            .iter()
            .map(|ids| ("ids".to_owned(), json!(ids)))
            .chain(self.args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())))
            .chain(self.kwargs.clone())
            .collect()
    }
}

/// What a search is to return.
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchRead<'a> {
    /// The fields to read; none means all.
    pub fields: &'a [&'a str],
    /// How many records to skip.
    pub offset: Option<u64>,
    /// How many records to return at most.
    pub limit: Option<u64>,
    /// The order, `date_order desc`.
    pub order: Option<&'a str>,
    /// The language of translated texts, `es_MX`, where it is another one than the user's.
    pub language: Option<&'a str>,
}

impl SearchRead<'_> {
    /// Adds what is set to a call, by name.
    pub(crate) fn apply(&self, mut call: Call) -> Call {
        if !self.fields.is_empty() {
            call = call.kwarg("fields", json!(self.fields));
        }
        if let Some(offset) = self.offset {
            call = call.kwarg("offset", offset);
        }
        if let Some(limit) = self.limit {
            call = call.kwarg("limit", limit);
        }
        if let Some(order) = self.order {
            call = call.kwarg("order", order);
        }
        if let Some(language) = self.language {
            call = call.kwarg("context", json!({ "lang": language }));
        }
        call
    }
}
