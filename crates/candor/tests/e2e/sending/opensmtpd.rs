//! A real mail server under a campaign: the same promises as with our own sink.

use std::collections::BTreeMap;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::campaigns::{publish, put, shop};
use crate::channels::peers::{self, Peer};
use crate::server::{Server, create};

use super::kills::kill_under;
use super::{WINDOW, allowing, each_once, number, smtp, stands, tally, to_sink, until};

const WHAT: &str = "a campaign over OpenSMTPD";
const LONG: Duration = Duration::from_secs(600);
const TEST: &str = "sending::opensmtpd::kills_under_a_campaign_over_opensmtpd_lose_nobody";

/// Takes 100 messages in a session, as it does by default.
const CONFIGURATION: &str = "
table all { \"@\" = \"nobody\" }
listen on 127.0.0.1 port 2625
action \"local\" maildir \"WORK/mail\" virtual <all>
match from any for domain \"x.test\" action \"local\"
";

/// With `KILLS`, 10,000 people and three kills. Runs in namespaces of its own: nothing can leave.
#[test]
fn kills_under_a_campaign_over_opensmtpd_lose_nobody() {
    if std::env::var_os("IN_NAMESPACE").is_some() {
        return inside();
    }
    if peers::part("root/usr/sbin/smtpd", WHAT).is_none() {
        return;
    }
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-mnupf", "--kill-child", "bash", "-euc", script]).env("IN_NAMESPACE", "1");
        command.stdin(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !unshare("ip link set lo up && mount -t tmpfs none /run") {
        eprintln!("SKIP {WHAT}: this machine gives us no namespaces with users");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().display();
    let root = peers::folder().join("root");
    let test = std::env::current_exe().unwrap();
    let script = format!(
        "ip link set lo up; hostname mx.local.test
         mount -t tmpfs -o mode=755 none {work}; cd {work}; mkdir mail; chmod 755 .
         cp /etc/passwd /etc/group .
         echo 'opensmtpd:x:4001:4001::/var/lib/opensmtpd/empty:/bin/false' >>passwd
         echo 'opensmtpq:x:4002:4002::/var/lib/opensmtpd/empty:/bin/false' >>passwd
         printf 'opensmtpd:x:4001:\\nopensmtpq:x:4002:\\n' >>group
         mount --bind passwd /etc/passwd; mount --bind group /etc/group
         for at in /run /var/spool /var/lib; do mount -t tmpfs -o mode=755 none $at; done
         mkdir -m 711 /var/spool/smtpd; mkdir -p /var/lib/opensmtpd/empty
         mkdir libexec; cp -r {root}/usr/libexec/opensmtpd libexec/
         mount --bind libexec /usr/libexec
         WORK_FOLDER={work} timeout 900 {test} --exact {TEST} --nocapture",
        root = root.display(),
        test = test.display(),
    );
    assert!(unshare(&script));
}

/// How often each message arrived.
fn arrived(folder: &Path) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return times };
    for entry in entries {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let id = text.split("\nMessage-ID: <").nth(1).unwrap().split('@').next().unwrap();
        *times.entry(id.to_owned()).or_default() += 1;
    }
    times
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

fn inside() {
    let work = PathBuf::from(std::env::var_os("WORK_FOLDER").unwrap());
    let configuration = CONFIGURATION.replace("WORK", work.to_str().unwrap());
    std::fs::write(work.join("smtpd.conf"), configuration).unwrap();
    chown(work.join("mail"), Some(65534), Some(65534)).unwrap();
    let mut command = Command::new(peers::folder().join("root/usr/sbin/smtpd"));
    let log = std::fs::File::create(work.join("log")).unwrap();
    command.args(["-d", "-F", "-f"]).arg(work.join("smtpd.conf")).stderr(log);
    let peer = Peer::start(command.stdout(Stdio::null()));
    peer.listens(2625);

    let (people, kills) = number("KILLS").map_or((700, 1), |kills| (10_000, kills.min(3)));
    let expected = allowing(people);
    let data = work.join("data");
    let made = create(&data, &["--name", "Shop"]);
    let server = Server::start(&data);
    put(&server, &made, "/api/v1/properties/Plan", &json!({"class": "behaviour"}));
    put(&server, &made, "/api/v1/channels/email/main", &smtp(2625));
    shop(&server, &made, people);
    let id = publish(&server, &made, &to_sink(&json!({})));
    let mails = work.join("mail/new");
    let server = kill_under(&data, server, (kills, expected), || count(&mails));
    let done = stands(&server, &made, &id, "completed", LONG);
    // It delivers a little later than it takes.
    until("all arrive", LONG, || count(&mails) >= expected && arrived(&mails).len() == expected);
    std::thread::sleep(Duration::from_millis(500));
    let times = arrived(&mails);
    let repeated: usize = times.values().map(|times| times - 1).sum();
    eprintln!(
        "OpenSMTPD: {expected} messages, {kills} kills: {} lost, {repeated} repeated (at most {})",
        expected - times.len(),
        kills * WINDOW
    );
    assert!(repeated <= kills * WINDOW, "{repeated}");
    assert_eq!((times.len(), tally(&done, "accepted")), (expected, expected));
    each_once(&server, &made, "Notification Sent", expected);
    // That it wants few messages in a session costs no attempt.
    let path = format!("/api/v1/messages?campaign={id}&state=accepted&limit=1000");
    let (_, found) = server.get(&path, &made);
    let attempts = found["messages"].as_array().unwrap().iter().map(|one| &one["attempts"]);
    assert!(attempts.into_iter().all(|attempts| *attempts == 1));
}
