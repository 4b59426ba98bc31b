//! Fields whose values are another record's: a product's price is its template's.

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
}
