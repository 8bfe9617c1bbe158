//! Who is at the other end: a client, or a proxy that speaks for one.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnetwork::IpNetwork;

/// The address that a connection came from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

impl Peer {
    fn is_trusted(self, trusted: &[IpNetwork]) -> bool {
        trusted.iter().any(|network| network.contains(self.0.to_canonical()))
    }

    /// The client's address: the last one in `X-Forwarded-For` that is no trusted proxy's. Anyone
    /// may write what stands before it, and all of it when the peer itself is not trusted.
    pub fn client(self, headers: &HeaderMap, trusted: &[IpNetwork]) -> IpAddr {
        let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
        let told: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
        let mut at = self;
        for told in told.into_iter().rev() {
            if !at.is_trusted(trusted) {
                break;
            }
            let Ok(address) = told.trim().parse() else { break };
            at = Peer(address);
        }
        at.0
    }

    /// Whether the client speaks TLS with the proxy in front.
    pub fn tells_tls(self, headers: &HeaderMap, trusted: &[IpNetwork]) -> bool {
        let tls = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
        tls && self.is_trusted(trusted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, told: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for line in told {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        Peer(peer.parse().unwrap()).client(&headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        assert_eq!(client("203.0.113.7", &["8.8.8.8"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["8.8.8.8"]), "8.8.8.8");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 8.8.8.8, 10.2.0.1"]), "8.8.8.8");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "8.8.8.8"]), "8.8.8.8");
        assert_eq!(client("::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client("::ffff:10.0.0.1", &["8.8.8.8"]), "8.8.8.8");
        assert_eq!(client("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }
}
