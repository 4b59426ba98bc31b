//! What Odoo says of itself to whoever asks.

use super::View;
use super::error::RecordError;
use super::value::Named;
use crate::access::models::Verb;

/// An Odoo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// As it writes it, `18.0`
    pub version: String,
    /// Those that the account works for; none where the rules close them.
    pub companies: Vec<Named>,
    /// `es_MX`
    pub languages: Vec<String>,
}

impl View {
    /// Version, companies and languages.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn about(&self) -> Result<About, RecordError> {
        let companies = async {
            match self.rules.allow("res.company", Verb::Read) {
                Ok(()) => self.records.companies().await.map(|companies| companies.to_vec()),
                Err(_) => Ok(Vec::new()),
            }
        };
        let told = tokio::try_join!(self.records.odoo.connection(), companies, self.records.odoo.languages());
        let (connection, companies, languages) = told.map_err(|error| self.failed(error))?;
        Ok(About { version: connection.version.text, companies, languages })
    }
}
