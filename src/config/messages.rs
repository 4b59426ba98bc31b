//! How salespeople are told.

use mcp_odoo_core::messages::MessageConfig;
use secrecy::SecretString;

use super::twilio::phones;
use super::{ConfigError, Env};

pub(super) fn messages(env: &Env) -> Result<MessageConfig, ConfigError> {
    let default = MessageConfig::default();
    Ok(MessageConfig {
        phones: phones(env)?,
        deadline: env.seconds("HANDOFF_DEADLINE_SECONDS", default.deadline.as_secs())?,
        public_url: env
            .address("PUBLIC_URL", "the address of this service, e.g. https://quotes.company.com")?,
        webhook_secret: env.text("ELEVENLABS_WEBHOOK_SECRET").map(SecretString::from),
        ..default
    })
}
