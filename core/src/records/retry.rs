//! Calls that may be repeated, repeated.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::odoo::OdooError;

/// Tries of one call in all, and how long none is begun any more.
const TRIES: u32 = 4;
const TRY_FOR: Duration = Duration::from_secs(20);
const PAUSES: Backoff = Backoff { first: Duration::from_millis(100), longest: TRY_FOR };

/// Repeats a call that may be repeated while it fails for passing reasons. With the last failure:
/// whether any try may have been done all the same.
pub(crate) async fn retried<T, F>(call: impl Fn() -> F) -> Result<T, (OdooError, bool)>
where
    F: Future<Output = Result<T, OdooError>>,
{
    let begun = tokio::time::Instant::now();
    let mut pauses = PAUSES.pauses();
    let mut tries = 1;
    let mut outcome_unknown = false;
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        outcome_unknown |= error.outcome_unknown();
        if tries == TRIES || !error.is_transient() || begun.elapsed() >= TRY_FOR {
            return Err((error, outcome_unknown));
        }
        tries += 1;
        tokio::time::sleep(pauses.pause()).await;
    }
}

/// Repeats a call that must not be done twice while it certainly was not done: it was not sent, or Odoo took no work.
pub(crate) async fn until_sent<T, F>(call: impl Fn() -> F) -> Result<T, OdooError>
where
    F: Future<Output = Result<T, OdooError>>,
{
    let mut pauses = PAUSES.pauses();
    let mut tries = 1;
    loop {
        match call().await {
            Err(error) if error.is_transient() && !error.outcome_unknown() && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(pauses.pause()).await;
            }
            outcome => return outcome,
        }
    }
}
