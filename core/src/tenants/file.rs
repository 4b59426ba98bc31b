//! What a tenant's entry in `ACCESS_FILE` means: `[tenants.<id>]`.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::setup::{Common, Setup};
use crate::access::TenantEntry;
use crate::access::file::is_name;
use crate::http::address;
use crate::journal::Target;
use crate::key::digest;
use crate::messages::{MessageConfig, PhoneConfig};
use crate::odoo::OdooConfig;
use crate::phone::Phone;
use crate::quotation::salespeople::SalesConfig;
use crate::store::DEFAULT_TENANT;
use crate::twilio::{Channel, TwilioConfig, TwilioSetup, is_sid, sender};
use crate::zone;

/// What is wrong with an entry, in one line that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryError {
    table: String,
    key: String,
    takes: String,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, key, takes } = self;
        if key.is_empty() {
            write!(f, "[{table}] {takes}")
        } else {
            write!(f, "[{table}] {key} takes {takes}")
        }
    }
}

impl std::error::Error for EntryError {}

/// Reads a variable of the environment.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// One table of the file, for errors that name it.
struct Table<'a> {
    name: String,
    variables: Variables<'a>,
}

impl Table<'_> {
    fn takes(&self, key: &str, takes: impl Into<String>) -> EntryError {
        EntryError { table: self.name.clone(), key: key.to_owned(), takes: takes.into() }
    }

    /// A secret that a variable or a file has; never the entry itself.
    fn secret(
        &self,
        key: &str,
        variable: Option<&str>,
        file: Option<&Path>,
    ) -> Result<Option<SecretString>, EntryError> {
        let (env, in_file) = (format!("{key}_env"), format!("{key}_file"));
        let (key, text) = match (variable, file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(self.takes(&env, format!("a variable only where {in_file} is not set")));
            }
            (Some(name), None) => {
                (env, (self.variables)(name).ok_or(format!("a variable that is set; {name} is not")))
            }
            (None, Some(file)) => {
                let text = fs::read_to_string(file);
                (in_file, text.map_err(|said| format!("a file that can be read; {}: {said}", file.display())))
            }
        };
        let text = text.map_err(|takes| self.takes(&key, takes))?;
        match text.trim() {
            "" => Err(self.takes(&key, "what is not empty")),
            text => Ok(Some(text.into())),
        }
    }

    fn text<'a>(&self, key: &str, text: &'a str, takes: &str) -> Result<&'a str, EntryError> {
        let text = text.trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            Err(self.takes(key, takes))
        } else {
            Ok(text)
        }
    }

    fn ids(&self, key: &str, ids: &[i64]) -> Result<Vec<i64>, EntryError> {
        if ids.iter().all(|id| *id > 0) {
            Ok(ids.to_vec())
        } else {
            Err(self.takes(key, "ids in Odoo, e.g. [1, 5]"))
        }
    }
}

