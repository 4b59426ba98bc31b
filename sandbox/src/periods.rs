//! The periods by which dates are grouped.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use crate::datum::Datum;

/// The length of a period.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Period {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// The first moment of the period a date or datetime falls in, in the same form.
    pub fn start(self, value: &Datum) -> Datum {
        let Some(date) = value.as_str().and_then(date) else { return Datum::Empty };
        let start = match self {
            Self::Hour | Self::Day => Some(date),
            Self::Week => date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into())),
            Self::Month => date.with_day(1),
            Self::Quarter => {
                date.with_day(1).and_then(|first| first.with_month((date.month() - 1) / 3 * 3 + 1))
            }
            Self::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
        };
        let time = value
            .as_str()
            .and_then(|text| text.get(10..))
            .map_or("", |rest| if rest.is_empty() { "" } else { " 00:00:00" });
        let start = start.unwrap_or(date);
        match (self, value.as_str().and_then(|text| text.get(10..13))) {
            (Self::Hour, Some(hour)) => Datum::text(format!("{start}{hour}:00:00")),
            _ => Datum::text(format!("{start}{time}")),
        }
    }

    /// The first moment after the period.
    pub fn end(self, start: &str) -> String {
        let Some(first) = date(start) else { return start.to_owned() };
        if let (Self::Hour, Some(time)) = (self, moment(start)) {
            return (time + TimeDelta::hours(1)).format(FORM).to_string();
        }
        let end = match self {
            Self::Hour | Self::Day => first.checked_add_days(Days::new(1)),
            Self::Week => first.checked_add_days(Days::new(7)),
            Self::Month => first.checked_add_months(Months::new(1)),
            Self::Quarter => first.checked_add_months(Months::new(3)),
            Self::Year => first.checked_add_months(Months::new(12)),
        };
        format!("{}{}", end.unwrap_or(first), start.get(10..).unwrap_or_default())
    }

    /// The period's name as Odoo shows it in English.
    pub fn label(self, start: &str) -> String {
        let Some(first) = date(start) else { return start.to_owned() };
        match self {
            Self::Hour => {
                moment(start).map_or_else(String::new, |time| time.format("%I:00 %d %b").to_string())
            }
            Self::Day => first.format("%d %b %Y").to_string(),
            Self::Week => first.format("W%V %G").to_string(),
            Self::Month => first.format("%B %Y").to_string(),
            Self::Quarter => format!("Q{} {}", (first.month() - 1) / 3 + 1, first.year()),
            Self::Year => first.year().to_string(),
        }
    }
}

/// As Odoo writes a time.
pub(crate) const FORM: &str = "%Y-%m-%d %H:%M:%S";

fn moment(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, FORM).ok()
}

fn date(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}

/// A number out of a date, such as `date_order.month_number` in a domain.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Year,
    Quarter,
    Month,
    Week,
    DayOfYear,
    DayOfMonth,
    DayOfWeek,
    Hour,
    Minute,
    Second,
}

impl Part {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "year_number" => Self::Year,
            "quarter_number" => Self::Quarter,
            "month_number" => Self::Month,
            "iso_week_number" => Self::Week,
            "day_of_year" => Self::DayOfYear,
            "day_of_month" => Self::DayOfMonth,
            "day_of_week" => Self::DayOfWeek,
            "hour_number" => Self::Hour,
            "minute_number" => Self::Minute,
            "second_number" => Self::Second,
            _ => return None,
        })
    }

    /// The number of a date or datetime.
    pub fn of(self, value: &Datum) -> Datum {
        let Some(date) = value.as_str().and_then(date) else { return Datum::Empty };
        let moment =
            value.as_str().and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok());
        let time = moment.map_or(NaiveTime::MIN, |moment| moment.time());
        Datum::Int(match self {
            Self::Year => date.year().into(),
            Self::Quarter => ((date.month() - 1) / 3 + 1).into(),
            Self::Month => date.month().into(),
            Self::Week => date.iso_week().week().into(),
            Self::DayOfYear => date.ordinal().into(),
            Self::DayOfMonth => date.day().into(),
            Self::DayOfWeek => date.weekday().num_days_from_sunday().into(),
            Self::Hour => time.hour().into(),
            Self::Minute => time.minute().into(),
            Self::Second => time.second().into(),
        })
    }
}

/// A moment told from now, such as `today -30d` or `now +2H`.
pub(crate) fn relative(text: &str) -> Option<NaiveDateTime> {
    let mut words = text.split_whitespace();
    let now = Utc::now().naive_utc();
    let start = match words.next()? {
        "today" => now.date().and_time(NaiveTime::MIN),
        "now" => now,
        _ => return None,
    };
    words.try_fold(start, |moment, word| {
        let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
        let count: i64 = number.parse().ok()?;
        let months = |months: i64| {
            let by = Months::new(u32::try_from(months.abs()).ok()?);
            if months < 0 { moment.checked_sub_months(by) } else { moment.checked_add_months(by) }
        };
        match unit {
            "d" => moment.checked_add_signed(TimeDelta::try_days(count)?),
            "w" => moment.checked_add_signed(TimeDelta::try_weeks(count)?),
            "m" => months(count),
            "y" => months(count.checked_mul(12)?),
            "H" => moment.checked_add_signed(TimeDelta::try_hours(count)?),
            "M" => moment.checked_add_signed(TimeDelta::try_minutes(count)?),
            "S" => moment.checked_add_signed(TimeDelta::try_seconds(count)?),
            _ => None,
        }
    })
}
