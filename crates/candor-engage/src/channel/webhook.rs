//! Messages to other servers, signed as Standard Webhooks describes.
//!
//! Whoever may name the URL must not reach anything near us by it: a name is resolved here, only
//! public addresses are left, and the connection goes to one of those; nothing is redirected.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use candor_event::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, StatusCode, Url, redirect};

use super::public_address::is_public;
use super::{Answer, BadSetting, MessageId, Secret};

/// Larger messages are refused; the answers of larger ones are not read to their end.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
const URL_BYTES_MAX: usize = 2048;
/// Standard Webhooks: between 24 and 64 bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const SECRETS_MAX: usize = 2;
const NOT_PUBLIC: &str = "the address is not public";
/// Longer waits are cut: the caller's own schedule goes on then.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

/// What may be reached, and how long is waited.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Also URLs that begin with `http:`.
    pub allow_http: bool,
    /// Also addresses near us; for tests and for servers inside.
    pub allow_private: bool,
    /// Certificates (PEM) trusted besides the machine's own.
    pub authorities: Option<String>,
    /// For the connection, TLS included.
    pub connect_timeout: Duration,
    /// For the whole of it, the answer included.
    pub timeout: Duration,
    /// How much of an answer is read; the rest is left unread.
    pub answer_bytes_max: usize,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        WebhookSettings {
            allow_http: false,
            allow_private: false,
            authorities: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(20),
            answer_bytes_max: 64 * 1024,
        }
    }
}

/// What both sides sign with; shown as stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSecret(Secret<Vec<u8>>);

impl SigningSecret {
    /// Reads `whsec_` and base64 of 24 to 64 bytes.
    pub fn parse(text: &str) -> Result<SigningSecret, BadSetting> {
        let bad = |reason: &str| BadSetting::new("secrets", reason);
        let text = text.strip_prefix("whsec_").ok_or_else(|| bad("does not begin with whsec_"))?;
        let bytes = STANDARD.decode(text).map_err(|_| bad("is not base64"))?;
        match SECRET_BYTES.contains(&bytes.len()) {
            true => Ok(SigningSecret(Secret(bytes))),
            false => Err(bad("must have 24 to 64 bytes")),
        }
    }
}

/// Where messages go, and the secret shared with whoever is there.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    secrets: Vec<SigningSecret>,
}

