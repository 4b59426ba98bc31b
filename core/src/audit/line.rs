//! One line: who had what done, and how it ended. No values and no texts.

use std::borrow::Cow;
use std::io::Write as _;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Ids of one line, at most.
pub const MOST_IDS: usize = 100;

/// Bytes of most lines, at most.
const USUAL: usize = 384;

/// An operation, as it is written and read. The key of a field and its value are looked for as they stand in the file
/// ([`search`](super::search)): none is written in two ways.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line<'a> {
    /// When it ended: UTC, RFC 3339, to the millisecond. It is given when the line is noted.
    #[serde(borrow)]
    pub time: Cow<'a, str>,
    /// Who asked.
    #[serde(borrow)]
    pub caller: Cow<'a, str>,
    /// For whom.
    #[serde(borrow)]
    pub tenant: Cow<'a, str>,
    /// Where the request came from; nothing over stdio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// The way it came by.
    #[serde(borrow)]
    pub transport: Cow<'a, str>,
    /// What was asked for.
    #[serde(borrow)]
    pub operation: Cow<'a, str>,
    /// The model of Odoo that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Cow<'a, str>>,
    /// What it touched, as far as request and answer name it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<Id>,
    /// `ok`, or the code of the refusal.
    #[serde(borrow)]
    pub outcome: Cow<'a, str>,
    /// How long it took.
    pub milliseconds: u64,
    /// As it stands in the answer's `X-Request-Id` and in the process log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Cow<'a, str>>,
    /// Of those named in the request: to how many it was not done.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_done: u64,
    /// Of a line that stands for others: how many could not be written.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Of a line that stands for others: how many more were turned away like this within a minute.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: u64,
}

/// What an operation touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// A record of Odoo.
    Record(i64),
    /// What has a name: a quotation or a handoff, which `mcp-odoo logs` shows, or `project:7`.
    Named(String),
}

impl From<i64> for Id {
    fn from(id: i64) -> Self {
        Self::Record(id)
    }
}

impl Line<'_> {
    /// What a line of a file says; `None` where it says nothing.
    pub fn parse(text: &[u8]) -> Option<Line<'_>> {
        serde_json::from_slice(whole(text)).ok()
    }

    /// This one, which has no time yet.
    pub(super) fn untimed(&self) -> Untimed {
        let mut bytes = Vec::with_capacity(USUAL);
        // Memory takes it, and all of its keys are texts.
        let _ = serde_json::to_writer(&mut bytes, self);
        bytes.push(b'\n');
        Untimed(bytes)
    }
}

/// A line as it is written, but for the time.
pub(super) struct Untimed(Vec<u8>);

impl Untimed {
    /// Writes it behind what is there, with the time: to the second, and the millisecond.
    pub fn write(&self, second: &str, millisecond: u32, to: &mut Vec<u8>) {
        let (beginning, rest) = self.0.split_at_checked(BEGINNING.len()).unwrap_or_default();
        to.extend_from_slice(beginning);
        // Memory takes it.
        let _ = write!(to, "{second}.{millisecond:03}Z");
        to.extend_from_slice(rest);
    }
}

/// Of every line, and nowhere else in one: quotation marks in values are escaped.
const BEGINNING: &[u8] = b"{\"time\":\"";

/// Without what stands before a line: after a crash or on a full disk, the beginning of another one.
fn whole(text: &[u8]) -> &[u8] {
    let at = memchr::memmem::rfind(text, BEGINNING).unwrap_or_default();
    text.get(at..).unwrap_or_default()
}

/// What lines are in order by.
pub(super) fn time(text: &[u8]) -> Option<&[u8]> {
    whole(text).strip_prefix(BEGINNING)?.get(.."2026-11-21T10:00:00.000".len())
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
