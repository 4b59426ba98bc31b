//! The least of a client of HTTP/1.1, so that it is the server's time that is measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A kept connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub struct Answer<'a> {
    pub status: u16,
    pub head: &'a str,
    /// As it came: with its framing where it is chunked.
    pub body: &'a [u8],
}

impl Answer<'_> {
    pub fn json(&self) -> Value {
        serde_json::from_slice(self.body).unwrap()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

impl Connection {
    pub async fn open(address: &str) -> Self {
        Self::try_open(address).await.unwrap()
    }

    pub async fn try_open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Waits for the whole answer, also where that is a stream of events.
    pub async fn ask(&mut self, request: &[u8]) -> Answer<'_> {
        self.try_ask(request).await.unwrap()
    }

    pub async fn try_ask(&mut self, request: &[u8]) -> std::io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
        let status = text[9..12].parse().unwrap();
        match header(text, "content-length") {
            Some(length) => {
                let end = head + length.parse::<usize>().unwrap();
                while self.buffer.len() < end {
                    self.more().await?;
                }
            }
            None if header(text, "transfer-encoding").is_some() => {
                while !self.buffer.ends_with(b"0\r\n\r\n") {
                    self.more().await?;
                }
            }
            None => {}
        }
        let (head, body) = self.buffer.split_at(head);
        Ok(Answer { status, head: std::str::from_utf8(head).unwrap(), body })
    }

    /// Writes, and leaves the answer to be read by [`Self::more`].
    pub async fn write(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
    }

    /// All that came so far, and at least one byte more.
    pub async fn more(&mut self) -> std::io::Result<&mut Vec<u8>> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(&mut self.buffer)
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.trim()))
}

pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// With further headers, each line ended.
pub fn post(path: &str, headers: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

/// What came of many requests.
#[derive(Default)]
pub struct Load {
    pub per_second: f64,
    pub statuses: BTreeMap<u16, usize>,
    times: Vec<Duration>,
}

impl Load {
    /// The time in milliseconds that so many percent stayed below.
    pub fn percentile(&self, percent: usize) -> f64 {
        percentile(&self.times, percent)
    }

    pub fn of(mut times: Vec<Duration>, statuses: BTreeMap<u16, usize>, took: Duration) -> Self {
        times.sort_unstable();
        Self { per_second: times.len() as f64 / took.as_secs_f64(), statuses, times }
    }

    /// All rounds as one, at the middle of their rates.
    pub fn all(rounds: Vec<Self>) -> Self {
        let per_second = median(rounds.iter().map(|round| round.per_second).collect());
        let (mut times, mut statuses) = (Vec::new(), BTreeMap::new());
        for round in rounds {
            times.extend(round.times);
            round
                .statuses
                .into_iter()
                .for_each(|(status, count)| *statuses.entry(status).or_insert(0) += count);
        }
        times.sort_unstable();
        Self { per_second, statuses, times }
    }

    pub fn requests(&self) -> usize {
        self.times.len()
    }

    /// How often this status came.
    pub fn count(&self, status: u16) -> usize {
        self.statuses.get(&status).copied().unwrap_or(0)
    }

    /// Of everything that was asked.
    pub fn assert_only(&self, status: u16) {
        assert_eq!(self.statuses.keys().copied().collect::<Vec<_>>(), [status], "{:?}", self.statuses);
    }
}

/// In milliseconds, of what is sorted.
pub fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Asks on so many connections at once, each request after the answer to the one before, until the
/// time or the number of requests is reached.
pub async fn run(
    address: &str,
    connections: usize,
    (time, most): (Duration, u64),
    request: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
) -> Load {
    let (request, next) = (Arc::new(request), Arc::new(AtomicU64::new(0)));
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await);
    }
    let started = Instant::now();
    let asking = open.into_iter().map(|mut connection| {
        let (request, next) = (Arc::clone(&request), Arc::clone(&next));
        tokio::spawn(async move {
            let (mut times, mut statuses) = (Vec::new(), BTreeMap::new());
            while started.elapsed() < time {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= most {
                    break;
                }
                let request = request(number);
                let asked = Instant::now();
                let status = connection.ask(&request).await.status;
                times.push(asked.elapsed());
                *statuses.entry(status).or_insert(0) += 1;
            }
            (times, statuses)
        })
    });
    let (mut times, mut statuses) = (Vec::new(), BTreeMap::new());
    for asked in asking.collect::<Vec<_>>() {
        let (some, met) = asked.await.unwrap();
        times.extend(some);
        met.into_iter().for_each(|(status, count)| *statuses.entry(status).or_insert(0) += count);
    }
    Load::of(times, statuses, started.elapsed())
}
