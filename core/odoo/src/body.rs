//! Reads answers: none without end, and not too much of all of them at once.

use reqwest::Response;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// No answer is larger than this.
pub(crate) const LARGEST_MIB: u32 = 32;
const LARGEST: u32 = LARGEST_MIB << 20;
/// Nearly all answers are smaller than this, and need not ask.
const SMALL: usize = 64 << 10;
/// What all others may have in memory together.
const TOGETHER: u32 = 2 * LARGEST;

/// Why an answer was not read to its end.
pub(crate) enum Broken {
    TooLarge,
    /// There was no room for it in time.
    NoRoom,
    Http(reqwest::Error),
}

/// The bytes that large answers may have in memory together.
pub(crate) struct Room(Semaphore);

impl Room {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(TOGETHER as usize))
    }

    /// Reads the body; the permit is held as long as the body is.
    pub(crate) async fn read(
        &self,
        mut response: Response,
        deadline: Instant,
    ) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Broken> {
        let told = response.content_length();
        let most = u32::try_from(told.unwrap_or(u64::from(LARGEST))).map_err(|_| Broken::TooLarge)?;
        if most > LARGEST {
            return Err(Broken::TooLarge);
        }
        let (mut body, mut room) = (Vec::new(), None);
        while let Some(chunk) = response.chunk().await.map_err(Broken::Http)? {
            let length = body.len().saturating_add(chunk.len());
            if length > most as usize {
                return Err(Broken::TooLarge);
            }
            if length > SMALL && room.is_none() {
                // All it may need at once: two that hold a part and wait for more would wait for each other.
                let wanted = timeout_at(deadline, self.0.acquire_many(most));
                room = wanted.await.map_err(|_| Broken::NoRoom)?.ok();
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, room))
    }
}
