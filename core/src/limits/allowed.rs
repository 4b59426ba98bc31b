//! How much a caller may ask for.

use std::num::NonZeroU32;

use serde::Deserialize;

/// What a caller may ask for: altogether, and of each kind. What is not named is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of all kinds, in a minute.
    pub per_minute: Option<NonZeroU32>,
    /// Of all kinds, in an hour.
    pub per_hour: Option<NonZeroU32>,
    /// Of all kinds, on a day.
    pub per_day: Option<NonZeroU32>,
    /// What only reads.
    pub reads: Bounds,
    /// What writes records or sends messages.
    pub writes: Bounds,
    /// Whole quotations.
    pub quotations: Bounds,
}

/// How many of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// In a minute.
    pub per_minute: Option<NonZeroU32>,
    /// In an hour.
    pub per_hour: Option<NonZeroU32>,
    /// On a day.
    pub per_day: Option<NonZeroU32>,
}

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What only reads.
    Read,
    /// What writes records or sends messages.
    Write,
    /// Whole quotations.
    Quotation,
}

/// A stretch of time, from one full minute, hour or day (UTC) to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// 60 seconds.
    Minute,
    /// 3,600 seconds.
    Hour,
    /// 86,400 seconds.
    Day,
}

impl Window {
    pub(super) const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// How long it is.
    pub fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
        }
    }

    /// `minute`, `hour` or `day`
    pub fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// What is counted: everything, then each kind.
pub(super) const COUNTED: [Option<Kind>; 4] =
    [None, Some(Kind::Read), Some(Kind::Write), Some(Kind::Quotation)];

impl Kind {
    /// `reads`, `writes` or `quotations`
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "reads",
            Self::Write => "writes",
            Self::Quotation => "quotations",
        }
    }
}

impl Limits {
    /// Each: of what, in which window, how many.
    pub fn all(self) -> impl Iterator<Item = (&'static str, &'static str, u32)> {
        let each = COUNTED.into_iter().flat_map(|kind| Window::ALL.map(|window| (kind, window)));
        each.filter_map(move |(kind, window)| {
            Some((kind.map_or("requests", Kind::name), window.name(), self.of(kind, window)?))
        })
    }

    /// How many of these in such a window.
    pub(super) fn of(&self, kind: Option<Kind>, window: Window) -> Option<u32> {
        let bounds = match kind {
            None => Bounds { per_minute: self.per_minute, per_hour: self.per_hour, per_day: self.per_day },
            Some(Kind::Read) => self.reads,
            Some(Kind::Write) => self.writes,
            Some(Kind::Quotation) => self.quotations,
        };
        let bound = match window {
            Window::Minute => bounds.per_minute,
            Window::Hour => bounds.per_hour,
            Window::Day => bounds.per_day,
        };
        bound.map(NonZeroU32::get)
    }
}
