//! Bodies on their way in: read within bounds of size and room, shared by all of one kind.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use futures::StreamExt;
use mcp_odoo_core::shares::{Share, Shares};
use mcp_odoo_tools::caller::Identity;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Problem;

/// Read of a larger body, and thrown away, so that its sender gets to read why.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;
/// What room is counted in.
const UNIT: usize = 1024;
/// So much of each body finds room apart from what is larger: large ones do not keep small ones out.
const SMALL: usize = 64 * 1024;
const ROOM_FOR_SMALL: usize = 16 * 1024 * 1024;
const ROOM_FOR_LARGE: usize = 48 * 1024 * 1024;

/// Memory for bodies that arrive or are worked on: 64 MiB in all, of which no caller with a key and no tenant has more than
/// half. A cheap handle.
#[derive(Clone)]
pub struct Room {
    small: Part,
    large: Part,
}

/// The room that one body takes, until it is dropped.
#[derive(Debug)]
pub struct Held {
    small: HeldPart,
    large: HeldPart,
}

#[derive(Clone)]
struct Part {
    units: usize,
    free: Arc<Semaphore>,
    shares: Shares,
}

#[derive(Debug)]
struct HeldPart {
    /// Of how much.
    units: usize,
    taken: OwnedSemaphorePermit,
    share: Share,
}

impl Part {
    fn new(bytes: usize) -> Self {
        let units = bytes / UNIT;
        Self { units, free: Arc::new(Semaphore::new(units)), shares: Shares::default() }
    }

    fn nothing(&self, whose: &[String]) -> Result<HeldPart, Problem> {
        let taken = Arc::clone(&self.free).try_acquire_many_owned(0).map_err(|_| no_room())?;
        Ok(HeldPart { units: self.units, taken, share: self.shares.nothing(whose.iter().cloned()) })
    }
}

impl HeldPart {
    fn another(&self) -> Result<Self, Problem> {
        let taken = Arc::clone(self.taken.semaphore()).try_acquire_many_owned(0).map_err(|_| no_room())?;
        Ok(Self { units: self.units, taken, share: self.share.another() })
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let more = bytes.div_ceil(UNIT).saturating_sub(self.taken.num_permits());
        if !self.share.grow(more, self.units) {
            return Err(no_room());
        }
        let free = Arc::clone(self.taken.semaphore());
        let more = free.try_acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX));
        more.map(|more| self.taken.merge(more)).map_err(|_| no_room())
    }
}

impl Room {
    /// All of it free.
    pub fn new() -> Self {
        Self { small: Part::new(ROOM_FOR_SMALL), large: Part::new(ROOM_FOR_LARGE) }
    }

    /// Room for nothing yet, of who asks.
    ///
    /// # Errors
    /// Never, while the service runs.
    pub fn nothing(&self, identity: Option<&Identity>) -> Result<Held, Problem> {
        let whose = identity.map(|Identity { caller, tenant, .. }| tenant.shares(caller)).unwrap_or_default();
        Ok(Held { small: self.small.nothing(&whose)?, large: self.large.nothing(&whose)? })
    }

    /// Bytes that are held now.
    #[cfg(test)]
    fn taken(&self) -> usize {
        let free = self.small.free.available_permits() + self.large.free.available_permits();
        ROOM_FOR_SMALL + ROOM_FOR_LARGE - free * UNIT
    }
}

impl Held {
    /// Room for nothing yet, of the same.
    ///
    /// # Errors
    /// Never, while the service runs.
    pub fn another(&self) -> Result<Self, Problem> {
        Ok(Self { small: self.small.another()?, large: self.large.another()? })
    }

    /// Room for so many bytes in all.
    ///
    /// # Errors
    /// When there is none.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        self.small.grow(bytes.min(SMALL))?;
        self.large.grow(bytes.saturating_sub(SMALL))
    }
}

fn no_room() -> Problem {
    let detail = "too many large requests are arriving or waiting at once; repeat later";
    Problem::unavailable("too_many_requests", detail, Duration::from_secs(5))
}

/// The whole body of the request with this head, and the room that it holds. `too_large` says what is taken.
pub async fn read(
    head: &Parts,
    body: Body,
    room: &Room,
    most: usize,
    too_large: &'static str,
) -> Result<(Bytes, Held), Problem> {
    not_encoded(&head.headers)?;
    let identity = head.extensions.get::<Identity>();
    let mut chunks = body.into_data_stream();
    let (mut collected, mut size, mut held) = (Vec::new(), 0_usize, room.nothing(identity)?);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "body_cut_short", "the body did not arrive whole")
        })?;
        size += chunk.len();
        if size <= most {
            held.grow(size)?;
            collected.extend_from_slice(&chunk);
        } else if size <= MAX_DISCARDED {
            (collected, held) = (Vec::new(), room.nothing(identity)?);
        } else {
            break;
        }
    }
    if size > most {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", too_large));
    }
    Ok((collected.into(), held))
}

/// What is packed is not unpacked here: a few kilobytes could become gigabytes.
fn not_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    let is_plain = |value: &header::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(is_plain) {
        return Ok(());
    }
    let detail = "send the body as it is, without Content-Encoding: only identity is taken";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding_not_taken", detail))
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    const MIB: usize = 1024 * 1024;

    async fn arrived(room: &Room, bytes: usize) -> Result<(Bytes, Held), Problem> {
        read(&head(), Body::from(vec![b'x'; bytes]), room, 4 * MIB, "4 MiB").await
    }

    fn head() -> Parts {
        axum::http::Request::new(()).into_parts().0
    }

    #[tokio::test]
    async fn room_is_held_until_it_is_dropped() {
        let room = Room::new();
        let held: Vec<_> =
            [arrived(&room, 1).await, arrived(&room, MIB).await].into_iter().flatten().collect();
        assert_eq!(held.len(), 2);
        assert_eq!(room.taken(), 1024 + MIB);
        drop(held);
        assert_eq!(room.taken(), 0);
        let parts = stream::iter([Ok::<_, std::io::Error>(vec![0; MIB]), Ok(vec![0; MIB])]);
        let whole = read(&head(), Body::from_stream(parts), &room, 4 * MIB, "").await.unwrap();
        assert_eq!((whole.0.len(), room.taken()), (2 * MIB, 2 * MIB));
    }

    #[tokio::test]
    async fn large_bodies_leave_room_for_small_ones() {
        let room = Room::new();
        let mut held = Vec::new();
        while let Ok(large) = arrived(&room, 4 * MIB).await {
            held.push(large);
        }
        assert!(room.taken() <= 64 * MIB && room.taken() > 40 * MIB, "{}", room.taken());
        assert!(arrived(&room, SMALL).await.is_ok());
        assert!(arrived(&room, 5 * MIB).await.is_err());
    }
}
