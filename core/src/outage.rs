//! Something that everybody needs is down. It is said once, it is tried after growing pauses, and it is said that it is
//! back.

use tokio::time::Instant;

use crate::backoff::{Backoff, Pauses};

/// Whether it is down.
pub struct Outage {
    backoff: Backoff,
    down: Option<Down>,
    /// When it was last over.
    ended: Option<Instant>,
}

struct Down {
    pauses: Pauses,
    /// When the last pause began, and when it is over.
    since: Instant,
    until: Instant,
}

impl Outage {
    /// Not yet.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, down: None, ended: None }
    }

    /// An attempt that began then failed; tells whether that is news. From attempts that began before the pause, or
    /// before the outage was over, nothing is learnt.
    pub fn met(&mut self, began: Instant) -> bool {
        let now = Instant::now();
        match &mut self.down {
            Some(down) => {
                if began >= down.since {
                    (down.since, down.until) = (now, now + down.pauses.pause());
                }
                false
            }
            None if self.ended.is_some_and(|ended| began < ended) => false,
            None => {
                let mut pauses = self.backoff.pauses();
                self.down = Some(Down { since: now, until: now + pauses.pause(), pauses });
                true
            }
        }
    }

    /// An attempt that began then succeeded; tells whether the outage is over with it. One from before the pause may
    /// have passed before the failure.
    pub fn ended(&mut self, began: Instant) -> bool {
        let over = self.down.as_ref().is_some_and(|down| began >= down.since);
        if over {
            self.down = None;
            self.ended = Some(Instant::now());
        }
        over
    }

    /// Until when nothing is tried, while it is down.
    pub fn until(&self) -> Option<Instant> {
        self.down.as_ref().map(|down| down.until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_began_before_says_nothing_of_now() {
        let mut outage = Outage::new(Backoff { first: SECOND, longest: 8 * SECOND });
        let early = Instant::now();
        tokio::time::advance(SECOND).await;
        assert!(outage.met(early) && !outage.met(early), "it is said once");
        let until = outage.until();
        assert!(until.is_some() && !outage.ended(early), "it passed before");
        tokio::time::advance(SECOND * 3).await;
        assert!(!outage.met(early));
        assert_eq!(outage.until(), until, "several failed together");
        assert!(!outage.met(Instant::now()));
        assert!(outage.until() > until, "the next pause");
        tokio::time::advance(SECOND * 20).await;
        assert!(outage.ended(Instant::now()) && outage.until().is_none());
        assert!(!outage.met(early), "over since");
        assert!(outage.met(Instant::now()));
    }
}
