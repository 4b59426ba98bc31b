//! The periods by which dates are grouped.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::datum::Datum;

/// The length of a period.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Period {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
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
            Self::Day => Some(date),
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
        Datum::text(format!("{}{time}", start.unwrap_or(date)))
    }

    /// The first moment after the period.
    pub fn end(self, start: &str) -> String {
        let Some(first) = date(start) else { return start.to_owned() };
        let end = match self {
            Self::Day => first.checked_add_days(Days::new(1)),
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
            Self::Day => first.format("%d %b %Y").to_string(),
            Self::Week => first.format("W%V %G").to_string(),
            Self::Month => first.format("%B %Y").to_string(),
            Self::Quarter => format!("Q{} {}", (first.month() - 1) / 3 + 1, first.year()),
            Self::Year => first.year().to_string(),
        }
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}
