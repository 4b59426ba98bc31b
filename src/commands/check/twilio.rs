//! Whether messages can be sent.

use std::io::{self, Write};

use mcp_odoo_core::language::Language;
use mcp_odoo_core::twilio::{AccountStatus, Twilio, TwilioConfig, TwilioSetup};

use crate::config::Config;

/// Prints what is configured, secrets and numbers hidden.
pub(super) fn describe(config: &Config, out: &mut impl Write) -> io::Result<()> {
    let phones = &config.messages.phones;
    let fallback = phones.fallback.as_ref().map(|phone| phone.shortened()).unwrap_or_default();
    let code = phones.default_country_code;
    let language = match config.language {
        Language::Es => "es",
        Language::En => "en",
    };
    writeln!(out, "VENDEDOR_WHATSAPP={fallback} DEFAULT_COUNTRY_CODE={code} LANGUAGE={language}")?;
    if !config.language_is_known {
        writeln!(out, "- LANGUAGE names neither es nor en: messages are written in Spanish")?;
    }
    let mark = |name| match &config.twilio {
        TwilioSetup::Missing(names) if names.contains(&name) => "✗",
        TwilioSetup::Missing(_) | TwilioSetup::Ready(_) => "✓",
    };
    let (account, token) = (mark("TWILIO_ACCOUNT_SID"), mark("TWILIO_AUTH_TOKEN"));
    write!(out, "TWILIO_ACCOUNT_SID={account} TWILIO_AUTH_TOKEN={token}")?;
    let TwilioSetup::Ready(twilio) = &config.twilio else { return writeln!(out) };
    let (channel, from) = (twilio.channel, twilio.from.shortened());
    writeln!(out, " MESSAGE_CHANNEL={channel} {}={from}", channel.from_variable())?;
    let template = twilio.content_sid.as_deref().unwrap_or_default();
    writeln!(out, "TWILIO_CONTENT_SID={template} TWILIO_API_BASE={}", twilio.api_base)
}

/// Says whether it works; an installation without Twilio is well, too.
pub(super) async fn check(setup: &TwilioSetup, out: &mut impl Write) -> io::Result<bool> {
    let twilio = match setup {
        TwilioSetup::Ready(twilio) => twilio,
        TwilioSetup::Missing(names) if setup.is_absent() => {
            writeln!(out, "- TWILIO: not configured ({}), no messages are sent", names.join(", "))?;
            return Ok(true);
        }
        TwilioSetup::Missing(names) => {
            writeln!(out, "✗ TWILIO: {} missing", names.join(", "))?;
            return Ok(false);
        }
    };
    match account(twilio).await {
        Ok(found) => writeln!(out, "✓ TWILIO: {found}").map(|()| true),
        Err(problem) => writeln!(out, "✗ TWILIO: {problem}").map(|()| false),
    }
}

async fn account(config: &TwilioConfig) -> Result<String, String> {
    let twilio = Twilio::new(config.clone()).map_err(|error| error.to_string())?;
    let account = twilio.account().await.map_err(|error| error.sentence(Language::En))?;
    match account.status {
        AccountStatus::Active if account.is_trial => {
            Ok("the account is active; it is a trial and sends to verified numbers only".to_owned())
        }
        AccountStatus::Active => Ok("the account is active".to_owned()),
        AccountStatus::Suspended => Err("the account is suspended; see the Twilio console".to_owned()),
        AccountStatus::Closed => Err("the account is closed; use another one".to_owned()),
    }
}
