//! The classes of failure.

use std::time::Duration;

use super::texts;
use crate::language::Language;

/// Why a call to Twilio failed. Holds no secret, phone number or text of a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TwilioError {
    /// Twilio refused it and did nothing ([error JSON]).
    ///
    /// [error JSON]: https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions
    #[error("Twilio refused this with HTTP {status}, error {code}: {message}")]
    Refused {
        /// Of the [error dictionary](https://www.twilio.com/docs/api/errors); 0 where Twilio gave none.
        code: u32,
        /// The HTTP status.
        status: u16,
        /// Twilio's own words, phone numbers shortened.
        message: String,
        /// The page that explains it.
        more_info: Option<String>,
    },
    /// Too many requests; nothing was done.
    #[error("Twilio takes no more requests at the moment")]
    RateLimited {
        /// How long Twilio wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// Twilio failed inside.
    #[error("Twilio failed with HTTP {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long Twilio wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// Nothing was sent: the connection was refused, the name or certificate is wrong, connecting took too long.
    #[error("Twilio cannot be reached: {0}")]
    Unreachable(String),
    /// No answer came in time.
    #[error("Twilio did not answer within {0:?}")]
    TimedOut(Duration),
    /// The connection was cut after the request was sent.
    #[error("the connection to Twilio was lost before the answer was complete: {0}")]
    ConnectionLost(String),
    /// The answer is not what the API promises.
    #[error("Twilio's answer makes no sense: {0}")]
    Malformed(String),
}

impl TwilioError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::Unreachable(_)
            | Self::TimedOut(_)
            | Self::ConnectionLost(_)
            | Self::Malformed(_) => true,
            Self::Refused { .. } => false,
        }
    }

    /// Whether Twilio may have done what was asked all the same.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::TimedOut(_) | Self::ConnectionLost(_) | Self::Malformed(_) => {
                true
            }
            Self::Refused { .. } | Self::RateLimited { .. } | Self::Unreachable(_) => false,
        }
    }

    /// Whether it is this recipient's number that Twilio refused: another one may be taken.
    pub fn is_the_recipients(&self) -> bool {
        matches!(
            self,
            Self::Refused { code: 21211 | 21217 | 21408 | 21608 | 21610 | 21614 | 63003 | 63015 | 63024, .. }
        )
    }

    /// How long Twilio wants to be left alone, where it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Refused { .. }
            | Self::Unreachable(_)
            | Self::TimedOut(_)
            | Self::ConnectionLost(_)
            | Self::Malformed(_) => None,
        }
    }

    /// The stable code, for clients to branch on: Twilio's own number where there is one, e.g. `twilio_21211`.
    pub fn code(&self) -> String {
        match self {
            Self::Refused { code: 0, status, .. } => format!("twilio_http_{status}"),
            Self::Refused { code, .. } => format!("twilio_{code}"),
            Self::RateLimited { .. } => "twilio_rate_limited".to_owned(),
            Self::Unavailable { .. } => "twilio_unavailable".to_owned(),
            Self::Unreachable(_) => "twilio_unreachable".to_owned(),
            Self::TimedOut(_) => "twilio_timeout".to_owned(),
            Self::ConnectionLost(_) => "twilio_connection_lost".to_owned(),
            Self::Malformed(_) => "twilio_malformed_answer".to_owned(),
        }
    }

    /// One sentence that says what to do, without a full stop.
    pub fn sentence(&self, language: Language) -> String {
        texts::failure(self, language)
    }
}
