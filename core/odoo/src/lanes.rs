//! Places for requests: the first lane goes before the second, which takes what is left.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::OdooError;

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Waits as long as it takes: whoever calls has a deadline of their own.
    First,
    /// Goes behind all of the first lane, and is refused rather than kept waiting.
    Second,
}

/// How long a request of the second lane waits.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Lanes {
    /// As many as either lane may have, each by itself.
    first: Semaphore,
    second: Semaphore,
    /// Of both together.
    places: Semaphore,
    /// A place came free, and nobody of the first lane waited for it.
    freed: Notify,
}

/// A place, held while the request is under way.
pub(crate) struct Place<'a> {
    place: Option<SemaphorePermit<'a>>,
    _lane: Option<SemaphorePermit<'a>>,
    freed: &'a Notify,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // First the place goes to who waits in the first lane; then the second looks whether it is still there.
        self.place.take();
        self.freed.notify_one();
    }
}

impl Lanes {
    /// Each lane may have all places; a quarter more lets the first go on while the second holds them all. A single place
    /// stays the only one.
    pub(crate) fn new(places: usize) -> Self {
        let places = places.clamp(1, Semaphore::MAX_PERMITS / 2);
        let both = if places == 1 { 1 } else { places + places.div_ceil(4) };
        let [first, second, places] = [places, places, both].map(Semaphore::new);
        Self { first, second, places, freed: Notify::new() }
    }

    pub(crate) async fn place(&self, lane: Lane) -> Result<Place<'_>, OdooError> {
        // Made before waiting: also who gives up waiting may have been given a place just then.
        let mut held = Place { place: None, _lane: None, freed: &self.freed };
        match lane {
            Lane::First => {
                // In this order: a place that comes free is given to who waits here, not to the second lane.
                held.place = self.places.acquire().await.ok();
                held._lane = self.first.acquire().await.ok();
            }
            Lane::Second => {
                let both = timeout(PATIENCE, self.left_over()).await.map_err(|_| OdooError::Busy)?;
                (held.place, held._lane) = (Some(both.0), both.1);
            }
        }
        Ok(held)
    }

    /// A place that nobody of the first lane waits for: such a one is handed on without becoming free.
    async fn left_over(&self) -> (SemaphorePermit<'_>, Option<SemaphorePermit<'_>>) {
        let second = self.second.acquire().await.ok();
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if let Ok(place) = self.places.try_acquire() {
                return (place, second);
            }
            freed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn the_second_lane_takes_only_what_is_left() {
        let lanes = Lanes::new(2);
        let (held, read) = (lanes.place(Lane::Second).await, lanes.place(Lane::Second).await);
        let mut third = pin!(lanes.place(Lane::Second));
        assert!(poll!(&mut third).is_pending(), "the place on top is the first lane's");
        let first = lanes.place(Lane::First).now_or_never();
        assert!(first.is_some());
        let mut waiting = pin!(lanes.place(Lane::First));
        assert!(poll!(&mut waiting).is_pending());
        drop(read);
        assert!(poll!(&mut third).is_pending(), "it came later, but goes first");
        let Poll::Ready(waited) = poll!(&mut waiting) else { panic!("the place was its") };
        drop(held);
        assert!(poll!(&mut third).is_ready());
        drop((first, waited));
    }

    #[tokio::test]
    async fn no_lane_has_more_than_its_places() {
        let lanes = Lanes::new(8);
        for lane in [Lane::First, Lane::Second] {
            let held = futures::future::join_all((0..8).map(|_| lanes.place(lane))).await;
            assert!(lanes.place(lane).now_or_never().is_none(), "{lane:?}");
            drop(held);
        }
    }

    #[tokio::test]
    async fn a_place_given_to_one_who_left_is_not_lost() {
        let lanes = Lanes::new(1);
        let held = lanes.place(Lane::First).await;
        let mut read = pin!(lanes.place(Lane::Second));
        {
            let mut leaving = pin!(lanes.place(Lane::First));
            assert!(poll!(&mut leaving).is_pending() && poll!(&mut read).is_pending());
            drop(held);
            assert!(poll!(&mut read).is_pending());
        }
        assert!(poll!(&mut read).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_no_place_in_time_is_refused() {
        let lanes = Lanes::new(2);
        let held =
            [lanes.place(Lane::First).await, lanes.place(Lane::First).await, lanes.place(Lane::Second).await];
        assert_eq!(lanes.place(Lane::Second).await.err(), Some(OdooError::Busy));
        drop(held);
        assert!(lanes.place(Lane::Second).await.is_ok());
    }
}
