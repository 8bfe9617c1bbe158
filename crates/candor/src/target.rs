//! Makes what a browser sends as the target of `GET /a` readable for the library, which refuses by
//! itself what is too long or has a byte too many, before a route is asked. A browser whose first
//! request fails stops for good, so it must get an answer of ours.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest target that the library takes; one that was longer is cut to just this.
pub const TARGET_BYTES_MAX: usize = 65_534;

/// More of a target is not waited for.
const CUT_BYTES_MAX: usize = 8 << 20;

/// How the requests begin that are looked at.
const BEGINNING: &[u8] = b"GET /a?";

/// What stands before the target.
const METHOD: &[u8] = b"GET ";

/// Bytes read at once while a request begins.
const PIECE_BYTES: usize = 16 << 10;

/// A connection that speaks HTTP/1.1.
pub struct Readable<S> {
    stream: S,
    at: At,
    /// Read and looked at, and not yet passed on from this place.
    ready: Vec<u8>,
    passed: usize,
}

/// Where the next byte of the client stands. A new request begins after an answer.
#[derive(Clone, Copy)]
enum At {
    /// So many bytes of [`BEGINNING`] were there.
    Beginning(usize),
    /// So many bytes of the target were passed on, so many left out.
    Target(usize, usize),
    /// Nothing to look at.
    Rest,
}

impl<S> Readable<S> {
    pub fn new(stream: S) -> Readable<S> {
        Readable { stream, at: At::Beginning(0), ready: Vec::new(), passed: 0 }
    }

    /// Looks at one byte and passes on what is to be read of it.
    fn look(&mut self, byte: u8) -> io::Result<()> {
        match self.at {
            At::Beginning(fitting) if BEGINNING[fitting] == byte => {
                self.ready.push(byte);
                self.at = match fitting + 1 == BEGINNING.len() {
                    true => At::Target(BEGINNING.len() - METHOD.len(), 0),
                    false => At::Beginning(fitting + 1),
                };
            }
            At::Target(passed, cut) if !matches!(byte, b' ' | b'\r' | b'\n') => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                let hex = |half: u8| HEX[usize::from(half)];
                let fits: &[u8] = match byte {
                    b'!' | b'$'..=b';' | b'=' | b'?'..=b'_' | b'a'..=b'~' => &[byte],
                    _ => &[b'%', hex(byte >> 4), hex(byte & 15)],
                };
                let left = TARGET_BYTES_MAX - passed;
                self.at = match cut > 0 || fits.len() > left {
                    true if cut == CUT_BYTES_MAX => return Err(io::ErrorKind::InvalidData.into()),
                    true => {
                        // Filled up, so that it is of the length that is refused.
                        self.ready.resize(self.ready.len() + left, b'&');
                        At::Target(TARGET_BYTES_MAX, cut + 1)
                    }
                    false => {
                        self.ready.extend_from_slice(fits);
                        At::Target(passed + fits.len(), 0)
                    }
                };
            }
            _ => {
                self.ready.push(byte);
                self.at = At::Rest;
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Readable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.passed < self.ready.len() {
                let whole = &self.ready[self.passed..];
                let now = whole.len().min(into.remaining());
                into.put_slice(&whole[..now]);
                self.passed += now;
                return Poll::Ready(Ok(()));
            }
            if matches!(self.at, At::Rest) {
                return Pin::new(&mut self.stream).poll_read(context, into);
            }
            let mut piece = [0; PIECE_BYTES];
            let mut read = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.ready.clear();
            self.passed = 0;
            for (place, byte) in read.filled().iter().enumerate() {
                if matches!(self.at, At::Rest) {
                    self.ready.extend_from_slice(&read.filled()[place..]);
                    break;
                }
                self.look(*byte)?;
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Readable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.at = At::Beginning(0);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.at = At::Beginning(0);
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What is read of what was sent in pieces of so many bytes.
    async fn read(sent: &[u8], piece: usize) -> Vec<u8> {
        let (mut client, server) = tokio::io::duplex(1 << 24);
        let mut server = Readable::new(server);
        let mut all = Vec::new();
        for piece in sent.chunks(piece) {
            client.write_all(piece).await.unwrap();
            all.extend_from_slice(&bytes_of(&mut server).await);
        }
        drop(client);
        server.read_to_end(&mut all).await.unwrap();
        all
    }

    async fn bytes_of(server: &mut Readable<tokio::io::DuplexStream>) -> Vec<u8> {
        let mut bytes = vec![0; 1 << 20];
        let waiting = std::time::Duration::from_millis(1);
        let read = tokio::time::timeout(waiting, server.read(&mut bytes)).await;
        bytes.truncate(read.map_or(0, |read| read.unwrap()));
        bytes
    }

    async fn check(sent: &str, expected: &str) {
        for piece in [1, 3, 1 << 20] {
            let read = read(sent.as_bytes(), piece).await;
            assert!(read == expected.as_bytes(), "{}", String::from_utf8_lossy(&read));
        }
    }

    #[tokio::test]
    async fn a_target_of_a_browser_is_made_readable_and_nothing_else_is_touched() {
        let rest = " HTTP/1.1\r\nx: <y>\r\n\r\nGET /a?<";
        check(&format!("GET /a?rn=1&d=<\"#{rest}"), &format!("GET /a?rn=1&d=%3C%22%23{rest}"))
            .await;
        for other in ["GET /ab?<", "GET /api?<", "POST /a?<", "{\"a\":1} GET /a?<", "G", "GET /a"] {
            check(other, other).await;
        }
        // Bytes that are no UTF-8, as they stand in a page's address of another encoding.
        assert_eq!(read(b"GET /a?d=\xe9 ", 1 << 20).await, b"GET /a?d=%E9 ");
    }

    #[tokio::test]
    async fn a_target_that_is_too_long_has_the_length_that_is_refused() {
        for long in ["x".repeat(70_000), "<".repeat(40_000), "x".repeat(65_530) + "<"] {
            let read = read(format!("GET /a?{long} HTTP/1.1\r\n").as_bytes(), 1 << 20).await;
            let target = read.strip_suffix(b" HTTP/1.1\r\n").unwrap();
            assert_eq!(target.len(), METHOD.len() + TARGET_BYTES_MAX);
        }
        let whole = format!("GET /a?{} ", "x".repeat(TARGET_BYTES_MAX - 3));
        assert_eq!(read(whole.as_bytes(), 1 << 20).await, whole.as_bytes());
    }

    #[tokio::test]
    async fn each_request_of_a_connection_is_looked_at() {
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let mut server = Readable::new(server);
        for _ in 0..2 {
            client.write_all(b"GET /a?< \r\n").await.unwrap();
            assert_eq!(bytes_of(&mut server).await, b"GET /a?%3C \r\n");
            server.write_all(b"answer").await.unwrap();
        }
    }
}
