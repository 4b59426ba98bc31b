//! Learns, beside the work, which database this is: so it is known again when its address is written otherwise.

use std::time::Duration;

use serde_json::json;

use super::Tasks;
use crate::odoo::{Odoo, OdooError, SearchRead};

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(60);

impl Tasks {
    /// Asks Odoo for the database's UUID until it is known, which takes an administrator: others are refused, and then
    /// the address alone tells. What turns out to be this Odoo's is taken up.
    pub async fn identify(&self, odoo: &Odoo) {
        let inner = &self.inner;
        if !inner.work.journal.is_nameless() {
            return;
        }
        // One of those may be this one, and its quotations wait.
        let may_have_moved = inner.work.journal.has_had_other_names();
        let mut pause = if may_have_moved { Duration::ZERO } else { inner.config.identify_after };
        loop {
            if inner.unless_stopping(tokio::time::sleep(pause)).await.is_err() {
                return;
            }
            match read_uuid(odoo).await {
                Ok(Some(uuid)) => {
                    if let Err(error) = inner.work.journal.identify(uuid).await {
                        tracing::warn!(%error, "the database's UUID is not remembered");
                    }
                    if may_have_moved {
                        self.take_up_unfinished().await;
                    }
                    return;
                }
                Err(error) if error.is_transient() || matches!(error, OdooError::AccessDenied(_)) => {
                    pause = PAUSE
                }
                Ok(None) | Err(_) => return tracing::debug!("the database's UUID may not be read"),
            }
        }
    }
}

async fn read_uuid(odoo: &Odoo) -> Result<Option<String>, OdooError> {
    let query = SearchRead { fields: &["value"], limit: Some(1), ..SearchRead::default() };
    let domain = json!([["key", "=", "database.uuid"]]);
    let found = odoo.search_read("ir.config_parameter", domain, &query).await?;
    let uuid = found.first().map(|parameter| parameter.text("value")).transpose()?.flatten();
    Ok(uuid.filter(|uuid| !uuid.is_empty()).map(str::to_owned))
}