impl TenantEntry {
    /// What the entry of this id configures, with what it does not say taken from what all have in common.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn setup(
        &self,
        id: &str,
        common: &Arc<Common>,
        variables: Variables<'_>,
    ) -> Result<Setup, EntryError> {
        let table = Table { name: format!("tenants.{id}"), variables };
        if !is_name(id) {
            let takes =
                "is no name of a tenant: use 1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit";
            return Err(table.takes("", takes));
        }
        if id == DEFAULT_TENANT {
            return Err(table.takes("", "is the tenant of ODOO_URL: use another name"));
        }
        let secret = table.secret("api_key", self.api_key_env.as_deref(), self.api_key_file.as_deref())?;
        let secret = secret.ok_or_else(|| {
            table.takes("api_key_env", "the name of the variable with the API key (or set api_key_file)")
        })?;
        let url = address(&self.url).ok_or_else(|| {
            table.takes("url", "an address without user name and query, e.g. https://company.odoo.com")
        })?;
        let database = table.text("db", &self.db, "the database's name")?;
        let login = table.text("login", &self.login, "the login of the service's user")?;
        let odoo = common.odoo(url, database.to_owned(), login.to_owned(), secret);
        let (twilio, mut messages) = (self.twilio(id, common, variables)?, common.messages.clone());
        messages.tenant = Some(id.to_owned());
        self.told(&table, &mut messages)?;
        let mark = self.mark(&odoo, &twilio, &messages);
        Ok(Setup {
            id: id.to_owned(),
            target: Target::server(&odoo).of_tenant(id),
            client: None,
            context: self.context(&table)?,
            odoo,
            reader: None,
            sales: SalesConfig {
                team_ids: table.ids("sales_team_ids", &self.sales_team_ids)?,
                stage_ids: table.ids("sales_stage_ids", &self.sales_stage_ids)?,
            },
            twilio,
            messages,
            language: self.language.unwrap_or(common.language),
            common: Arc::clone(common),
            mark,
        })
    }

    /// What every call says.
    fn context(&self, table: &Table<'_>) -> Result<Map<String, Value>, EntryError> {
        let mut context = Map::new();
        if let Some(company) = self.company {
            table
                .ids("company", &[company])
                .map_err(|_| table.takes("company", "the id of a company in Odoo"))?;
            context.insert("allowed_company_ids".to_owned(), json!([company]));
        }
        if let Some(lang) = &self.lang {
            let is_locale = |text: &str| {
                (2..=20).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_@.-".contains(&byte))
            };
            if !is_locale(lang) {
                return Err(table.takes("lang", "the code of a language in Odoo, e.g. es_MX"));
            }
            context.insert("lang".to_owned(), json!(lang));
        }
        if let Some(tz) = &self.tz {
            zone::check(tz).map_err(|takes| table.takes("tz", takes))?;
            context.insert("tz".to_owned(), json!(tz));
        }
        Ok(context)
    }

    /// Its people are its own: nobody is told of what is another tenant's.
    fn told(&self, table: &Table<'_>, messages: &mut MessageConfig) -> Result<(), EntryError> {
        let default_country_code = messages.phones.default_country_code;
        let fallback = self.vendedor_whatsapp.as_deref().map(|text| Phone::parse(text, default_country_code));
        let fallback = fallback
            .transpose()
            .map_err(|_| table.takes("vendedor_whatsapp", "a phone number, e.g. +5215587654321"))?;
        messages.phones = PhoneConfig { fallback, default_country_code };
        let (variable, file) = (self.webhook_secret_env.as_deref(), self.webhook_secret_file.as_deref());
        if let Some(secret) = table.secret("webhook_secret", variable, file)? {
            messages.webhook_secret = Some(secret);
        }
        Ok(())
    }

    fn twilio(&self, id: &str, common: &Common, variables: Variables<'_>) -> Result<TwilioSetup, EntryError> {
        let Some(entry) = &self.twilio else { return Ok(common.twilio.clone()) };
        let table = Table { name: format!("tenants.{id}.twilio"), variables };
        let sid = |key, text: &str, begins| {
            let sid = Some(text.trim().to_owned()).filter(|sid| is_sid(sid, begins));
            sid.ok_or_else(|| table.takes(key, format!("an id that begins with {begins}")))
        };
        let (variable, file) = (entry.auth_token_env.as_deref(), entry.auth_token_file.as_deref());
        let auth_token = table.secret("auth_token", variable, file)?;
        let channel = entry.channel.as_deref().map(str::parse::<Channel>).transpose();
        Ok(TwilioSetup::Ready(TwilioConfig {
            account_sid: sid("account_sid", &entry.account_sid, "AC")?,
            auth_token: auth_token.ok_or_else(|| {
                table.takes(
                    "auth_token_env",
                    "the name of the variable with the token (or set auth_token_file)",
                )
            })?,
            channel: channel.map_err(|()| table.takes("channel", "whatsapp or sms"))?.unwrap_or_default(),
            from: sender(&entry.from).ok_or_else(|| {
                table.takes("from", "a phone number with its country code, e.g. +14155238886")
            })?,
            content_sid: entry
                .content_sid
                .as_deref()
                .map(|text| sid("content_sid", text, "HX"))
                .transpose()?,
            api_base: address(entry.api_base.as_deref().unwrap_or("https://api.twilio.com"))
                .ok_or_else(|| table.takes("api_base", "an address, e.g. https://api.twilio.com"))?,
        }))
    }

    /// The same for the same entry with the same secrets.
    fn mark(&self, odoo: &OdooConfig, twilio: &TwilioSetup, messages: &MessageConfig) -> String {
        let token = match twilio {
            TwilioSetup::Ready(twilio) => twilio.auth_token.expose_secret(),
            TwilioSetup::Missing(_) => "",
        };
        let webhook = messages.webhook_secret.as_ref().map_or("", ExposeSecret::expose_secret);
        let entry = serde_json::to_string(self).unwrap_or_default();
        digest(&[&entry, odoo.secret.expose_secret(), token, webhook])
    }
}
