//! What was asked for a moment ago. It is in memory: a restart forgets it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Keys that are remembered, at most.
const MOST: usize = 10_000;

/// The last keys.
#[derive(Default)]
pub(super) struct Marks(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    /// What a key stands for, and until when.
    by_key: HashMap<String, (String, Instant)>,
    oldest_first: VecDeque<(Instant, String)>,
}

impl Marks {
    /// What this key stands for from now on: the given id, unless it stands for another one.
    pub fn mark(&self, key: &str, id: &str, ttl: Duration) -> String {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.forget();
        let until = Instant::now() + ttl;
        let known = recent.by_key.get(key).filter(|(_, until)| *until > Instant::now());
        let id = known.map_or(id, |(id, _)| id).to_owned();
        recent.by_key.insert(key.to_owned(), (id.clone(), until));
        recent.oldest_first.push_back((until, key.to_owned()));
        id
    }
}

impl Recent {
    fn forget(&mut self) {
        let now = Instant::now();
        while let Some((until, _)) = self.oldest_first.front()
            && (*until <= now || self.oldest_first.len() >= MOST)
            && let Some((until, key)) = self.oldest_first.pop_front()
        {
            // It may have been asked for again since.
            if self.by_key.get(&key).is_some_and(|(_, last)| *last <= until) {
                self.by_key.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(120);

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let marks = Marks::default();
        assert_eq!(marks.mark("0", "first", TTL), "first");
        for n in 1..=2 * MOST {
            marks.mark(&n.to_string(), "", TTL);
        }
        let kept = {
            let recent = marks.0.lock().unwrap();
            recent.by_key.len().max(recent.oldest_first.len())
        };
        assert!(kept <= MOST, "{kept}");
        assert_eq!(marks.mark("0", "second", TTL), "second");
        tokio::time::advance(TTL + Duration::from_secs(1)).await;
        marks.mark("0", "third", TTL);
        assert_eq!(marks.0.lock().unwrap().by_key.len(), 1);
    }
}
