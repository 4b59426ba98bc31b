//! A tenant, as the access file has it: `[tenants.<id>]`. What it means is said where tenants are put together.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// What the file says of one tenant.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TenantEntry {
    /// The address of its Odoo.
    pub url: String,
    /// The name of the database.
    pub db: String,
    /// The login of the service's user there.
    pub login: String,
    /// The variable that has the API key.
    pub api_key_env: Option<String>,
    /// Or the file that has it.
    pub api_key_file: Option<PathBuf>,
    /// The company that calls are made for.
    pub company: Option<i64>,
    /// The language of Odoo's texts, `es_MX`.
    pub lang: Option<String>,
    /// The time zone of days, `America/Mexico_City`.
    pub tz: Option<String>,
    /// What its people read: `es` or `en`.
    pub language: Option<Language>,
    /// Only members of these sales teams get quotations.
    #[serde(default)]
    pub sales_team_ids: Vec<i64>,
    /// Only opportunities in these stages count as open.
    #[serde(default)]
    pub sales_stage_ids: Vec<i64>,
    /// Who is told when a salesperson has no number.
    pub vendedor_whatsapp: Option<String>,
    /// The variable with the secret of its webhook at ElevenLabs.
    pub webhook_secret_env: Option<String>,
    /// Or the file that has it.
    pub webhook_secret_file: Option<PathBuf>,
    /// Its own account at Twilio.
    pub twilio: Option<TwilioEntry>,
}

/// An account at Twilio.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioEntry {
    /// `AC…`
    pub account_sid: String,
    /// The variable that has the token.
    pub auth_token_env: Option<String>,
    /// Or the file that has it.
    pub auth_token_file: Option<PathBuf>,
    /// `whatsapp` or `sms`
    pub channel: Option<String>,
    /// The number to send from.
    pub from: String,
    /// `HX…`
    pub content_sid: Option<String>,
    /// Another address of the API, for tests.
    pub api_base: Option<String>,
}

impl TenantEntry {
    /// The files that have its secrets.
    pub fn secret_files(&self) -> impl Iterator<Item = &PathBuf> {
        let token = self.twilio.as_ref().and_then(|twilio| twilio.auth_token_file.as_ref());
        [self.api_key_file.as_ref(), self.webhook_secret_file.as_ref(), token].into_iter().flatten()
    }
}

/// It names accounts: never printed whole.
impl fmt::Debug for TenantEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantEntry").field("db", &self.db).finish_non_exhaustive()
    }
}

/// It names accounts: never printed whole.
impl fmt::Debug for TwilioEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioEntry").field("channel", &self.channel).finish_non_exhaustive()
    }
}
