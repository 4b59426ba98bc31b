use std::num::NonZeroU32;

use tempfile::TempDir;
use tokio::time::Instant;

use super::*;

/// Ten seconds before a full minute in the last hour of a day.
const BEGIN: u64 = 20_000 * 86_400 - 70;

fn limits(per_minute: u32, per_day: u32) -> Limits {
    Limits { per_minute: NonZeroU32::new(per_minute), per_day: NonZeroU32::new(per_day), ..Limits::default() }
}

/// Its clock goes with tokio's.
fn limiter(folder: &TempDir, limits: Limits, max_wait: u64, begin: u64) -> Limiter {
    let started = Instant::now();
    let config = LimitsConfig { limits, max_wait: Duration::from_secs(max_wait) };
    Limiter::with_clock(config, folder.path(), Arc::new(move || begin + started.elapsed().as_secs()))
}

async fn read(limiter: &Limiter, caller: &str) -> Result<(), u64> {
    limiter.admit(caller, None, Kind::Read).await.map_err(|exceeded| exceeded.0.seconds)
}

#[tokio::test(start_paused = true)]
async fn a_window_ends_with_its_minute_and_the_day_at_midnight() {
    let folder = TempDir::new().unwrap();
    let limiter = limiter(&folder, limits(2, 5), 0, BEGIN);
    for _ in 0..2 {
        assert_eq!(read(&limiter, "web").await, Ok(()));
    }
    assert_eq!(read(&limiter, "web").await, Err(10));
    assert_eq!(read(&limiter, "other").await, Ok(()), "each has its own");
    tokio::time::advance(Duration::from_secs(10)).await;
    for _ in 0..2 {
        assert_eq!(read(&limiter, "web").await, Ok(()));
    }
    assert_eq!(read(&limiter, "web").await, Err(60), "midnight ends the minute and the day");
    tokio::time::advance(Duration::from_secs(60)).await;
    let uses = limiter.uses("web", None);
    let told: Vec<_> = uses.iter().map(|usage| (usage.window.name(), usage.used, usage.seconds)).collect();
    assert_eq!(told, [("minute", 0, 60), ("day", 0, 86_400)]);
}

#[tokio::test(start_paused = true)]
async fn who_is_over_a_limit_waits_only_as_long_as_helps() {
    let folder = TempDir::new().unwrap();
    let limiter = limiter(&folder, limits(1, 2), 30, BEGIN);
    let began = Instant::now();
    assert_eq!(read(&limiter, "web").await, Ok(()));
    assert_eq!((read(&limiter, "web").await, began.elapsed().as_secs()), (Ok(()), 10));
    assert_eq!((read(&limiter, "web").await, began.elapsed().as_secs()), (Err(60), 10), "too long: at once");
}

#[tokio::test]
async fn kinds_are_counted_apart_and_own_limits_stand_for_all() {
    let folder = TempDir::new().unwrap();
    let limiter =
        Limiter::open(LimitsConfig { limits: limits(1, 1), max_wait: Duration::ZERO }, folder.path());
    let own: Limits = serde_json::from_str(r#"{"per_hour": 4, "quotations": {"per_hour": 1}}"#).unwrap();
    let asked = [Kind::Quotation, Kind::Quotation, Kind::Read, Kind::Write, Kind::Read, Kind::Read];
    let mut outcomes = Vec::new();
    for kind in asked {
        outcomes.push(limiter.admit("web", Some(own), kind).await.err().map(|exceeded| exceeded.0.kind));
    }
    assert_eq!(outcomes, [None, Some(Some(Kind::Quotation)), None, None, None, Some(None)]);
    assert!(limiter.uses("nobody", Some(Limits::default())).is_empty());
    for wrong in [r#"{"per_week": 1}"#, r#"{"per_day": 0}"#, r#"{"reads": 5}"#] {
        assert!(serde_json::from_str::<Limits>(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_begins_no_day_anew() {
    let folder = TempDir::new().unwrap();
    let first = limiter(&folder, limits(9, 2), 0, BEGIN);
    first.start();
    assert_eq!(read(&first, "web").await, Ok(()));
    // A crash loses only what was counted since the last writing.
    tokio::time::sleep(SAVE).await;
    while limiter(&folder, limits(9, 2), 0, BEGIN).uses("web", None).iter().all(|usage| usage.used == 0) {
        tokio::task::yield_now().await;
    }
    assert_eq!(read(&first, "web").await, Ok(()));
    first.shutdown().await;
    let second = limiter(&folder, limits(9, 2), 0, BEGIN);
    assert_eq!(read(&second, "web").await, Err(70));
    let tomorrow = limiter(&folder, limits(9, 2), 0, BEGIN + 70);
    assert_eq!(read(&tomorrow, "web").await, Ok(()));
    std::fs::write(folder.path().join(".limits"), "{ torn").unwrap();
    assert_eq!(read(&limiter(&folder, limits(9, 2), 0, BEGIN), "web").await, Ok(()));
}

#[test]
fn of_too_many_callers_those_who_called_least_are_forgotten() {
    let mut callers = Callers::default();
    for n in 0..MOST_CALLERS + 1 {
        let mut counts = Counts::default();
        // Some called yesterday.
        let now = if n % 100 == 0 { BEGIN - 86_400 } else { BEGIN };
        (0..1 + n % 3).for_each(|_| counts.add(Kind::Read, now));
        callers.set(&n.to_string(), counts, BEGIN);
    }
    assert!(callers.counts.len() <= MOST_CALLERS);
    callers.put_away(BEGIN, 3);
    assert_eq!(callers.counts.len(), 3);
    assert!(callers.counts.values().all(|counts| counts.today(BEGIN) == 3));
}
