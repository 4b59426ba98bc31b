//! Whose orders are made: the company that is configured, else the one that Odoo takes for the service's user.

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::salespeople::REMEMBERED;
use crate::odoo::{Odoo, OdooError};

/// The company of one Odoo account.
pub(super) struct Company {
    odoo: Odoo,
    known: Mutex<Option<(Instant, Option<i64>)>>,
}

impl Company {
    pub(super) fn new(odoo: Odoo) -> Self {
        Self { odoo, known: Mutex::default() }
    }

    /// Its id; read where it was not read lately.
    pub(super) async fn id(&self) -> Result<Option<i64>, OdooError> {
        if let Some(company) = self.odoo.company() {
            return Ok(Some(company));
        }
        let mut known = self.known.lock().await;
        if let Some((since, company)) = *known
            && since.elapsed() < REMEMBERED
        {
            return Ok(company);
        }
        let uid = self.odoo.connection().await?.uid;
        let users = self.odoo.read("res.users", &[uid], &["company_id"]).await?;
        let company = users.first().map(|user| user.many2one("company_id")).transpose()?.flatten();
        let company = company.map(|(id, _)| id);
        *known = Some((Instant::now(), company));
        Ok(company)
    }
}
