//! Where a request comes from.

use std::net::IpAddr;
use std::sync::Weak;

use axum::http::HeaderMap;
use axum::http::header::FORWARDED;
use ipnet::IpNet;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// How a request came: goes with it from the listener on, as one, for each part would cost an allocation.
#[derive(Clone, Default)]
pub struct Arrival {
    /// Who is at the other end of the connection.
    pub peer: Option<IpAddr>,
    /// What names the request.
    pub request_id: Uuid,
    /// The place that its connection takes: what goes on with the connection in another protocol holds it, too.
    pub place: Weak<OwnedSemaphorePermit>,
}

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// Whether the address is in one of these networks.
pub fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Where the request comes from: the last one on its way that is no proxy of ours. What others say in `Forwarded` and
/// `X-Forwarded-For` is not believed. Nothing where a proxy of ours says what cannot be read, or two things: the proxy's
/// own address may be allowed what its clients are not.
pub fn of(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    if !is_in(proxies, peer) {
        return Some(peer);
    }
    // Many proxies write the one and pass the other on as it came.
    let names = [FORWARDED.as_str(), X_FORWARDED_FOR].into_iter().filter(|name| headers.contains_key(*name));
    let mut said = names.map(|name| by(name, peer, headers, proxies));
    match (said.next(), said.next()) {
        (None, _) => Some(peer),
        (Some(address), None) => address,
        (Some(one), Some(other)) => one.filter(|_| one == other),
    }
}

fn by(name: &str, peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let mut address = peer;
    // The nearest hop is the last.
    for value in headers.get_all(name).iter().rev() {
        for hop in value.as_bytes().rsplit(|byte| *byte == b',') {
            address = hop_address(str::from_utf8(hop).ok()?)?;
            if !is_in(proxies, address) {
                return Some(address);
            }
        }
    }
    Some(address)
}

/// `for=` of an element of `Forwarded` (RFC 7239), or an address alone; with or without a port. Nothing of what is a part of
/// a quoted text, nor where quotation marks are escaped: a caller may have written that, in the name under which it called the proxy.
fn hop_address(hop: &str) -> Option<IpAddr> {
    if hop.contains('\\') || hop.split(';').any(|pair| pair.matches('"').count() % 2 == 1) {
        return None;
    }
    let pair = hop.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    });
    let node = pair.unwrap_or(hop).trim().trim_matches('"');
    let host = match node.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if node.matches(':').count() == 1 => node.split_once(':')?.0,
        None => node,
    };
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn from(peer: &str, name: &'static str, values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let proxies = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        of(peer.parse().unwrap(), &headers, &proxies)
            .map_or("unknown".to_owned(), |address| address.to_string())
    }

    #[test]
    fn only_our_proxies_are_believed() {
        let said = |peer, values: &[&str]| from(peer, X_FORWARDED_FOR, values);
        assert_eq!(said("203.0.113.9", &["198.51.100.7"]), "203.0.113.9");
        assert_eq!(said("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(said("::ffff:10.0.0.1", &["198.51.100.7:1234"]), "198.51.100.7");
        assert_eq!(said("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(said("10.0.0.1", &["1.1.1.1", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(said("10.0.0.1", &["1.1.1.1, not-an-address"]), "unknown");
        assert_eq!(said("10.0.0.1", &["\u{ff}, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(said("10.0.0.1", &["198.51.100.7, \u{ff}"]), "unknown");
        assert_eq!(said("10.0.0.1", &[]), "10.0.0.1");
        let said = |values: &[&str]| from("::1", "forwarded", values);
        assert_eq!(said(&["for=1.1.1.1, FOR=\"[2001:db8::7]:80\";proto=https"]), "2001:db8::7");
        assert_eq!(said(&["for=198.51.100.7;by=10.0.0.1", "proto=https;for=10.1.1.1"]), "198.51.100.7");
        assert_eq!(said(&["for=_hidden"]), "unknown");
        assert_eq!(said(&["for=198.51.100.7;host=\"a,for=1.1.1.1\""]), "unknown");
        assert_eq!(said(&["host=\"a;for=1.1.1.1\";for=198.51.100.7"]), "unknown");
        assert_eq!(said(&["for=198.51.100.7;host=\"a\\\",for=1.1.1.1;x=\\\"\""]), "unknown");
        assert_eq!(said(&["host=\"a\\\";for=1.1.1.1;x=\\\"b\";for=198.51.100.7"]), "unknown");
        assert_eq!(said(&["host=\"a.example\";for=\"198.51.100.7\""]), "198.51.100.7");
        assert_eq!(said(&["for=\"1.1.1.1, for=198.51.100.7"]), "198.51.100.7");
        let mut headers = HeaderMap::new();
        headers.insert("forwarded", "for=10.0.0.5".parse().unwrap());
        headers.insert(X_FORWARDED_FOR, "198.51.100.7".parse().unwrap());
        let proxies = ["10.0.0.1/32".parse().unwrap()];
        assert_eq!(of("10.0.0.1".parse().unwrap(), &headers, &proxies), None, "one of them was passed on");
    }
}
