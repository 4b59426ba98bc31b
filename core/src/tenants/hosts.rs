//! Which servers callers may bring: `TENANT_HOSTS`. Their names are listed, and where a name leads to must be a public address
//! or a listed one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Url};

/// What `TENANT_HOSTS` is where it is not set.
pub const DEFAULT: &str = "*.odoo.com";

/// The servers that may be called for who brings their own.
#[derive(Clone, Debug, Default)]
pub struct TenantHosts {
    names: Vec<Name>,
    /// Addresses that may be called although they are not public.
    networks: Vec<IpNet>,
}

#[derive(Clone, Debug)]
struct Name {
    /// All below it, and not it itself.
    is_below: bool,
    name: String,
    port: u16,
}

/// Why an address of an Odoo is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// It is none.
    #[error(
        "takes https:// and the host's name, without user name, path and query, e.g. https://company.odoo.com"
    )]
    Form,
    /// It is not listed.
    #[error("names a host that is not allowed here (TENANT_HOSTS)")]
    Host,
    /// It is on another port.
    #[error("names a port that is not allowed here (TENANT_HOSTS)")]
    Port,
    /// It leads where nobody from outside may.
    #[error("names a host whose address is not allowed here: it is not a public one")]
    Address,
}

/// An item of `TENANT_HOSTS` that is neither a name nor a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "host names, *.domains, addresses or networks divided by commas, e.g. *.odoo.com,odoo.company.mx:8443,10.1.0.0/16"
)]
pub struct NoHost;

impl FromStr for TenantHosts {
    type Err = NoHost;

    fn from_str(list: &str) -> Result<Self, NoHost> {
        let mut hosts = Self::default();
        for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if let Ok(network) = item.parse::<IpNet>() {
                hosts.networks.push(network);
            } else if let Ok(address) = item.parse::<IpAddr>() {
                hosts.networks.push(address.into());
            } else {
                hosts.names.push(item.parse()?);
            }
        }
        Ok(hosts)
    }
}

impl fmt::Display for TenantHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |Name { is_below, name, port }: &Name| {
            let port = if *port == 443 { String::new() } else { format!(":{port}") };
            format!("{}{name}{port}", if *is_below { "*." } else { "" })
        };
        let all: Vec<_> =
            self.names.iter().map(name).chain(self.networks.iter().map(ToString::to_string)).collect();
        f.write_str(&all.join(","))
    }
}

impl FromStr for Name {
    type Err = NoHost;

    fn from_str(item: &str) -> Result<Self, NoHost> {
        let (is_below, rest) = item.strip_prefix("*.").map_or((false, item), |rest| (true, rest));
        let url = Url::parse(&format!("https://{rest}/")).map_err(|_| NoHost)?;
        let (Some(Host::Domain(name)), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(NoHost);
        };
        let written = rest.split(':').next().unwrap_or_default();
        // A whole top-level domain is a mistake.
        let is_plain = written.eq_ignore_ascii_case(name)
            && url.path() == "/"
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        if !is_plain || (is_below && !name.contains('.')) {
            return Err(NoHost);
        }
        Ok(Self { is_below, name: name.to_owned(), port })
    }
}

impl Name {
    fn is_of(&self, host: &str) -> bool {
        match self.is_below {
            false => host == self.name,
            true => {
                host.strip_suffix(&self.name).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
            }
        }
    }
}

impl TenantHosts {
    /// The server that a caller names, if it may be called. Where its name leads to is looked at with every connection.
    ///
    /// # Errors
    /// Why it may not.
    pub fn server(&self, text: &str) -> Result<Url, NotAllowed> {
        let url = Url::parse(text).map_err(|_| NotAllowed::Form)?;
        // A host in any other form than the one it is called by (decimal, octal, `user@`) is meant for whoever reads it
        // otherwise.
        let written = text.split_once("://").map(|(_, rest)| rest.trim_end_matches('/')).unwrap_or_default();
        let port =
            written.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let written = port.map_or(written, |(host, _)| host);
        let host = url.host_str().unwrap_or_default();
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_plain || host.is_empty() || !written.eq_ignore_ascii_case(host) {
            return Err(NotAllowed::Form);
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        // Only a listed address of this machine, which tests have, is called without TLS and on any port.
        let is_test = address.is_some_and(|address| address.is_loopback() && self.lists(address));
        match (url.scheme(), address) {
            _ if is_test && matches!(url.scheme(), "http" | "https") => Ok(url),
            ("https", Some(address)) if !self.lists(address) => Err(NotAllowed::Host),
            ("https", Some(_)) => {
                if port == 443 {
                    Ok(url)
                } else {
                    Err(NotAllowed::Port)
                }
            }
            ("https", None) => {
                let mut names = self.names.iter().filter(|name| name.is_of(host)).peekable();
                names.peek().ok_or(NotAllowed::Host)?;
                if names.any(|name| name.port == port) { Ok(url) } else { Err(NotAllowed::Port) }
            }
            _ => Err(NotAllowed::Form),
        }
    }

    /// Whether a connection to this address may be made.
    pub fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.lists(address)
    }

