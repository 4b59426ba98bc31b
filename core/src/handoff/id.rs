//! The id of a handoff, which also names its log file.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

const PREFIX: &str = "sms_";

/// Names one handoff: `sms_<seconds since 1970>_<8 hex digits>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HandoffId {
    text: String,
    at: DateTime<Utc>,
}

impl HandoffId {
    /// A new id, for a handoff that was asked for at this moment.
    pub fn new(at: DateTime<Utc>) -> Self {
        // As it is read again.
        let at = at.trunc_subsecs(0);
        let text = format!("{PREFIX}{}_{:08x}", at.timestamp(), fastrand::u32(..));
        Self { text, at }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// When it was asked for, to the second.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The UTC day it was asked for.
    pub fn date(&self) -> NaiveDate {
        self.at.date_naive()
    }
}

/// A text that is not the id of a handoff.
#[derive(Debug, thiserror::Error)]
#[error("the id of a handoff is `sms_`, a time in seconds, `_` and 8 hexadecimal digits")]
pub struct InvalidHandoffId;

impl FromStr for HandoffId {
    type Err = InvalidHandoffId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, hex) =
            text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(InvalidHandoffId)?;
        let is_hex = hex.len() == 8 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_epoch = (1..=12).contains(&epoch.len()) && epoch.bytes().all(|b| b.is_ascii_digit());
        if !is_hex || !is_epoch {
            return Err(InvalidHandoffId);
        }
        let at = epoch.parse().ok().and_then(|epoch| DateTime::from_timestamp(epoch, 0));
        at.map(|at| Self { text: text.to_owned(), at }).ok_or(InvalidHandoffId)
    }
}

impl TryFrom<String> for HandoffId {
    type Error = InvalidHandoffId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HandoffId> for String {
    fn from(id: HandoffId) -> Self {
        id.text
    }
}

impl fmt::Display for HandoffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
