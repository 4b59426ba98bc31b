//! What Twilio answers.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Accepted, AccountStatus, Listed, TwilioError};
use crate::phone;

/// Longer is as good as never.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Too many requests, as an error code.
const RATE_LIMITED: [u32; 2] = [20429, 63018];

pub(super) struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// [Twilio's error response](https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions).
#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
    message: Option<String>,
    more_info: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Created {
    sid: String,
    status: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Page {
    pub messages: Vec<Message>,
    pub next_page_uri: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Message {
    sid: String,
    body: Option<String>,
    status: String,
    error_code: Option<u32>,
    date_created: String,
    date_sent: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Account {
    status: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Reads an answer, or the failure that it tells.
pub(super) fn decode<T: DeserializeOwned>(answer: &Answer) -> Result<T, TwilioError> {
    if (200..=299).contains(&answer.status) {
        // serde's words would quote the answer.
        return serde_json::from_slice(&answer.body)
            .map_err(|_| TwilioError::Malformed(format!("HTTP {} with another body", answer.status)));
    }
    Err(refusal(answer))
}

fn refusal(answer: &Answer) -> TwilioError {
    let (status, retry_after) = (answer.status, answer.retry_after);
    let told = serde_json::from_slice::<Refusal>(&answer.body).ok();
    let code = told.as_ref().and_then(|told| told.code).unwrap_or_default();
    match status {
        429 => TwilioError::RateLimited { retry_after },
        // 408: a proxy gave up on Twilio.
        408 | 500..=599 => TwilioError::Unavailable { status, retry_after },
        _ if RATE_LIMITED.contains(&code) => TwilioError::RateLimited { retry_after },
        _ => {
            let message = told.as_ref().and_then(|told| told.message.as_deref()).unwrap_or_default();
            let more_info = told.as_ref().and_then(|told| told.more_info.clone());
            TwilioError::Refused { code, status, message: phone::shorten_all(message), more_info }
        }
    }
}

/// Seconds or a date ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().map(Duration::from_secs).ok();
    let until = || {
        let time = DateTime::parse_from_rfc2822(text).ok()?;
        Some((time.to_utc() - Utc::now()).to_std().unwrap_or_default())
    };
    seconds.or_else(until).map(|pause| pause.min(LONGEST_RETRY_AFTER))
}

impl TryFrom<Created> for Accepted {
    type Error = TwilioError;

    fn try_from(created: Created) -> Result<Self, TwilioError> {
        if !is_message_sid(&created.sid) {
            return Err(malformed("a message without an id"));
        }
        Ok(Self { sid: created.sid, status: created.status.unwrap_or_default() })
    }
}

impl Message {
    pub(super) fn date_sent(&self) -> Result<Option<DateTime<Utc>>, TwilioError> {
        self.date_sent.as_deref().map(date).transpose()
    }
}

impl TryFrom<Message> for Listed {
    type Error = TwilioError;

    fn try_from(message: Message) -> Result<Self, TwilioError> {
        Ok(Self {
            date_created: date(&message.date_created)?,
            sid: message.sid,
            body: message.body.unwrap_or_default(),
            status: message.status,
            error_code: message.error_code,
        })
    }
}

impl TryFrom<Account> for super::Account {
    type Error = TwilioError;

    fn try_from(account: Account) -> Result<Self, TwilioError> {
        let status = match account.status.as_str() {
            "active" => AccountStatus::Active,
            "suspended" => AccountStatus::Suspended,
            "closed" => AccountStatus::Closed,
            _ => return Err(malformed("an account with another status")),
        };
        Ok(Self { status, is_trial: account.kind.as_deref() == Some("Trial") })
    }
}

fn is_message_sid(sid: &str) -> bool {
    let digits = sid.strip_prefix("SM").or_else(|| sid.strip_prefix("MM"));
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// RFC 2822, as all dates of this API.
fn date(text: &str) -> Result<DateTime<Utc>, TwilioError> {
    DateTime::parse_from_rfc2822(text).map(|date| date.to_utc()).map_err(|_| malformed("a date that is none"))
}

fn malformed(what: &str) -> TwilioError {
    TwilioError::Malformed(what.to_owned())
}