    fn lists(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// Whether an address is one that anybody in the world may call, by the registries of special-purpose addresses (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            // The metadata service of one cloud.
            | [168, 63, 129, 16]
    )
}

/// Of all IPv6 only what is given to the world's networks; none that holds an IPv4 address within (mapped, NAT64, 6to4,
/// Teredo), which would lead there.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_plainly() {
        let hosts: TenantHosts = "*.odoo.com, odoo.acme.mx:8443, 10.1.0.0/16".parse().unwrap();
        for good in [
            "https://acme.odoo.com",
            "https://acme.odoo.com/",
            "https://ACME.odoo.com:443",
            "https://a.b.odoo.com",
            "https://odoo.acme.mx:8443",
            "https://10.1.2.3",
        ] {
            assert!(hosts.server(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://acme.odoo.com", NotAllowed::Form),
            ("ftp://acme.odoo.com", NotAllowed::Form),
            ("acme.odoo.com", NotAllowed::Form),
            ("https://bot@acme.odoo.com", NotAllowed::Form),
            ("https://bot:pw@acme.odoo.com", NotAllowed::Form),
            ("https://acme.odoo.com@127.0.0.1", NotAllowed::Form),
            ("https://acme.odoo.com\\@127.0.0.1", NotAllowed::Form),
            ("https://acme.odoo.com/web", NotAllowed::Form),
            ("https://acme.odoo.com?x", NotAllowed::Form),
            ("https://acme.odoo.com#x", NotAllowed::Form),
            ("https://acme.odoo.com#.evil.mx", NotAllowed::Form),
            ("https://acme.od\too.com", NotAllowed::Form),
            ("https://acme%2eodoo.com", NotAllowed::Form),
            ("https://2130706433", NotAllowed::Form),
            ("https://0177.0.0.1", NotAllowed::Form),
            ("https://0x7f.1", NotAllowed::Form),
            ("https://127.1", NotAllowed::Form),
            ("https://167838211", NotAllowed::Form),
            ("https://127.0.0.1", NotAllowed::Host),
            ("http://127.0.0.1:8069", NotAllowed::Form),
            ("https://169.254.169.254", NotAllowed::Host),
            ("https://[::1]", NotAllowed::Host),
            ("https://[::ffff:127.0.0.1]", NotAllowed::Form),
            ("https://[::ffff:7f00:1]", NotAllowed::Host),
            ("https://odoo.com", NotAllowed::Host),
            ("https://evilodoo.com", NotAllowed::Host),
            ("https://acme.odoo.com.evil.mx", NotAllowed::Host),
            ("https://acme.odoo.com.", NotAllowed::Host),
            ("https://.odoo.com", NotAllowed::Host),
            ("https://localhost", NotAllowed::Host),
            ("https://acme.odoo.com:22", NotAllowed::Port),
            ("https://odoo.acme.mx", NotAllowed::Port),
            ("https://10.1.2.3:22", NotAllowed::Port),
            ("", NotAllowed::Form),
        ] {
            assert_eq!(hosts.server(bad), Err(why), "{bad}");
        }
        let tests: TenantHosts = "127.0.0.1".parse().unwrap();
        assert!(tests.server("http://127.0.0.1:8069").is_ok());
        assert!(tests.server("http://2130706433:8069").is_err());
    }

    #[test]
    fn only_public_addresses_are_called_or_listed_ones() {
        let hosts: TenantHosts = "10.1.0.0/16".parse().unwrap();
        for public in ["8.8.8.8", "192.0.1.1", "172.32.0.1", "2606:4700::1111", "2a00::1", "10.1.2.3"] {
            assert!(hosts.allows(public.parse().unwrap()), "{public}");
        }
        for closed in [
            "0.0.0.0",
            "10.2.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.9.9",
            "192.168.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "100.100.100.200",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "100::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!hosts.allows(closed.parse().unwrap()), "{closed}");
        }
    }

    #[test]
    fn lists_are_read() {
        for bad in
            ["*", "*.com", "https://acme.odoo.com", "acme.odoo.com/web", "a@b.mx", "2130706433", "*.odoo.*"]
        {
            assert!(bad.parse::<TenantHosts>().is_err(), "{bad}");
        }
    }
}
