//! The account at Twilio.

use std::fmt;

use secrecy::SecretString;
use url::Url;

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

/// Whether this is one of Twilio's ids: two letters that say of what, and digits ([String identifiers]). It becomes part of
/// an address.
///
/// [String identifiers]: https://www.twilio.com/docs/glossary/what-is-a-sid
pub fn is_sid(text: &str, begins: &str) -> bool {
    let rest = text.strip_prefix(begins).filter(|rest| !rest.is_empty());
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// A number to send from, which has a country code.
pub fn sender(text: &str) -> Option<Phone> {
    let international = text.trim().trim_start_matches("whatsapp:").starts_with('+');
    Phone::parse(text, CountryCode::default()).ok().filter(|_| international)
}

impl TwilioSetup {
    /// Every variable that an account needs on this channel.
    pub const fn required(channel: Channel) -> [&'static str; 3] {
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
