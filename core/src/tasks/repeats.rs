//! The same request once more, without a key: who asks again after a time-out, or clicks twice, means the first one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::key::digest;
use crate::quotation::id::TrackingId;
use crate::quotation::request::QuotationRequest;

/// Requests that are remembered, at most.
const MOST: usize = 10_000;

/// Who asks for a quotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The way the request came by.
    pub door: Door,
    /// What tells this caller from others, as far as the request does. A secret may be in it: only its hash is kept.
    pub name: String,
}

/// The ways that requests come by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// `POST /api/quotation/async`
    #[default]
    Rest,
    /// `dev_create_quotation`
    Mcp,
}

/// How long the same request is the same quotation (`REPEAT_WINDOW_SECONDS`).
#[derive(Clone, Copy, Debug)]
pub struct RepeatWindows {
    /// Over REST; zero: every request is a new one.
    pub rest: Duration,
    /// Over MCP, where models ask again.
    pub mcp: Duration,
}

impl Default for RepeatWindows {
    fn default() -> Self {
        Self { rest: Duration::ZERO, mcp: Duration::from_secs(120) }
    }
}

impl RepeatWindows {
    fn of(&self, door: Door) -> Duration {
        match door {
            Door::Rest => self.rest,
            Door::Mcp => self.mcp,
        }
    }
}

/// The last requests without a key.
pub(super) struct Repeats {
    windows: RepeatWindows,
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    /// What was asked for, by whom: its quotation, and until when it is that one.
    by_mark: HashMap<String, (TrackingId, Instant)>,
    oldest_first: VecDeque<(Instant, String)>,
}

impl Repeats {
    pub(super) fn new(windows: RepeatWindows) -> Self {
        Self { windows, recent: Mutex::default() }
    }

    /// The id of the quotation that this request, or the first one like it, asks for; `None` where each is a new one.
    /// The time counts from the last of them: while a caller keeps asking, it is the same quotation.
    pub(super) fn id(&self, request: &QuotationRequest, caller: &Caller) -> Option<TrackingId> {
        let window = self.windows.of(caller.door);
        if window.is_zero() {
            return None;
        }
        let door = format!("{:?}", caller.door);
        let mark = digest(&["same", &door, &caller.name, &serde_json::to_string(request).ok()?]);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.forget();
        let (now, known) = (Instant::now(), recent.by_mark.get(&mark));
        let id =
            known.filter(|(_, until)| *until > now).map_or_else(TrackingId::random, |(id, _)| id.clone());
        recent.by_mark.insert(mark.clone(), (id.clone(), now + window));
        recent.oldest_first.push_back((now + window, mark));
        Some(id)
    }
}

impl Recent {
    fn forget(&mut self) {
        let now = Instant::now();
        while let Some((until, _)) = self.oldest_first.front()
            && (*until <= now || self.oldest_first.len() >= MOST)
            && let Some((until, mark)) = self.oldest_first.pop_front()
        {
            // It may have been asked for again since.
            if self.by_mark.get(&mark).is_some_and(|(_, last)| *last <= until) {
                self.by_mark.remove(&mark);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(n: usize) -> QuotationRequest {
        let request = json!({
            "partner_name": "Torres", "contact_name": "Luis", "email": format!("{n}@torres.mx"), "phone": "3312345678",
            "lead_name": "Robot",
        });
        serde_json::from_value(request).unwrap()
    }

    fn mcp(name: &str) -> Caller {
        Caller { door: Door::Mcp, name: name.to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_the_same_for_one_caller_and_for_a_while() {
        let repeats = Repeats::new(RepeatWindows::default());
        let id = |caller: &Caller| repeats.id(&request(1), caller).unwrap();
        let first = id(&mcp("a"));
        assert_ne!(id(&mcp("b")), first);
        assert_ne!(repeats.id(&request(2), &mcp("a")).unwrap(), first);
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(119)).await;
            assert_eq!(id(&mcp("a")), first, "it keeps asking");
        }
        tokio::time::advance(Duration::from_secs(121)).await;
        assert_ne!(id(&mcp("a")), first);
        assert!(repeats.id(&request(1), &Caller::default()).is_none(), "over REST each is a new one");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let repeats = Repeats::new(RepeatWindows::default());
        let first = repeats.id(&request(0), &mcp("")).unwrap();
        for n in 1..=2 * MOST {
            repeats.id(&request(n), &mcp("")).unwrap();
        }
        let kept = {
            let recent = repeats.recent.lock().unwrap();
            recent.by_mark.len().max(recent.oldest_first.len())
        };
        assert!(kept <= MOST, "{kept}");
        assert_ne!(repeats.id(&request(0), &mcp("")).unwrap(), first);
        tokio::time::advance(Duration::from_secs(121)).await;
        repeats.id(&request(0), &mcp("")).unwrap();
        assert_eq!(repeats.recent.lock().unwrap().by_mark.len(), 1);
    }
}
