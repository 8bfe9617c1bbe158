//! Which addresses belong to the public internet.
//!
//! Whoever may name a URL could otherwise have us ask the machine itself, its neighbours, or the
//! address at which clouds hand out keys.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether anybody on the internet could be meant, rather than somebody near us.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The special ranges of IANA's registry for IPv4.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, inside, loopback, multicast, reserved and broadcast.
        (0 | 10 | 127 | 224.., _, _) => true,
        // Carriers' own, link-local, inside.
        (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocols, three ranges for documentation, 6to4 relays, measuring.
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) | (198, 18..=19, _) => {
            true
        }
        _ => false,
    };
    !special
}

/// Only 2000::/3 is given out; in it, what carries an IPv4 address is judged by that one.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, .., g, h] = address.segments();
    let within = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // ::ffff:a.b.c.d, and the other mapped forms, are IPv4 in disguise and never needed.
        (0, _) => false,
        // NAT64: the network's own gateway resolves it.
        (0x64, 0xff9b) => address.segments()[2..6] == [0; 4] && within(g, h),
        // 6to4.
        (0x2002, _) => within(b, c),
        // Teredo, ORCHID, benchmarks and the rest of 2001::/23, and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) => false,
        (0x3fff, 0..=0xfff) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_near_us_are_not_public() {
        let near = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.8.8.8 \
                    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.168.1.1 \
                    198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 \
                    255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 \
                    ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 \
                    2001::1 2001:db8::1 2002:7f00:1::1 2002:a00:1::1 3fff::1 5f00::1 fc00::1 \
                    fd12:3456::1 fe80::1 fec0::1 ff02::1 ff0e::1";
        for address in near.split_whitespace() {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_of_others_are_public() {
        let far = "1.1.1.1 8.8.8.8 100.63.0.1 100.128.0.1 172.15.0.1 172.32.0.1 192.169.0.1 \
                   198.20.0.1 223.255.255.1 2606:4700::1111 2a00:1450:4001::1 64:ff9b::808:808 \
                   2002:808:808::1";
        for address in far.split_whitespace() {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
