//! Points in time as the contract writes them: UTC, to the second, without an offset.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{PartialSchema, ToSchema};

const FORMAT: &str = "%Y-%m-%dT%H:%M:%S";

/// A UTC time to the second, written `2026-01-30T10:00:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(NaiveDateTime);

impl Timestamp {
    /// The time now.
    pub fn now() -> Self {
        Self(Utc::now().naive_utc().trunc_subsecs(0))
    }

    /// So long after another time; to a second that is not before that.
    pub fn after(time: DateTime<Utc>, duration: Duration) -> Self {
        let at = TimeDelta::from_std(duration).ok().and_then(|duration| time.checked_add_signed(duration));
        let at = at.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let whole = at.trunc_subsecs(0);
        if whole < at { Self::from(whole + TimeDelta::seconds(1)) } else { Self::from(whole) }
    }

    /// How long it is until then; nothing, once it is past.
    pub fn remaining(self) -> Duration {
        (self.0 - Utc::now().naive_utc()).to_std().unwrap_or_default()
    }

    /// With its offset.
    pub fn utc(self) -> DateTime<Utc> {
        self.0.and_utc()
    }

    /// The UTC day.
    pub fn date(self) -> NaiveDate {
        self.0.date()
    }

    /// How long ago it was; nothing, if the clock was set back.
    pub fn elapsed(self) -> Duration {
        (Utc::now().naive_utc() - self.0).to_std().unwrap_or_default()
    }

    /// The UTC time of day, `10:00:00`.
    pub fn time_of_day(self) -> String {
        self.0.format("%H:%M:%S").to_string()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.naive_utc().trunc_subsecs(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without subseconds chrono's own form is this one, and takes a fraction of the time.
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        NaiveDateTime::parse_from_str(&text, FORMAT).map(Self).map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("UTC, to the second"))
            .examples(["2026-01-30T10:00:00"])
            .into()
    }
}

impl ToSchema for Timestamp {}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "UTC, to the second: 2026-01-30T10:00:00" })
    }
}
