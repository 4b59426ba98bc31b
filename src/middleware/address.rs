//! Where a request comes from.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::FORWARDED;
use ipnet::IpNet;

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
pub struct Peer(pub IpAddr);

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// Whether the address is in one of these networks.
pub fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Where the request comes from: the last one on its way that is no proxy of ours. What others say in `Forwarded` and
/// `X-Forwarded-For` is not believed.
pub fn of(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let mut address = peer.to_canonical();
    if !is_in(proxies, address) {
        return address;
    }
    // A proxy writes the one or the other; the nearest hop is the last.
    let name = if headers.contains_key(FORWARDED) { FORWARDED.as_str() } else { X_FORWARDED_FOR };
    let said = headers.get_all(name).iter().rev().filter_map(|value| value.to_str().ok());
    for hop in said.flat_map(|value| value.rsplit(',')) {
        let Some(next) = hop_address(hop) else { break };
        address = next;
        if !is_in(proxies, address) {
            break;
        }
    }
    address
}

/// `for=` of an element of `Forwarded` (RFC 7239), or an address alone; with or without a port.
fn hop_address(hop: &str) -> Option<IpAddr> {
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
    use super::*;

    fn from(peer: &str, name: &'static str, values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        let proxies = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        of(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_our_proxies_are_believed() {
        let said = |peer, values: &[&str]| from(peer, X_FORWARDED_FOR, values);
        assert_eq!(said("203.0.113.9", &["198.51.100.7"]), "203.0.113.9");
        assert_eq!(said("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(said("::ffff:10.0.0.1", &["198.51.100.7:1234"]), "198.51.100.7");
        assert_eq!(said("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(said("10.0.0.1", &["1.1.1.1", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(said("10.0.0.1", &["1.1.1.1, not-an-address"]), "10.0.0.1");
        assert_eq!(said("10.0.0.1", &[]), "10.0.0.1");
        let said = |values: &[&str]| from("::1", "forwarded", values);
        assert_eq!(said(&["for=1.1.1.1, FOR=\"[2001:db8::7]:80\";proto=https"]), "2001:db8::7");
        assert_eq!(said(&["for=198.51.100.7;by=10.0.0.1", "proto=https;for=10.1.1.1"]), "198.51.100.7");
        assert_eq!(said(&["for=_hidden"]), "::1");
    }
}