/// Paths and queries often hold secrets: only the host is shown.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// One secret, or two while the older one is being replaced: each signs.
    pub fn new(url: &str, secrets: Vec<SigningSecret>) -> Result<Endpoint, BadSetting> {
        let bad = |reason: &str| BadSetting::new("url", reason);
        if url.len() > URL_BYTES_MAX {
            return Err(bad("is too long"));
        }
        let url = Url::parse(url).map_err(|_| bad("is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(bad("is not an http URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("must not hold a password"));
        }
        if !(1..=SECRETS_MAX).contains(&secrets.len()) {
            return Err(BadSetting::new("secrets", "one or two are needed"));
        }
        Ok(Endpoint { url, secrets })
    }

    /// The value of `webhook-signature`: one signature for each secret.
    pub fn signature(&self, id: MessageId, at: Timestamp, body: &[u8]) -> String {
        let signatures = self.secrets.iter().map(|SigningSecret(Secret(secret))| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            let mut signing = hmac::Context::with_key(&key);
            signing.update(format!("{id}.{}.", at.seconds()).as_bytes());
            signing.update(body);
            format!("v1,{}", STANDARD.encode(signing.sign().as_ref()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

/// The server of a URL, for those who may not see the rest of it.
pub fn origin(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// The one client all endpoints are reached by.
#[derive(Clone, Debug)]
pub struct Webhook {
    client: Client,
    settings: Arc<WebhookSettings>,
}

impl Webhook {
    /// Nothing is connected yet.
    pub fn new(settings: WebhookSettings) -> Result<Webhook, BadSetting> {
        Webhook::with_names(settings, Arc::new(OfTheSystem))
    }

    fn with_names(
        settings: WebhookSettings,
        names: Arc<dyn Resolve>,
    ) -> Result<Webhook, BadSetting> {
        let pem = settings.authorities.as_deref().unwrap_or_default();
        let authorities = Certificate::from_pem_bundle(pem.as_bytes())
            .map_err(|_| BadSetting::new("authorities", "are not PEM"))?;
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            // A proxy would resolve the name again, out of our sight.
            .no_proxy()
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent("Candor")
            .tls_certs_merge(authorities)
            .dns_resolver(Checked { names, allow_private: settings.allow_private })
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .build()
            .map_err(|_| BadSetting::new("url", "the client cannot be made"))?;
        Ok(Webhook { client, settings: Arc::new(settings) })
    }

    /// Posts a JSON body. The id stays the same at each attempt, so that the other side can tell a
    /// repeat; `at` is the moment of this attempt, and is refused there when it is minutes old.
    pub async fn hand_over(
        &self,
        endpoint: &Endpoint,
        id: MessageId,
        at: Timestamp,
        body: &[u8],
    ) -> Answer {
        if body.len() > BODY_BYTES_MAX {
            return Answer::bad_content("body too long");
        }
        if let Some(refused) = self.refuses(&endpoint.url) {
            return refused;
        }
        let sent = Arc::new(AtomicBool::new(false));
        let posted = Posted { bytes: Some(Bytes::copy_from_slice(body)), sent: sent.clone() };
        let request = self
            .client
            .post(endpoint.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id.to_string())
            .header("webhook-timestamp", at.seconds().to_string())
            .header("webhook-signature", endpoint.signature(id, at, body))
            .body(reqwest::Body::wrap(posted));
        match request.send().await {
            Ok(response) => {
                let answer = answer(response.status(), response.headers(), at);
                self.read_out(response).await;
                answer
            }
            Err(error) if sent.load(Ordering::Acquire) => Answer::unknown(brief(&error)),
            Err(error) if is_not_public(&error) => refused(NOT_PUBLIC),
            Err(error) => Answer::later(brief(&error)),
        }
    }

    /// A host written as an address is not resolved by anybody, so it is judged here.
    fn refuses(&self, url: &Url) -> Option<Answer> {
        if url.scheme() != "https" && !self.settings.allow_http {
            return Some(refused("only https is allowed"));
        }
        let host = url.host_str().unwrap_or_default();
        let address: Result<IpAddr, _> = host.trim_start_matches('[').trim_end_matches(']').parse();
        let near = address.is_ok_and(|address| !is_public(address));
        (near && !self.settings.allow_private).then(|| refused(NOT_PUBLIC))
    }

    /// Reads a short answer to its end, so that its connection can be used again.
    async fn read_out(&self, mut response: Response) {
        let mut read = 0;
        while let Ok(Some(bytes)) = response.chunk().await {
            read += bytes.len();
            if read > self.settings.answer_bytes_max {
                break;
            }
        }
    }
}

fn answer(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Answer {
    let code = status.as_u16().to_string();
    let wait = headers.get(RETRY_AFTER).and_then(|wait| retry_after(wait.to_str().ok()?, now));
    let retry_after = wait.map(|wait| wait.min(RETRY_AFTER_MAX));
    match status.as_u16() {
        200..=299 => Answer::Accepted { provider_id: None },
        410 => Answer::NoSuchAddress { code, retire: true },
        401 | 403 => Answer::BadCredentials { code },
        429 => Answer::TooFast { code, retry_after },
        503 if retry_after.is_some() => Answer::TooFast { code, retry_after },
        408 | 425 | 500.. => Answer::Later { code },
        // A redirect is not followed, and anything else says that the message will not do.
        _ => Answer::BadContent { code },
    }
}

/// Seconds, or a date.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp().as_second();
    Some(Duration::from_secs(until.saturating_sub(now.seconds()).try_into().unwrap_or(0)))
}

/// The endpoint is one we do not go to. Its name may lead elsewhere later, so it is not retired.
fn refused(why: &str) -> Answer {
    Answer::NoSuchAddress { code: why.to_owned(), retire: false }
}

fn is_not_public(error: &reqwest::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = source {
        if inner.is::<NotPublic>() {
            return true;
        }
        source = inner.source();
    }
    false
}

fn brief(error: &reqwest::Error) -> &'static str {
    match error {
        error if error.is_timeout() => "timeout",
        error if error.is_connect() => "connect",
        _ => "connection lost",
    }
}

/// The body, which notes when the connection took it.
struct Posted {
    bytes: Option<Bytes>,
    sent: Arc<AtomicBool>,
}

impl http_body::Body for Posted {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.sent.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// A name leads only to addresses near us.
#[derive(Debug, thiserror::Error)]
#[error("{NOT_PUBLIC}")]
struct NotPublic;

/// Resolves names as the machine does.
struct OfTheSystem;

impl Resolve for OfTheSystem {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// Leaves only public addresses of what was resolved. What is left is what is connected to: nobody
/// asks for the name again.
struct Checked {
    names: Arc<dyn Resolve>,
    allow_private: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.names.resolve(name);
        let allow_private = self.allow_private;
        Box::pin(async move {
            let allowed = |address: &SocketAddr| allow_private || is_public(address.ip());
            let left: Vec<SocketAddr> = found.await?.filter(allowed).collect();
            match left.is_empty() {
                true => Err(NotPublic.into()),
                false => Ok(Box::new(left.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn secret() -> SigningSecret {
        SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
    }

    /// Answers with the next of its addresses each time it is asked.
    struct Rebinding {
        addresses: Vec<IpAddr>,
        asked: AtomicUsize,
    }

    impl Resolve for Rebinding {
        fn resolve(&self, _: Name) -> Resolving {
            let number = self.asked.fetch_add(1, Ordering::SeqCst);
            let address = SocketAddr::new(self.addresses[number % self.addresses.len()], 0);
            Box::pin(async move { Ok(Box::new([address].into_iter()) as Addrs) })
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_near_us_is_refused_each_time() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1"];
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let names = Arc::new(Rebinding { addresses, asked: AtomicUsize::new(0) });
        let settings = WebhookSettings { allow_http: true, ..WebhookSettings::default() };
        let webhook = Webhook::with_names(settings, names.clone()).unwrap();
        let endpoint = Endpoint::new(&format!("http://shop.test:{port}/"), vec![secret()]).unwrap();
        for _ in 0..4 {
            let answer = webhook.hand_over(&endpoint, MessageId(1), Timestamp(0), b"{}").await;
            assert_eq!(answer, refused(NOT_PUBLIC));
        }
        assert_eq!(names.asked.load(Ordering::SeqCst), 4, "asked once for each connection");
        assert!(listener.accept().is_err(), "nobody connected");
    }

    #[tokio::test]
    async fn addresses_near_us_are_refused_however_they_are_written() {
        let webhook = Webhook::new(WebhookSettings::default()).unwrap();
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "169.254.169.254",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "100.64.0.1",
            "[fe80::1]",
            "[fd00::1]",
            "0.0.0.0",
            "[::]",
            "224.0.0.1",
            "localhost",
        ] {
            let endpoint = Endpoint::new(&format!("https://{host}/"), vec![secret()]).unwrap();
            let answer = webhook.hand_over(&endpoint, MessageId(1), Timestamp(0), b"{}").await;
            assert_eq!(answer, refused(NOT_PUBLIC), "{host}");
        }
        let endpoint = Endpoint::new("http://shop.test/", vec![secret()]).unwrap();
        let answer = webhook.hand_over(&endpoint, MessageId(1), Timestamp(0), b"{}").await;
        assert_eq!(answer, refused("only https is allowed"));
    }

    #[test]
    fn each_status_has_its_answer() {
        let check = |status: u16, wait: Option<&str>, expected: Answer| {
            let wait = wait.map(|wait| (RETRY_AFTER, wait.parse().unwrap()));
            let headers = HeaderMap::from_iter(wait);
            let now = Timestamp::from_seconds(1_795_614_000);
            assert_eq!(answer(StatusCode::from_u16(status).unwrap(), &headers, now), expected);
        };
        let fast = |code: &str, seconds: Option<u64>| {
            let retry_after = seconds.map(Duration::from_secs);
            Answer::TooFast { code: code.to_owned(), retry_after }
        };
        check(204, None, Answer::Accepted { provider_id: None });
        check(410, None, Answer::NoSuchAddress { code: "410".to_owned(), retire: true });
        check(401, None, Answer::bad_credentials("401"));
        check(403, None, Answer::bad_credentials("403"));
        check(429, None, fast("429", None));
        check(429, Some("7"), fast("429", Some(7)));
        check(503, Some("999999999"), fast("503", Some(86_400)));
        check(503, Some("Wed, 25 Nov 2026 13:41:00 GMT"), fast("503", Some(60)));
        check(429, Some("Wed, 25 Nov 2020 13:41:00 GMT"), fast("429", Some(0)));
        check(429, Some("soon"), fast("429", None));
        check(503, None, Answer::later("503"));
        check(500, None, Answer::later("500"));
        check(302, None, Answer::bad_content("302"));
        check(400, None, Answer::bad_content("400"));
    }

    #[test]
    fn signs_as_the_standard_shows() {
        // The example of the specification's own libraries.
        let endpoint = Endpoint::new("https://shop.test/", vec![secret(), secret()]).unwrap();
        let at = Timestamp::from_seconds(1_614_265_330);
        let signature = endpoint.signature(MessageId(1), at, b"{\"test\": 2432232314}");
        let (one, two) = signature.split_once(' ').unwrap();
        assert_eq!(one, two);
        assert!(one.starts_with("v1,"));
    }

    #[test]
    fn secrets_are_read_and_not_shown() {
        assert_eq!(format!("{:?}", secret()), "SigningSecret(***)");
        for bad in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%"] {
            assert!(SigningSecret::parse(bad).is_err(), "{bad}");
        }
        for bad in ["ftp://a.test/", "https://", "https://u:p@a.test/", "nothing"] {
            assert!(Endpoint::new(bad, vec![secret()]).is_err(), "{bad}");
        }
        assert!(Endpoint::new("https://a.test/", vec![]).is_err());
    }
}
