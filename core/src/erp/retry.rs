//! Calls that may be repeated, repeated.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::odoo::OdooError;

/// Tries of one call in all, and how long none is begun any more.
const TRIES: usize = 4;
const TRY_FOR: Duration = Duration::from_secs(20);

/// Repeats a call that may be repeated while it fails for passing reasons. With the last failure:
/// whether any try may have been done all the same.
pub(super) async fn retried<T, F>(call: impl Fn() -> F) -> Result<T, (OdooError, bool)>
where
    F: Future<Output = Result<T, OdooError>>,
{
    let begun = tokio::time::Instant::now();
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_times(TRIES - 1)
        .with_jitter()
        .build();
    let mut outcome_unknown = false;
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        outcome_unknown |= error.outcome_unknown();
        match pauses.next() {
            Some(pause) if error.is_transient() && begun.elapsed() < TRY_FOR => {
                tokio::time::sleep(pause).await;
            }
            _ => return Err((error, outcome_unknown)),
        }
    }
}
