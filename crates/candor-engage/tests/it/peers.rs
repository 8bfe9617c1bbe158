//! The other programs: where they are, how they are started, and a message to send them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use candor_engage::channel::MessageId;
use candor_engage::channel::email::{
    BounceAddress, DkimKey, Email, EmailMessage, Mailbox, SmtpSettings, Tls, Unsubscribe,
};
use candor_event::Timestamp;
use serde_json::Value as Json;

/// The folder `scripts/mail-peers` fills.
pub fn folder() -> PathBuf {
    let cache = std::env::var_os("CACHE").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/candor");
    cache.unwrap_or_else(home).join("servers/mail")
}

/// A file of a peer, or a word about the test that is left out.
pub fn part(path: &str, what: &str) -> Option<PathBuf> {
    let found = folder().join(path);
    if found.exists() {
        return Some(found);
    }
    eprintln!("SKIP {what}: there is no {} (scripts/mail-peers fetches it)", found.display());
    None
}

pub fn python(what: &str) -> Option<PathBuf> {
    part("venv/bin/python", what)
}

pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// A port nobody listens on at the moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that ends when the test does.
pub struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Peer {
    pub fn start(command: &mut Command) -> Peer {
        Peer(command.stdin(Stdio::piped()).spawn().unwrap())
    }

    /// Starts a program and waits for the word `ready`.
    pub fn when_ready(command: &mut Command) -> Peer {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        Peer(child)
    }

    /// Waits until somebody listens.
    pub fn listens(&self, port: u16) {
        let since = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(10), "nobody listens on {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The folder of a test that runs in namespaces of its own; none where it does not yet.
pub fn inside_namespaces() -> Option<PathBuf> {
    std::env::var_os("WORK_FOLDER").map(PathBuf::from)
}

/// Runs a test of this binary again in namespaces of its own, where OpenSMTPD finds its users and
/// folders: private loopback, nothing can leave.
pub fn run_in_namespaces(what: &str, test: &str, seconds: u32) {
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-mnupf", "--kill-child", "bash", "-euc", script]);
        command.stdin(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !unshare("ip link set lo up && mount -t tmpfs none /run") {
        eprintln!("SKIP {what}: this machine gives us no namespaces with users");
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let script = format!(
        "ip link set lo up; hostname mx.local.test
         mount -t tmpfs -o mode=755 none {work}; cd {work}; mkdir mail far; chmod 755 .
         cp /etc/passwd /etc/group .
         echo 'opensmtpd:x:4001:4001::/var/lib/opensmtpd/empty:/bin/false' >>passwd
         echo 'opensmtpq:x:4002:4002::/var/lib/opensmtpd/empty:/bin/false' >>passwd
         printf 'opensmtpd:x:4001:\\nopensmtpq:x:4002:\\n' >>group
         mount --bind passwd /etc/passwd; mount --bind group /etc/group
         for at in /run /var/spool /var/lib; do mount -t tmpfs -o mode=755 none $at; done
         mkdir -m 711 /var/spool/smtpd; mkdir -p /var/lib/opensmtpd/empty
         mkdir libexec; cp -r {root}/usr/libexec/opensmtpd libexec/
         mount --bind libexec /usr/libexec
         WORK_FOLDER={work} timeout {seconds} {binary} --exact {test} --nocapture",
        work = work.path().display(),
        root = folder().join("root").display(),
        binary = std::env::current_exe().unwrap().display(),
    );
    assert!(unshare(&script));
}

/// OpenSMTPD on port 2625; mail that it delivers is below `mail`.
pub fn opensmtpd(work: &Path, configuration: &str) -> Peer {
    let configuration = configuration.replace("WORK", work.to_str().unwrap());
    std::fs::write(work.join("smtpd.conf"), configuration).unwrap();
    chown(work.join("mail"), Some(65534), Some(65534)).unwrap();
    let mut command = Command::new(folder().join("root/usr/sbin/smtpd"));
    let log = std::fs::File::create(work.join("log")).unwrap();
    command.args(["-d", "-F", "-f"]).arg(work.join("smtpd.conf")).stderr(log);
    let peer = Peer::start(command.stdout(Stdio::null()));
    peer.listens(2625);
    peer
}

/// Gives a program JSON and reads JSON back.
pub fn ask(command: &mut Command, input: &Json) -> Json {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs openssl, or says why the test is left out.
pub fn openssl(what: &str, arguments: &[&str]) -> bool {
    let ran = Command::new("openssl").args(arguments).stderr(Stdio::null()).status();
    let fine = ran.is_ok_and(|status| status.success());
    if !fine {
        eprintln!("SKIP {what}: there is no openssl that makes keys");
    }
    fine
}

/// The files of a certificate for this machine and of its key.
pub fn certificate(what: &str, folder: &Path) -> Option<(String, String)> {
    let file = |name: &str| folder.join(name).display().to_string();
    let (certificate, key) = (file("certificate.part"), file("key.part"));
    let arguments = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext \
                     subjectAltName=DNS:localhost,IP:127.0.0.1 -addext \
                     basicConstraints=critical,CA:FALSE -addext \
                     extendedKeyUsage=serverAuth -keyout";
    let mut arguments: Vec<&str> = arguments.split_whitespace().collect();
    arguments.extend([key.as_str(), "-out", &certificate]);
    openssl(what, &arguments).then_some((certificate, key))
}

pub fn bounce_address() -> BounceAddress {
    let mac = |id: &[u8]| <[u8; 8]>::try_from(&id[8..]).unwrap().map(|byte| byte ^ 0xa5);
    BounceAddress::new("bounce.test", mac).unwrap()
}

/// A server of a test: not encrypted, impatient.
pub fn settings(port: u16) -> SmtpSettings {
    SmtpSettings {
        tls: Tls::None,
        hello_name: "candor.test".to_owned(),
        connections: 8,
        connect_timeout: Duration::from_secs(5),
        command_timeout: Duration::from_secs(5),
        message_timeout: Duration::from_secs(5),
        ..SmtpSettings::new("127.0.0.1", port)
    }
}

pub fn email(settings: SmtpSettings, keys: Vec<DkimKey>) -> Email {
    Email::new(settings, keys, bounce_address()).unwrap()
}

pub fn message(number: u128, to: &str) -> EmailMessage {
    let offer = "<p>Grüße aus Köln: <b>heute</b> alles zum halben Preis = 50 %.</p>\n";
    EmailMessage {
        id: MessageId(number),
        date: Timestamp::from_seconds(1_795_614_000),
        from: Mailbox { name: Some("The Shop".into()), address: "news@local.test".into() },
        reply_to: Some(Mailbox { name: None, address: "help@local.test".into() }),
        to: Mailbox { name: Some("Ada Łovelace".into()), address: to.to_owned() },
        subject: "Fünf Angebote, die nur heute gelten, und eine lange Betreffzeile dazu".into(),
        html: offer.repeat(20),
        text: ".One dot first\nFrom the shop\n.\nBye ".to_owned(),
        unsubscribe: Some(Unsubscribe {
            url: format!("https://shop.test/leave/{number:032x}"),
            mailto: Some("leave@local.test".to_owned()),
        }),
        list_id: Some("news.local.test".to_owned()),
        feedback_id: Some("c1:shop:news:candor".to_owned()),
    }
}
