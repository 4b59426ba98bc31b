//! What may be meant by a name that is not there.

use super::words::plain;

/// More are no help.
const MOST: usize = 5;
/// How alike two names are, from 0 to 1.
const ALIKE: f64 = 0.84;
/// Bytes of a name; to compare longer ones takes long.
const LONGEST: usize = 100;

/// The names that are most like this one, or are called so by people.
pub(super) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<&'a str> {
    if wanted.len() > LONGEST {
        return Vec::new();
    }
    let wanted = plain(wanted);
    let likeness = |name: &str, label: &str| {
        let within = name.len() > 3 && (wanted.contains(name) || name.contains(&wanted));
        match plain(label) == wanted {
            true => 1.0,
            false => strsim::jaro_winkler(&wanted, name).max(if within { 0.9 } else { 0.0 }),
        }
    };
    let mut alike: Vec<(f64, &str)> = names
        .map(|(name, label)| (likeness(name, label), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    alike.into_iter().take(MOST).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood() {
        let names = [("partner_id", "Customer"), ("user_id", "Salesperson"), ("amount_total", "Total")];
        assert_eq!(nearest("parnter_id", names.into_iter()), ["partner_id"]);
        assert_eq!(nearest("Salesperson", names.into_iter()), ["user_id"]);
        assert_eq!(nearest("total", names.into_iter()), ["amount_total"]);
        assert!(nearest("zzz", names.into_iter()).is_empty());
        assert!(nearest(&"amount_total".repeat(1000), names.into_iter()).is_empty());
    }
}
