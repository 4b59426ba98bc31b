//! The account at Twilio, and the phone numbers of this installation.

use mcp_odoo_core::messages::PhoneConfig;
use mcp_odoo_core::phone::{CountryCode, Phone};
use mcp_odoo_core::twilio::{Channel, TwilioConfig, TwilioSetup, is_sid, sender};
use secrecy::SecretString;
use url::Url;

use super::{ConfigError, Env};

pub(super) fn twilio(env: &Env) -> Result<TwilioSetup, ConfigError> {
    // All is read before anything is missing: a bad value is told either way.
    let account_sid = sid(env, "TWILIO_ACCOUNT_SID", "AC")?;
    let content_sid = sid(env, "TWILIO_CONTENT_SID", "HX")?;
    let channel = env.parse("MESSAGE_CHANNEL", "whatsapp or sms", Channel::default())?;
    let (whatsapp, sms) = (from(env, Channel::Whatsapp)?, from(env, Channel::Sms)?);
    let api_base = env.address("TWILIO_API_BASE", "an address, e.g. https://api.twilio.com")?;
    let api_base = match api_base {
        Some(url) => url,
        None => Url::parse("https://api.twilio.com")
            .map_err(|_| ConfigError::takes("TWILIO_API_BASE", "an address"))?,
    };
    let auth_token = env.text("TWILIO_AUTH_TOKEN").map(SecretString::from);
    let from = match channel {
        Channel::Whatsapp => whatsapp,
        Channel::Sms => sms,
    };
    Ok(match (account_sid, auth_token, from) {
        (Some(account_sid), Some(auth_token), Some(from)) => {
            TwilioSetup::Ready(TwilioConfig { account_sid, auth_token, channel, from, content_sid, api_base })
        }
        _ => {
            let missing = |name: &&str| env.text(name).is_none();
            TwilioSetup::Missing(TwilioSetup::required(channel).into_iter().filter(missing).collect())
        }
    })
}

pub(super) fn phones(env: &Env) -> Result<PhoneConfig, ConfigError> {
    let default_country_code =
        env.parse("DEFAULT_COUNTRY_CODE", "the calling code of a country, e.g. +52", CountryCode::default())?;
    let name = "VENDEDOR_WHATSAPP";
    let fallback = env.text(name).map(|text| Phone::parse(text, default_country_code)).transpose();
    let fallback = fallback.map_err(|_| ConfigError::takes(name, "a phone number, e.g. +5215587654321"))?;
    Ok(PhoneConfig { fallback, default_country_code })
}

fn from(env: &Env, channel: Channel) -> Result<Option<Phone>, ConfigError> {
    let name = channel.from_variable();
    let Some(text) = env.text(name) else { return Ok(None) };
    let takes = || ConfigError::takes(name, "a phone number with its country code, e.g. +14155238886");
    sender(text).map(Some).ok_or_else(takes)
}

fn sid(env: &Env, name: &'static str, begins: &'static str) -> Result<Option<String>, ConfigError> {
    let Some(text) = env.text(name) else { return Ok(None) };
    let takes = || ConfigError::takes(name, format!("an id that begins with {begins}"));
    is_sid(text, begins).then(|| Some(text.to_owned())).ok_or_else(takes)
}
