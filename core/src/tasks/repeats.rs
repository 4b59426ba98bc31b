//! The same request once more, without a key: who asks again after a time-out, or clicks twice, means the first one.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::sync::OnceCell;

use super::Inner;
use crate::access::{Caller, Door};
use crate::journal::JournalError;
use crate::key::digest;
use crate::quotation::document::Quotation;
use crate::quotation::id::TrackingId;
use crate::quotation::request::QuotationRequest;
use crate::store::{Document, Filter, Store, Stored};
use crate::timestamp::Timestamp;

/// Requests of earlier processes that are remembered, at most.
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

    /// What this request of this caller is known by, and how long; `None` where each is a new one.
    pub(super) fn mark(
        &self,
        request: &QuotationRequest,
        caller: &Caller,
        door: Door,
    ) -> Option<(String, Duration)> {
        let window = self.of(door);
        if window.is_zero() {
            return None;
        }
        let [id, log_in] = caller.told_apart_by().map(hex::encode);
        let request = serde_json::to_string(request).ok()?;
        let company = caller.works_in.company.map(|company| company.to_string());
        let parts = ["same", door.name(), &id, &log_in, &request].into_iter().chain(company.as_deref());
        Some((digest(&parts.collect::<Vec<_>>()), window))
    }
}

/// What an earlier process has accepted without a key, by its mark; read when it is first asked for.
#[derive(Default)]
pub(super) struct Earlier(OnceCell<HashMap<String, (TrackingId, Timestamp)>>);

impl Inner {
    /// The id of the quotation that a request with this mark, or the first one like it, asks for. The time counts from the
    /// last of them: while a caller keeps asking, it is the same quotation.
    pub(super) async fn same(&self, mark: &str, window: Duration) -> Result<TrackingId, JournalError> {
        let journal = &self.work.journal;
        let earlier = self.earlier.0.get_or_try_init(|| self.read_earlier()).await?;
        if let Some((id, at)) = earlier.get(mark)
            && let Some(left) = window.checked_sub(at.elapsed()).filter(|left| !left.is_zero())
        {
            journal.mark(mark, id.as_str(), left).await?;
        }
        let new = TrackingId::random();
        Ok(journal.mark(mark, new.as_str(), window).await?.parse().unwrap_or(new))
    }

    async fn read_earlier(&self) -> Result<HashMap<String, (TrackingId, Timestamp)>, JournalError> {
        let RepeatWindows { rest, mcp } = self.config.repeat_windows;
        let since =
            TimeDelta::from_std(rest.max(mcp)).ok().and_then(|ago| Utc::now().checked_sub_signed(ago));
        let (journal, stop) = (self.work.journal.clone(), self.work.background.stop.clone());
        let marked = move |stored: Stored<Quotation>| {
            let Document { content, head, .. } = stored.document;
            let mark = content.repeat_mark.filter(|_| journal.is_ours(&head.odoo))?;
            Some((mark, (content.status.tracking_id, content.status.created_at)))
        };
        let filter = Filter { unfinished: false, since };
        let mut marked = self.work.journal.list(filter, stop, marked).await?;
        marked.sort_by_key(|(_, (_, at))| *at);
        let too_many = marked.len().saturating_sub(MOST);
        Ok(marked.into_iter().skip(too_many).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::Permissions;

    fn request(n: usize) -> QuotationRequest {
        let request = json!({
            "partner_name": "Torres", "contact_name": "Luis", "email": format!("{n}@torres.mx"), "phone": "3312345678",
            "lead_name": "Robot",
        });
        serde_json::from_value(request).unwrap()
    }

    fn mcp(name: &str) -> Caller {
        Caller::anonymous(Permissions::ALL, Some(name.as_bytes()))
    }

    #[test]
    fn it_is_the_same_for_one_caller_and_one_request() {
        let windows = RepeatWindows::default();
        let mark = |n, caller: &Caller| windows.mark(&request(n), caller, Door::Mcp);
        let (first, window) = mark(1, &mcp("a")).unwrap();
        assert_eq!((&first, window), (&mark(1, &mcp("a")).unwrap().0, windows.mcp));
        assert_ne!(mark(1, &mcp("b")).unwrap().0, first);
        assert_ne!(mark(2, &mcp("a")).unwrap().0, first);
        let mut elsewhere = mcp("a");
        elsewhere.works_in.company = Some(2);
        assert_ne!(mark(1, &elsewhere).unwrap().0, first);
        assert!(windows.mark(&request(1), &mcp("a"), Door::Rest).is_none(), "over REST each is a new one");
    }
}
