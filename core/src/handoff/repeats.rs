//! Which requests are repeats of an earlier one.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::document::Handoff;
use super::id::HandoffId;
use super::request::HandoffRequest;
use crate::key::{IdempotencyKey, digest};

/// How long a conversation's reason is a repeat.
const CONVERSATION: TimeDelta = TimeDelta::minutes(10);
/// How long an `Idempotency-Key` is remembered.
pub(super) const KEY: TimeDelta = TimeDelta::hours(24);
/// More handoffs than salespeople could answer in a day.
const REMEMBERED: usize = 100_000;

/// The recent handoffs by what makes a request their repeat.
#[derive(Default)]
pub(super) struct Repeats {
    by_mark: HashMap<String, HandoffId>,
    oldest_first: VecDeque<(DateTime<Utc>, String)>,
}

/// What stands for a caller's key in the logs. Whichever Odoo is written to, the message went to the same people.
pub(super) fn key_mark(key: &IdempotencyKey) -> String {
    digest(&["handoff key", key.as_str()])
}

impl Repeats {
    /// The handoff that used this key.
    pub(super) fn with_key(&self, mark: &str) -> Option<&HandoffId> {
        self.recent(mark, KEY)
    }

    /// The handoff of the same conversation for the same reason.
    pub(super) fn of_conversation(&self, request: &HandoffRequest) -> Option<&HandoffId> {
        self.recent(&conversation_mark(request)?, CONVERSATION)
    }

    pub(super) fn remember(&mut self, handoff: &Handoff) {
        let forgotten_before = Utc::now() - KEY;
        while let Some((at, _)) = self.oldest_first.front() {
            if *at >= forgotten_before && self.oldest_first.len() < REMEMBERED {
                break;
            }
            if let Some((at, mark)) = self.oldest_first.pop_front()
                && self.by_mark.get(&mark).is_some_and(|id| id.at() <= at)
            {
                self.by_mark.remove(&mark);
            }
        }
        let marks = handoff.keys.iter().cloned().chain(conversation_mark(&handoff.request));
        self.remember_keys(&handoff.status.handoff_id, marks);
    }

    pub(super) fn remember_keys(&mut self, id: &HandoffId, marks: impl IntoIterator<Item = String>) {
        for mark in marks {
            self.oldest_first.push_back((id.at(), mark.clone()));
            self.by_mark.insert(mark, id.clone());
        }
    }

    fn recent(&self, mark: &str, within: TimeDelta) -> Option<&HandoffId> {
        self.by_mark.get(mark).filter(|id| Utc::now() - id.at() < within)
    }
}

fn conversation_mark(request: &HandoffRequest) -> Option<String> {
    let conversation = request.conversation_id.as_deref()?;
    Some(digest(&["conversation", conversation, &request.reason]))
}
