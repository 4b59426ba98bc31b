//! The time as logs have it, thousands of times a second: what holds for a whole second is worked out once for it.

use chrono::{DateTime, NaiveDate, Utc};

/// Tells the time.
#[derive(Default)]
pub struct Clock {
    second: i64,
    day: NaiveDate,
    /// Nothing before the first time.
    text: String,
}

impl Clock {
    /// The UTC day of this time.
    pub fn day(&mut self, now: DateTime<Utc>) -> NaiveDate {
        self.look(now);
        self.day
    }

    /// This time to the second, without an offset: `2026-11-21T10:00:00`.
    pub fn second(&mut self, now: DateTime<Utc>) -> &str {
        self.look(now);
        &self.text
    }

    fn look(&mut self, now: DateTime<Utc>) {
        if self.second != now.timestamp() || self.text.is_empty() {
            (self.second, self.day) = (now.timestamp(), now.date_naive());
            self.text = now.format("%Y-%m-%dT%H:%M:%S").to_string();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_own() {
        let mut clock = Clock::default();
        for text in
            ["1970-01-01T00:00:00", "2026-11-21T23:59:59", "2026-11-22T00:00:00", "2026-11-21T23:59:59"]
        {
            for fraction in ["", ".000001", ".999"] {
                let now: DateTime<Utc> = format!("{text}{fraction}Z").parse().unwrap();
                assert_eq!(clock.second(now), text);
                assert_eq!(clock.day(now), now.date_naive());
            }
        }
    }
}
