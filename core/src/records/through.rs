//! Fields whose values are another record's: a product's price is its template's.

use serde_json::{Map, Value};

use super::error::RecordError;
use super::view::{Seen, View};
use crate::access::models::Verb;

impl View {
    /// Whether the rules let be changed what these fields mirror, too: that is where Odoo writes them.
    pub(super) async fn may_write_through(&self, seen: &Seen, names: &[&str]) -> Result<(), RecordError> {
        for name in names {
            let related = seen.field(name).and_then(|field| field.related.as_deref());
            let Some((path, _)) = related.and_then(|related| related.rsplit_once('.')) else { continue };
            let mirrored = self.path(seen, path).await?.map_err(|message| {
                RecordError::argument(format!("values.{name}"), format!("mirrors {path}: {message}"))
            })?;
            if let Some(model) = mirrored.field.relation {
                self.rules.allow(&model, Verb::Update)?;
            }
        }
        Ok(())
    }

    /// The same of a record that is made: a user of a partner that is there changes that partner. What is made with it, as
    /// the template with a product, is no other record's.
    pub(super) async fn may_make_through(
        &self,
        seen: &Seen,
        values: &Map<String, Value>,
    ) -> Result<(), RecordError> {
        let mirrors = |name: &&str| {
            let related = seen.field(name).and_then(|field| field.related.as_deref());
            let link = related.and_then(|path| path.split('.').next());
            link.is_some_and(|link| {
                values.contains_key(link) || !seen.field(link).is_some_and(|it| it.required)
            })
        };
        let mirrored: Vec<&str> = values.keys().map(String::as_str).filter(mirrors).collect();
        self.may_write_through(seen, &mirrored).await
    }
}
