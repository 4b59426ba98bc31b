//! What is read of Odoo once for all who want it.

use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, WeakShared};

use crate::odoo::OdooError;

/// What Odoo last told, and the reading that tells it anew.
pub(super) struct Shared<T> {
    state: Arc<Mutex<State<T>>>,
}

type Reading<T> = BoxFuture<'static, Result<T, OdooError>>;

struct State<T> {
    known: Option<T>,
    /// Shared by all who wait for it. Weak: one that all of them gave up is not taken up again.
    reading: Option<WeakShared<Reading<T>>>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { state: Arc::new(Mutex::new(State { known: None, reading: None })) }
    }
}

impl<T: Clone + Send + Sync + 'static> Shared<T> {
    /// What is known, read anew where it is no longer good; nobody waits for anything but the one reading that all share,
    /// nor for another one when it fails.
    pub(super) async fn get<R>(
        &self,
        is_good: impl Fn(&T) -> bool,
        read: impl FnOnce() -> R,
    ) -> Result<T, OdooError>
    where
        R: Future<Output = Result<T, OdooError>> + Send + 'static,
    {
        let reading = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = state.known.as_ref().filter(|known| is_good(known)) {
                return Ok(known.clone());
            }
            let begun = state.reading.as_ref().and_then(WeakShared::upgrade);
            begun.filter(|reading| reading.peek().is_none()).unwrap_or_else(|| {
                let (read, kept) = (read(), Arc::clone(&self.state));
                let reading = async move {
                    let told = read.await?;
                    kept.lock().unwrap_or_else(PoisonError::into_inner).known = Some(told.clone());
                    Ok(told)
                };
                let reading = reading.boxed().shared();
                state.reading = reading.downgrade();
                reading
            })
        };
        reading.await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_wait_and_to_nobody_after() {
        let (shared, looks) = (Shared::default(), Cell::new(0));
        let get = |told: Result<i32, OdooError>| {
            shared.get(
                |_| true,
                || {
                    looks.set(looks.get() + 1);
                    async move {
                        tokio::task::yield_now().await;
                        told
                    }
                },
            )
        };
        let hangs = || Err(OdooError::Unexplained("it hangs".to_owned()));
        let (one, other) = tokio::join!(get(hangs()), get(Ok(1)));
        assert!(one.is_err() && other.is_err());
        assert_eq!(looks.get(), 1);
        assert_eq!(get(Ok(2)).await.unwrap(), 2);
        assert_eq!(get(Ok(3)).await.unwrap(), 2);
        assert_eq!(looks.get(), 2);
    }
}
