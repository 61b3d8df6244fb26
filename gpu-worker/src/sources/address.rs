//! Which addresses a picture may be fetched from.
//!
//! Pure: an address comes in, a verdict comes out. Names are resolved elsewhere and every address
//! that they resolve to is judged here. Deliberately absent: a list of forbidden host names, which
//! would always be too short.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What is thought of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Anybody's, on the public internet.
    Public,
    /// Allowed by the operator by name of its network; any port.
    Trusted,
    /// Private, local, reserved, or a way around these.
    Refused,
}

/// Judges `address`; `trusted` is what the operator allowed.
pub(super) fn judge(address: IpAddr, trusted: &[IpNet]) -> Verdict {
    let plain = unwrap(address);
    if trusted.iter().any(|net| net.contains(&plain) || net.contains(&address)) {
        return Verdict::Trusted;
    }
    let public = match plain {
        IpAddr::V4(v4) => public_v4(v4),
        IpAddr::V6(v6) => public_v6(v6),
    };
    if public { Verdict::Public } else { Verdict::Refused }
}

/// The IPv4 address that an IPv6 address stands for, where traffic really goes to it: IPv4-mapped,
/// and NAT64, by which a cluster without IPv4 reaches the rest of the world.
fn unwrap(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => address,
    }
}

/// IANA's IPv4 special-purpose registry, read strictly: what is not globally reachable, and what
/// nobody serves pictures from.
fn public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]      // this network, private, loopback, multicast, reserved
            | [100, 64..=127, ..]           // carrier-grade NAT
            | [169, 254, ..]                // link-local: the cloud's metadata service
            | [172, 16..=31, ..]            // private
            | [192, 0, 0 | 2, _]            // protocol assignments, documentation
            | [192, 88, 99, _]              // 6to4 relays
            | [192, 168, ..]                // private
            | [198, 18 | 19, ..]            // benchmarking
            | [198, 51, 100, _]             // documentation
            | [203, 0, 113, _] // documentation
    )
}

/// Global unicast is 2000::/3; everything else (loopback, unique local, link-local, multicast,
/// IPv4-compatible, local NAT64) is refused without being named.
fn public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    (0x2000..=0x3fff).contains(&first)
        && !(first == 0x2001 && second < 0x0200)         // protocol assignments, Teredo, ORCHID
        && !(first == 0x2001 && second == 0x0db8)        // documentation
        && first != 0x2002                               // 6to4: a private IPv4 address may be inside
        && !(first == 0x3fff && second < 0x1000) // documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.114.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:81b::200e",
        "2001:200::1",
        "2001:4860:4860::8888",
        "3ffe::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ];

    const REFUSED: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::10.0.0.1",
        "::8.8.8.8",
        "::ffff:0.0.0.0",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:0:0:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];

    #[track_caller]
    fn check(address: &str, trusted: &[&str], expected: Verdict) {
        let trusted: Vec<_> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        assert_eq!(judge(address.parse().unwrap(), &trusted), expected, "{address}");
    }

    #[test]
    fn public_addresses_pass() {
        for address in PUBLIC {
            check(address, &[], Verdict::Public);
        }
    }

    #[test]
    fn every_other_address_is_refused() {
        for address in REFUSED {
            check(address, &[], Verdict::Refused);
        }
    }

    #[test]
    fn the_operator_may_trust_networks() {
        check("10.1.2.3", &["10.1.0.0/16"], Verdict::Trusted);
        check("10.2.2.3", &["10.1.0.0/16"], Verdict::Refused);
        check("::ffff:10.1.2.3", &["10.1.0.0/16"], Verdict::Trusted);
        check("64:ff9b::10.1.2.3", &["10.1.0.0/16"], Verdict::Trusted);
        check("fd00::1", &["fd00::/8"], Verdict::Trusted);
        check("8.8.8.8", &["8.8.8.0/24"], Verdict::Trusted);
        check("::1", &["127.0.0.0/8"], Verdict::Refused);
    }
}
