//! The client of Twilio's [Messages API](https://www.twilio.com/docs/messaging/api/message-resource).
//!
//! Nothing is tried twice here: whoever sends decides that by [`TwilioError`].

mod client;
mod config;
mod error;
pub mod signature;
pub mod texts;
mod wire;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use url::Url;

pub use client::{TIMEOUT, Twilio, TwilioSetupError};
pub use config::{Channel, TwilioConfig, TwilioSetup, is_sid, sender};
pub use error::TwilioError;

use crate::phone::Phone;

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// To whom.
    pub to: &'a Phone,
    /// What.
    pub content: &'a Content,
    /// Where Twilio tells of its delivery.
    pub status_callback: Option<&'a Url>,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Free text, at most 1,600 characters. WhatsApp takes it only within 24 hours of the recipient's last message.
    Text(String),
    /// A [Content Template](https://www.twilio.com/docs/content), which WhatsApp takes at any time.
    Template {
        /// `HX…`
        sid: String,
        /// What stands in its places, e.g. `"1"`.
        variables: BTreeMap<String, String>,
    },
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Template { .. } => "Template(…)",
        })
    }
}

/// What Twilio says of a message that it took over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// `SM…` or `MM…`
    pub sid: String,
    /// `queued`, `accepted`, …
    pub status: String,
}

/// A message that Twilio knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Listed {
    /// `SM…` or `MM…`
    pub sid: String,
    /// Its text; of a template, the text that was made of it. Empty if Twilio has deleted it.
    pub body: String,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, …
    pub status: String,
    /// Why it was not delivered.
    pub error_code: Option<u32>,
    /// When Twilio took it over, to the second.
    pub date_created: DateTime<Utc>,
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listed")
            .field("sid", &self.sid)
            .field("status", &self.status)
            .field("error_code", &self.error_code)
            .field("date_created", &self.date_created)
            .finish_non_exhaustive()
    }
}

/// An account at Twilio ([Account resource](https://www.twilio.com/docs/iam/api/account)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whether it may be used.
    pub status: AccountStatus,
    /// A trial account sends to verified numbers only.
    pub is_trial: bool,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum AccountStatus {
    Active,
    Suspended,
    Closed,
}
