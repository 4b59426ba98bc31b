//! A handoff as it is remembered.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Error;

use super::id::HandoffId;
use super::request::HandoffRequest;
use super::status::{HandoffState, HandoffStatus};
use crate::messages::Route;
use crate::store::{Content, Document, Head, Reader};
use crate::timestamp::Timestamp;

/// What a handoff's log file holds.
pub type HandoffDocument = Document<Handoff>;

/// What is remembered of a handoff beside what is of any piece of work.
#[derive(Clone)]
pub struct Handoff {
    /// What is told of it.
    pub status: HandoffStatus,
    /// What was asked for.
    pub request: HandoffRequest,
    /// Whose number it goes to.
    pub route: Option<Route>,
    /// What stands for the caller's `Idempotency-Key` and for the signature.
    pub keys: Vec<String>,
}

#[derive(Serialize)]
struct Keys<'a> {
    status: HandoffState,
    #[serde(flatten)]
    request: &'a HandoffRequest,
    assigned_user_id: Option<i64>,
    channel: &'a str,
    route: Option<Route>,
    message_sid: &'a Option<String>,
    error: &'a Option<String>,
    error_code: &'a Option<String>,
    updated_at: Timestamp,
    keys: &'a [String],
}

#[derive(Deserialize)]
struct Beside {
    route: Option<Route>,
    #[serde(default)]
    keys: Vec<String>,
    /// Of the first day, when there was one.
    key: Option<String>,
}

impl Handoff {
    /// One just accepted.
    pub(super) fn queued(request: HandoffRequest, keys: Vec<String>, channel: &str) -> Self {
        let handoff_id = HandoffId::new(chrono::Utc::now());
        let at = Timestamp::from(handoff_id.at());
        let status = HandoffStatus {
            handoff_id,
            status: HandoffState::Queued,
            channel: channel.to_owned(),
            message_sid: None,
            assigned_user_id: None,
            error: None,
            error_code: None,
            created_at: at,
            updated_at: at,
        };
        Self { status, request, route: None, keys }
    }
}

impl Content for Handoff {
    type Status = HandoffStatus;
    const KIND: &'static str = "handoff";
    const ID: &'static str = "handoff_id";

    fn id(&self) -> &str {
        self.status.handoff_id.as_str()
    }

    fn may_be(id: &str, day: NaiveDate) -> bool {
        id.parse::<HandoffId>().is_ok_and(|id| id.date() == day)
    }

    fn status(&self) -> &HandoffStatus {
        &self.status
    }

    fn accepted_at(&self) -> Timestamp {
        self.status.created_at
    }

    fn touch(&mut self) {
        self.status.updated_at = Timestamp::now();
    }

    fn is_over(&self) -> bool {
        self.status.status.is_over()
    }

    fn keys(&self) -> impl Serialize {
        let status = &self.status;
        Keys {
            status: status.status,
            request: &self.request,
            assigned_user_id: status.assigned_user_id,
            channel: &status.channel,
            route: self.route,
            message_sid: &status.message_sid,
            error: &status.error,
            error_code: &status.error_code,
            updated_at: status.updated_at,
            keys: &self.keys,
        }
    }

    fn read(log: &mut Reader, _: &mut Head) -> Result<Self, Error> {
        log.or_insert("channel", "");
        let status = log.take()?;
        let request = log.take()?;
        let Beside { route, mut keys, key } = log.take()?;
        keys.extend(key);
        Ok(Self { status, request, route, keys })
    }
}
