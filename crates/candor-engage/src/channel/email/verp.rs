//! The envelope sender that names the message: `bounce+<id>.<mac>@<domain>`.
//!
//! A bounce comes back to this address whatever the bounce itself says. The MAC keeps strangers
//! from suppressing people by writing to made-up addresses.

use std::fmt;
use std::sync::Arc;

use super::super::{BadSetting, MessageId};
use super::message::ascii_domain;

type Mac = dyn Fn(&[u8]) -> [u8; 8] + Send + Sync;

/// Makes the addresses bounces go to, and reads them back.
#[derive(Clone)]
pub struct BounceAddress {
    domain: String,
    mac: Arc<Mac>,
}

impl fmt::Debug for BounceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BounceAddress").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// What an address says when it is read as one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It names this message, and we made it.
    Ours(MessageId),
    /// It looks like ours and the MAC is not.
    Forged,
    /// Some other address.
    Foreign,
}

impl BounceAddress {
    /// `domain` must receive mail for us; `mac` is a keyed hash cut to 64 bits.
    pub fn new(
        domain: &str,
        mac: impl Fn(&[u8]) -> [u8; 8] + Send + Sync + 'static,
    ) -> Result<BounceAddress, BadSetting> {
        let domain = ascii_domain(domain)
            .ok_or_else(|| BadSetting::new("bounce_domain", "is not a domain name"))?;
        Ok(BounceAddress { domain, mac: Arc::new(mac) })
    }

    /// The domain bounces go to, which also stands in `Message-ID`.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The envelope sender of a message; 56 characters before the `@`, of 64 allowed.
    pub fn address(&self, id: MessageId) -> String {
        let mac = u64::from_be_bytes((self.mac)(&id.0.to_be_bytes()));
        format!("bounce+{id}.{mac:016x}@{}", self.domain)
    }

    /// The message an address belongs to, if it is one we made. Upper and lower case are the same:
    /// some servers change it.
    pub fn message(&self, address: &str) -> Option<MessageId> {
        match self.read(address) {
            Sign::Ours(id) => Some(id),
            Sign::Forged | Sign::Foreign => None,
        }
    }

    pub(super) fn read(&self, address: &str) -> Sign {
        let Some((id, mac)) = self.parts(address.trim()) else { return Sign::Foreign };
        let ours = (self.mac)(&id.0.to_be_bytes());
        match aws_lc_rs::constant_time::verify_slices_are_equal(&ours, &mac.to_be_bytes()) {
            Ok(()) => Sign::Ours(id),
            Err(_) => Sign::Forged,
        }
    }

    fn parts(&self, address: &str) -> Option<(MessageId, u64)> {
        let address = address.strip_prefix('<').unwrap_or(address);
        let address = address.strip_suffix('>').unwrap_or(address);
        let (local, domain) = address.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(&self.domain) {
            return None;
        }
        let (tag, rest) = local.split_at_checked("bounce+".len())?;
        let (id, mac) = rest.split_once('.')?;
        let well_formed = mac.len() == 16 && mac.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !tag.eq_ignore_ascii_case("bounce+") || !well_formed {
            return None;
        }
        Some((id.parse().ok()?, u64::from_str_radix(mac, 16).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_with(key: u8) -> BounceAddress {
        let mac = move |id: &[u8]| id[..8].try_into().map(|id: [u8; 8]| id.map(|b| b ^ key));
        BounceAddress::new("bounce.shop.test", move |id| mac(id).unwrap()).unwrap()
    }

    #[test]
    fn its_own_addresses_are_read_back_in_any_case() {
        let ours = made_with(1);
        let id = MessageId(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        let address = ours.address(id);
        assert_eq!(address.find('@'), Some(56));
        assert_eq!(ours.message(&address), Some(id));
        assert_eq!(ours.message(&format!("<{}>", address.to_uppercase())), Some(id));
    }

    #[test]
    fn a_mac_of_somebody_else_is_forged() {
        let address = made_with(2).address(MessageId(7));
        assert_eq!(made_with(1).read(&address), Sign::Forged);
        assert_eq!(made_with(1).message(&address), None);
    }

    #[test]
    fn other_addresses_are_foreign() {
        for address in ["", "@", "a@b", "bounce+@bounce.shop.test", "bounce+é.é@bounce.shop.test"]
        {
            assert_eq!(made_with(1).read(address), Sign::Foreign, "{address}");
        }
    }
}
