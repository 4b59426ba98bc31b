//! Which days have a log of which id: an id that is in none costs no look at the disk.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{Days, NaiveDate};

/// Logs that are kept in mind, about 14 bytes each. With more, all days are looked at.
const MOST: usize = if cfg!(test) { 1000 } else { 4_000_000 };
/// No log is older.
const FIRST: NaiveDate = match NaiveDate::from_ymd_opt(2005, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// The logs of one folder.
#[derive(Default)]
pub(super) struct Index {
    known: Mutex<Known>,
    /// Held by who lists the folder.
    listing: Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// 48 bits of the id's hash, then the day.
    logs: BTreeSet<u64>,
    /// The first and the last day of any log.
    span: Option<(u16, u16)>,
    /// What was there before is in here, too.
    listed: bool,
    too_many: bool,
}

impl Index {
    /// There is a log of this day.
    pub fn add(&self, day: NaiveDate, id: &str) {
        lock(&self.known).add(day, id);
    }

    /// The days, newest first, that may have a log of this id; `list` tells those of the folder, once.
    pub fn days<E>(
        &self,
        id: &str,
        list: impl FnOnce(&mut dyn FnMut(NaiveDate, &str)) -> Result<(), E>,
    ) -> Result<Vec<NaiveDate>, E> {
        if let Some(days) = self.days_if_listed(id) {
            return Ok(days);
        }
        let _alone = lock(&self.listing);
        if !lock(&self.known).listed {
            // Beside the writers: a folder may be large.
            let mut found = Known::default();
            list(&mut |day, id| found.add(day, id))?;
            lock(&self.known).merge(found);
        }
        Ok(lock(&self.known).days(id))
    }

    /// The same without a look at the disk; `None` before the folder was listed.
    pub fn days_if_listed(&self, id: &str) -> Option<Vec<NaiveDate>> {
        let known = lock(&self.known);
        known.listed.then(|| known.days(id))
    }
}

impl Known {
    fn add(&mut self, day: NaiveDate, id: &str) {
        let Ok(day) = u16::try_from(day.signed_duration_since(FIRST).num_days()) else { return };
        self.note(day);
        if !self.too_many {
            self.logs.insert(hash(id) | u64::from(day));
            self.bound();
        }
    }

    fn note(&mut self, day: u16) {
        let (first, last) = self.span.unwrap_or((day, day));
        self.span = Some((first.min(day), last.max(day)));
    }

    fn bound(&mut self) {
        if self.logs.len() > MOST {
            self.too_many = true;
            self.logs = BTreeSet::new();
        }
    }

    fn merge(&mut self, mut listed: Self) {
        for day in listed.span.into_iter().flat_map(|(first, last)| [first, last]) {
            self.note(day);
        }
        self.logs.append(&mut listed.logs);
        self.too_many |= listed.too_many;
        if self.too_many {
            self.logs = BTreeSet::new();
        }
        self.bound();
        self.listed = true;
    }

    fn days(&self, id: &str) -> Vec<NaiveDate> {
        let date = |day: u16| FIRST.checked_add_days(Days::new(u64::from(day)));
        if self.too_many {
            return self
                .span
                .into_iter()
                .flat_map(|(first, last)| first..=last)
                .rev()
                .filter_map(date)
                .collect();
        }
        let hash = hash(id);
        let logs = self.logs.range(hash..=hash | u64::from(u16::MAX)).rev();
        logs.filter_map(|log| u16::try_from(log & u64::from(u16::MAX)).ok().and_then(date)).collect()
    }
}

/// In the upper 48 bits.
fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish() & !u64::from(u16::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random() -> String {
        uuid::Uuid::new_v4().simple().to_string()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn only_days_that_have_it_are_looked_at() {
        let (index, mut listings) = (Index::default(), 0);
        let (old, new) = (random(), random());
        index.add(day("2026-11-21"), &new);
        let mut days = |id: &str| {
            let list = |add: &mut dyn FnMut(NaiveDate, &str)| {
                listings += 1;
                add(day("2019-02-01"), &old);
                add(day("2026-01-30"), &old);
                Ok::<_, ()>(())
            };
            index.days(id, list).unwrap()
        };
        assert_eq!(days(&old), [day("2026-01-30"), day("2019-02-01")]);
        assert_eq!(days(&new), [day("2026-11-21")]);
        assert!(days(&random()).is_empty());
        assert_eq!(listings, 1);
    }

    #[test]
    fn with_too_many_all_days_are_looked_at() {
        let mut known = Known::default();
        known.add(day("2026-01-30"), &random());
        known.logs.extend((0..MOST as u64).map(|n| n << 16));
        known.add(day("2026-02-02"), &random());
        assert!(known.logs.is_empty());
        let days = known.days(&random());
        assert_eq!(days, ["2026-02-02", "2026-02-01", "2026-01-31", "2026-01-30"].map(day));
    }

    #[test]
    fn what_cannot_be_listed_is_listed_again() {
        let (index, id) = (Index::default(), random());
        assert_eq!(index.days(&id, |_| Err(())), Err(()));
        assert!(index.days_if_listed(&id).is_none());
        assert_eq!(
            index.days(&id, |add| {
                add(FIRST, &id);
                Ok::<_, ()>(())
            }),
            Ok(vec![FIRST])
        );
    }
}
