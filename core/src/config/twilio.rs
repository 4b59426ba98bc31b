//! The account at Twilio, and the phone numbers of this installation.

use std::fmt;

use secrecy::SecretString;
use url::Url;

use super::{ConfigError, Env};
use crate::phone::{CountryCode, Phone};

/// What is configured of Twilio.
#[derive(Clone, Debug)]
pub enum TwilioSetup {
    /// All that is needed to send.
    Ready(TwilioConfig),
    /// These variables are missing.
    Missing(Vec<&'static str>),
}

/// An account at Twilio and what it sends from.
#[derive(Clone)]
pub struct TwilioConfig {
    /// `TWILIO_ACCOUNT_SID`
    pub account_sid: String,
    /// `TWILIO_AUTH_TOKEN`: authenticates calls, and signs what Twilio sends here.
    pub auth_token: SecretString,
    /// `MESSAGE_CHANNEL`
    pub channel: Channel,
    /// `TWILIO_WHATSAPP_FROM` or `TWILIO_SMS_FROM`, whichever is of the channel.
    pub from: Phone,
    /// `TWILIO_CONTENT_SID`: the Content Template to send instead of free text.
    pub content_sid: Option<String>,
    /// `TWILIO_API_BASE`: another address of the API, for tests.
    pub api_base: Url,
}

/// What carries the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Channel {
    #[default]
    Whatsapp,
    Sms,
}

/// The phone numbers of this installation.
#[derive(Clone, Debug, Default)]
pub struct PhoneConfig {
    /// `VENDEDOR_WHATSAPP`: who is told when a salesperson has no number.
    pub fallback: Option<Phone>,
    /// `DEFAULT_COUNTRY_CODE`: of numbers that have none.
    pub default_country_code: CountryCode,
}

impl TwilioSetup {
    /// Every variable that an account needs on this channel.
    const fn required(channel: Channel) -> [&'static str; 3] {
        ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", channel.from_variable()]
    }

    /// Whether nothing of an account is configured, so that nobody expects messages to be sent.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Ready(_) => false,
            Self::Missing(names) => names.len() == Self::required(Channel::default()).len(),
        }
    }
}

impl Channel {
    /// The variable that holds the number messages are sent from.
    pub const fn from_variable(self) -> &'static str {
        match self {
            Self::Whatsapp => "TWILIO_WHATSAPP_FROM",
            Self::Sms => "TWILIO_SMS_FROM",
        }
    }

    /// A number as Twilio takes it on this channel.
    pub fn address(self, phone: &Phone) -> String {
        match self {
            Self::Whatsapp => format!("whatsapp:{}", phone.e164()),
            Self::Sms => phone.e164().to_owned(),
        }
    }
}

impl std::str::FromStr for Channel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.to_ascii_lowercase().as_str() {
            "whatsapp" => Ok(Self::Whatsapp),
            "sms" => Ok(Self::Sms),
            _ => Err(()),
        }
    }
}

impl Channel {
    /// As it stands in the configuration and in the logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TwilioConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioConfig")
            .field("account_sid", &"***")
            .field("auth_token", &"***")
            .field("channel", &self.channel)
            .field("from", &self.from)
            .field("content_sid", &self.content_sid)
            .field("host", &self.api_base.host_str())
            .finish()
    }
}

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
    let international = text.trim_start_matches("whatsapp:").starts_with('+');
    let phone = Phone::parse(text, CountryCode::default()).ok().filter(|_| international);
    let takes = || ConfigError::takes(name, "a phone number with its country code, e.g. +14155238886");
    phone.map(Some).ok_or_else(takes)
}

/// Twilio's ids: two letters that say of what, and digits ([String identifiers]).
///
/// [String identifiers]: https://www.twilio.com/docs/glossary/what-is-a-sid
fn sid(env: &Env, name: &'static str, begins: &'static str) -> Result<Option<String>, ConfigError> {
    let Some(text) = env.text(name) else { return Ok(None) };
    let rest = text.strip_prefix(begins).filter(|rest| !rest.is_empty());
    // It becomes part of an address.
    let good = rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric()));
    let takes = || ConfigError::takes(name, format!("an id that begins with {begins}"));
    good.then(|| Some(text.to_owned())).ok_or_else(takes)
}
