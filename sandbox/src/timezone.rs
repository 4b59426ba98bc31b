//! A few time zones, those of the demo users among them: `load` and `export_data` have datetimes in the user's own, groups go by
//! that of the context.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

/// What a clock in `zone` shows, as UTC; a zone not known here is UTC.
pub(crate) fn to_utc(local: NaiveDateTime, zone: &str) -> NaiveDateTime {
    local.checked_sub_signed(ahead(local, zone)).unwrap_or(local)
}

/// What a clock in `zone` shows at this moment of UTC.
pub(crate) fn from_utc(moment: NaiveDateTime, zone: &str) -> NaiveDateTime {
    let winter = moment.checked_add_signed(TimeDelta::hours(1)).unwrap_or(moment);
    moment.checked_add_signed(ahead(winter, zone)).unwrap_or(moment)
}

fn ahead(local: NaiveDateTime, zone: &str) -> TimeDelta {
    TimeDelta::hours(match zone {
        "Europe/Brussels" | "Europe/Madrid" if is_summer(local) => 2,
        "Europe/Brussels" | "Europe/Madrid" => 1,
        "America/Mexico_City" | "America/Monterrey" => -6,
        "America/Bogota" | "America/Lima" => -5,
        "Asia/Tokyo" => 9,
        _ => 0,
    })
}

/// Whether European summer time holds: from the last Sunday of March, 2:00, to that of October, 3:00.
fn is_summer(local: NaiveDateTime) -> bool {
    let change = |month, hour| {
        let last = NaiveDate::from_weekday_of_month_opt(local.year(), month, Weekday::Sun, 5)
            .or_else(|| NaiveDate::from_weekday_of_month_opt(local.year(), month, Weekday::Sun, 4))?;
        last.and_hms_opt(hour, 0, 0)
    };
    let epoch = DateTime::UNIX_EPOCH.naive_utc();
    change(3, 2).unwrap_or(epoch) <= local && local < change(10, 3).unwrap_or(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brussels_changes_its_clocks() {
        for (local, utc) in [
            ("2026-11-20 10:00:00", "2026-11-20 09:00:00"),
            ("2026-07-01 10:00:00", "2026-07-01 08:00:00"),
            ("2026-03-29 01:59:59", "2026-03-29 00:59:59"),
            ("2026-10-25 03:00:00", "2026-10-25 02:00:00"),
        ] {
            let parse = |text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
            assert_eq!(to_utc(parse(local), "Europe/Brussels"), parse(utc));
            assert_eq!(from_utc(parse(utc), "Europe/Brussels"), parse(local));
        }
    }
}
