//! Records made exactly once: by `load` under an external id that follows from a key.

use serde_json::{Map, Value, json};

use super::retry::retried;
use crate::external_id::{MODULE, OLD_MODULE, qualified};
use crate::odoo::{ExternalRef, Odoo, OdooError};

/// How making a record ended that it did not.
pub(crate) enum NotMade {
    /// It is not there.
    Refused(OdooError),
    /// Nobody knows.
    Unknown(OdooError),
}

/// The record that this external id stands for; an older version may have made it, too.
pub(crate) async fn made_before(odoo: &Odoo, name: &str) -> Result<Option<i64>, OdooError> {
    let found = retried(|| async {
        tokio::try_join!(odoo.external_id(MODULE, name), odoo.external_id(OLD_MODULE, name))
    });
    let (found, old) = found.await.map_err(|(error, _)| error)?;
    Ok([found, old].into_iter().flatten().find_map(|found| found.id))
}

/// Makes a record of these cells, so that no repeat makes a second. After any failure it is looked for: Odoo may have made
/// it all the same.
pub(crate) async fn make(
    odoo: &Odoo,
    model: &str,
    name: &str,
    cells: Vec<(&str, String)>,
    mut context: Map<String, Value>,
) -> Result<i64, NotMade> {
    let external = ("id", qualified(name));
    let (columns, row): (Vec<_>, Vec<_>) = std::iter::once(external).chain(cells).unzip();
    // Else Odoo reads times as the clock of its user shows them.
    context.insert("tz".to_owned(), json!("UTC"));
    let load = || async {
        let ids = odoo.load_once(model, &columns, vec![row.clone()], context.clone()).await?;
        ids.first().copied().ok_or_else(|| OdooError::Malformed("load returned no id".to_owned()))
    };
    let (cause, lost) = match retried(load).await {
        Ok(id) => return Ok(id),
        Err(failure) => failure,
    };
    match retried(|| odoo.external_id(MODULE, name)).await {
        Ok(Some(ExternalRef { id: Some(id), .. })) => Ok(id),
        // Odoo has answered, and there is nothing: what it said stands.
        Ok(None) if !lost => Err(NotMade::Refused(cause)),
        // Nothing was sent, or it was refused as such.
        Err(_) if !lost && !may_be_done(&cause) => Err(NotMade::Refused(cause)),
        _ => Err(NotMade::Unknown(cause)),
    }
}

/// Whether a creating call that ended so may have made its record: what stands in front of Odoo answers for it,
/// and Odoo itself still works after its commit.
fn may_be_done(error: &OdooError) -> bool {
    match error {
        OdooError::Unreachable(_)
        | OdooError::Conflict(_)
        | OdooError::Validation(_)
        | OdooError::MissingRecord(_)
        | OdooError::Unknown(_)
        | OdooError::Unexplained(_)
        | OdooError::Busy => false,
        error => {
            error.outcome_unknown() || !error.is_transient() || matches!(error, OdooError::Overloaded(_))
        }
    }
}
