//! Notifications as real servers wrote them, kept as files.

use candor_engage::channel::MessageId;
use candor_engage::channel::email::bounce::{self, Bounce, Kind};

use crate::peers;

#[test]
fn what_opensmtpd_wrote_is_read() {
    let check = |raw: &str, expected: Option<(u128, Kind, &str)>| {
        let expected = expected.map(|(id, kind, code)| {
            let (id, code) = (MessageId(id), code.to_owned());
            Bounce { id, kind, code }
        });
        assert_eq!(bounce::read(raw.as_bytes(), None, &peers::bounce_address()), expected);
    };
    let failed = include_str!("../bounces/opensmtpd-failed.eml");
    check(failed, Some((3, Kind::Failed { retire: true }, "550 5.1.1")));
    let ours = peers::bounce_address().address(MessageId(3));
    assert!(failed.contains(&ours));
    check(&failed.replace(&ours, &ours.replace(".a5", ".a6")), None);
    check(include_str!("../bounces/opensmtpd-delayed.eml"), Some((4, Kind::Delayed, "4.0.0")));
}
