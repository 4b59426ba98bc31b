//! The same request once more, without a key: who asks again after a time-out, or clicks twice, means the first one.

use std::time::Duration;

use crate::key::digest;
use crate::quotation::id::TrackingId;
use crate::quotation::request::QuotationRequest;
use crate::store::{ANONYMOUS, Store};

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

impl Caller {
    /// Who it is in what is remembered. Nobody has a name yet.
    pub fn owner(&self) -> &'static str {
        ANONYMOUS
    }
}

impl RepeatWindows {
    fn of(&self, door: Door) -> Duration {
        match door {
            Door::Rest => self.rest,
            Door::Mcp => self.mcp,
        }
    }

    /// The id of the quotation that this request, or the first one like it, asks for; `None` where each is a new one.
    /// The time counts from the last of them: while a caller keeps asking, it is the same quotation.
    pub(super) async fn same<S: Store>(
        &self,
        store: &S,
        request: &QuotationRequest,
        caller: &Caller,
    ) -> Result<Option<TrackingId>, S::Error> {
        let window = self.of(caller.door);
        if window.is_zero() {
            return Ok(None);
        }
        let Ok(request) = serde_json::to_string(request) else { return Ok(None) };
        let mark = digest(&["same", &format!("{:?}", caller.door), &caller.name, &request]);
        let id = store.mark(&mark, TrackingId::random().as_str(), window).await?;
        Ok(id.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::journal::{Journal, Target};

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
        let folder = tempfile::TempDir::new().unwrap();
        let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
        let same = async |n: usize, caller: &Caller| {
            RepeatWindows::default().same(&journal, &request(n), caller).await.unwrap()
        };
        let first = same(1, &mcp("a")).await;
        assert!(first.is_some());
        assert_ne!(same(1, &mcp("b")).await, first);
        assert_ne!(same(2, &mcp("a")).await, first);
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(119)).await;
            assert_eq!(same(1, &mcp("a")).await, first, "it keeps asking");
        }
        tokio::time::advance(Duration::from_secs(121)).await;
        assert_ne!(same(1, &mcp("a")).await, first);
        assert!(same(1, &Caller::default()).await.is_none(), "over REST each is a new one");
    }
}
