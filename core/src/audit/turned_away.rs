//! Who is turned away again and again: the first of a minute has a line, and one line says how many more came like it. So nobody
//! who has no key fills the disk, whatever they ask for.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::line::Line;

/// How long what is alike is counted.
const SPAN: Duration = Duration::from_secs(60);
/// What is told apart, at most; all others are told by how they ended.
const MOST: usize = 100;

/// What is alike: from where, for whom, what was asked for, and how it ended.
type Alike = (Option<IpAddr>, [String; 3]);

/// Those of the last minute.
#[derive(Default)]
pub(super) struct TurnedAway(HashMap<Alike, Met>);

struct Met {
    first: Instant,
    /// Says how many more there were.
    line: Line<'static>,
}

impl TurnedAway {
    /// Whether this one has a line of its own; else it is counted.
    pub fn is_first(&mut self, line: &Line<'_>, now: Instant) -> bool {
        let owned = |text: &str| text.to_owned().into();
        let mut line = Line {
            caller: owned(&line.caller),
            tenant: owned(&line.tenant),
            ip: line.ip.map(whole_network),
            transport: owned(&line.transport),
            operation: owned(&line.operation),
            outcome: owned(&line.outcome),
            ..Line::default()
        };
        // One that nothing came after is over without a word.
        self.0.retain(|_, met| met.line.repeated > 0 || now.duration_since(met.first) < SPAN);
        if self.0.len() >= MOST && !self.0.contains_key(&alike(&line)) {
            line = Line { caller: "unknown".into(), outcome: line.outcome, ..Line::default() };
        }
        if let Some(met) = self.0.get_mut(&alike(&line)) {
            met.line.repeated += 1;
            return false;
        }
        self.0.insert(alike(&line), Met { first: now, line });
        true
    }

    /// How long until some are to be told; nothing where there are none.
    pub fn next_in(&self, now: Instant) -> Option<Duration> {
        let counted = self.0.values().filter(|met| met.line.repeated > 0);
        counted.map(|met| (met.first + SPAN).saturating_duration_since(now)).min()
    }

    /// What is to be told now; `all`: whatever was counted.
    pub fn due(&mut self, now: Instant, all: bool) -> Vec<Line<'static>> {
        let is_due = |met: &mut Met| met.line.repeated > 0 && (all || now.duration_since(met.first) >= SPAN);
        self.0.extract_if(|_, met| is_due(met)).map(|(_, met)| met.line).collect()
    }
}

fn alike(line: &Line<'_>) -> Alike {
    (line.ip, [&line.tenant, &line.operation, &line.outcome].map(|text| text.to_string()))
}

/// Whoever has one address of IPv6 has all of its network.
fn whole_network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(address: &str, outcome: &'static str) -> Line<'static> {
        Line { ip: Some(address.parse().unwrap()), outcome: outcome.into(), ..Line::default() }
    }

    #[test]
    fn the_first_of_a_minute_is_told_and_the_number_of_the_others() {
        let (mut all, now) = (TurnedAway::default(), Instant::now());
        assert!(all.is_first(&line("2001:db8::1", "no_key"), now));
        assert!(all.is_first(&line("192.0.2.1", "no_key"), now));
        assert_eq!(all.next_in(now), None);
        assert!(!all.is_first(&line("2001:db8::2", "no_key"), now), "of one network");
        assert!(all.is_first(&line("2001:db8::2", "unknown_key"), now));
        assert!(!all.is_first(&line("2001:db8::2", "no_key"), now + SPAN / 2));
        assert_eq!(all.next_in(now + SPAN / 2), Some(SPAN / 2));
        assert!(all.due(now + SPAN / 2, false).is_empty());
        let told = all.due(now + SPAN, false);
        let said: Vec<_> = told.iter().map(|line| (line.ip.unwrap().to_string(), line.repeated)).collect();
        assert_eq!(said, [("2001:db8::".to_owned(), 2)]);
        assert!(all.is_first(&line("2001:db8::2", "no_key"), now + SPAN), "it begins anew");
    }

    #[test]
    fn what_is_asked_for_and_for_whom_is_told_apart() {
        let (mut all, now) = (TurnedAway::default(), Instant::now());
        let asked = |operation: &'static str, tenant: &'static str| Line {
            operation: operation.into(),
            tenant: tenant.into(),
            ..line("192.0.2.1", "forbidden")
        };
        assert!(all.is_first(&asked("search_records", "acme"), now));
        assert!(all.is_first(&asked("search_records", "beta"), now));
        assert!(all.is_first(&asked("get_record", "acme"), now));
        assert!(!all.is_first(&asked("get_record", "acme"), now));
    }

    #[test]
    fn many_addresses_are_told_as_one() {
        let (mut all, now) = (TurnedAway::default(), Instant::now());
        let from = |n: u32| line(&std::net::Ipv4Addr::from_bits(n).to_string(), "no_key");
        let firsts = (0..10_000).filter(|n| all.is_first(&from(*n), now)).count();
        assert_eq!(firsts, MOST + 1);
        let told = all.due(now, true);
        assert_eq!(
            told.iter().map(|line| (line.ip, line.repeated)).collect::<Vec<_>>(),
            [(None, 10_000 - 101)]
        );
    }
}
