//! The same request once more, without a key: who asks again after a time-out, or clicks twice, means the first one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::access::{Caller, Door};
use crate::journal::{Journal, JournalError};
use crate::key::digest;
use crate::quotation::id::TrackingId;
use crate::quotation::request::QuotationRequest;

/// Requests that are remembered, at most.
const MOST: usize = 10_000;

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
            Door::Mcp | Door::Stdio => self.mcp,
        }
    }

    fn longest(&self) -> Duration {
        self.rest.max(self.mcp)
    }
}

/// The last requests without a key.
pub(super) struct Repeats {
    windows: RepeatWindows,
    restored: OnceCell<()>,
    recent: Mutex<Recent>,
}

/// What a request without a key is known by, and for how long.
pub(super) struct Mark {
    pub(super) text: String,
    window: Duration,
}

#[derive(Default)]
struct Recent {
    /// What was asked for, by whom: its quotation, and when last.
    by_mark: HashMap<String, (TrackingId, Instant)>,
    oldest_first: VecDeque<(Instant, String)>,
}

impl Repeats {
    pub(super) fn new(windows: RepeatWindows) -> Self {
        Self { windows, restored: OnceCell::new(), recent: Mutex::default() }
    }

    /// What this request of this caller is known by; `None` where each is a new one.
    pub(super) fn mark(&self, request: &QuotationRequest, caller: &Caller) -> Option<Mark> {
        let window = self.windows.of(caller.door);
        if window.is_zero() {
            return None;
        }
        let door = format!("{:?}", caller.door);
        let log_in = hex::encode(caller.log_in());
        let text = digest(&["same", &door, &log_in, &serde_json::to_string(request).ok()?]);
        Some(Mark { text, window })
    }

    /// The id of the quotation that a request with this mark, or the first one like it, asks for. The time counts from the
    /// last of them: while a caller keeps asking, it is the same quotation.
    pub(super) fn id(&self, mark: &Mark) -> TrackingId {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known = recent.by_mark.get(&mark.text).filter(|(_, last)| last.elapsed() < mark.window);
        let id = known.map_or_else(TrackingId::random, |(id, _)| id.clone());
        recent.remember(mark.text.clone(), id.clone(), Instant::now(), self.windows.longest());
        id
    }

    /// Remembers, before it is first asked, what an earlier process has accepted.
    pub(super) async fn restore(&self, journal: &Journal) -> Result<(), JournalError> {
        let longest = self.windows.longest();
        let restore = || async {
            let logged = journal.repeatable(longest).await?;
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            for status in logged {
                let (now, age) = (Instant::now(), status.created_at.elapsed());
                if let (Some(mark), Some(last)) = (&status.repeat_mark, now.checked_sub(age)) {
                    recent.remember(mark.clone(), status.tracking_id.clone(), last, longest);
                }
            }
            Ok(())
        };
        self.restored.get_or_try_init(restore).await.copied()
    }
}

impl Recent {
    fn remember(&mut self, mark: String, id: TrackingId, last: Instant, longest: Duration) {
        self.forget(longest);
        self.by_mark.insert(mark.clone(), (id, last));
        self.oldest_first.push_back((last, mark));
    }

    fn forget(&mut self, longest: Duration) {
        while let Some((last, _)) = self.oldest_first.front()
            && (last.elapsed() >= longest || self.oldest_first.len() >= MOST)
            && let Some((last, mark)) = self.oldest_first.pop_front()
        {
            // It may have been asked for again since.
            if self.by_mark.get(&mark).is_some_and(|(_, known)| *known <= last) {
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

    fn asked(repeats: &Repeats, n: usize, caller: &Caller) -> TrackingId {
        repeats.id(&repeats.mark(&request(n), caller).unwrap())
    }

    fn mcp(name: &str) -> Caller {
        Caller::anonymous(Door::Mcp, Some(name.as_bytes()))
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_the_same_for_one_caller_and_for_a_while() {
        let repeats = Repeats::new(RepeatWindows::default());
        let id = |caller: &Caller| asked(&repeats, 1, caller);
        let first = id(&mcp("a"));
        assert_ne!(id(&mcp("b")), first);
        assert_ne!(asked(&repeats, 2, &mcp("a")), first);
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(119)).await;
            assert_eq!(id(&mcp("a")), first, "it keeps asking");
        }
        tokio::time::advance(Duration::from_secs(121)).await;
        assert_ne!(id(&mcp("a")), first);
        let page = Caller::anonymous(Door::Rest, None);
        assert!(repeats.mark(&request(1), &page).is_none(), "over REST each is a new one");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let repeats = Repeats::new(RepeatWindows::default());
        let first = asked(&repeats, 0, &mcp(""));
        for n in 1..=2 * MOST {
            asked(&repeats, n, &mcp(""));
        }
        let kept = {
            let recent = repeats.recent.lock().unwrap();
            recent.by_mark.len().max(recent.oldest_first.len())
        };
        assert!(kept <= MOST, "{kept}");
        assert_ne!(asked(&repeats, 0, &mcp("")), first);
        tokio::time::advance(Duration::from_secs(121)).await;
        asked(&repeats, 0, &mcp(""));
        assert_eq!(repeats.recent.lock().unwrap().by_mark.len(), 1);
    }
}
