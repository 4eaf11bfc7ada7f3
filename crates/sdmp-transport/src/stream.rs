//! A session as a stream of octets: for protocols that know nothing of containers.
//!
//! Octets travel in containers of the extension schema `stream` (sdmp-schema publishes it), sized
//! so that they fill the padding steps of R33. Writes gather until a chunk is full; like any
//! buffered writer, flush when an answer is expected. Reading flushes too.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::{Sink, Stream};
use sdmp_container::strict::Value;
use sdmp_container::{Container, b64url};
use sdmp_envelope::PADDING_BLOCK;
use sdmp_schema::extensions::STREAM_URI;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Error, SecureSession, SessionReceiver, SessionSender};

/// A full chunk is sealed as this many padding steps: 64 KiB of plaintext.
const PADDING_BLOCKS: usize = 8;
/// What stands before the URI of the schema, and between it and the data.
const HEAD: &str = r#"{"sdmp":{"version":"0.12.0","schemas":[""#;
const MIDDLE: &str = r#""]},"stream":{"data":""#;
/// What stands behind the data of the last chunk, and of others.
const LAST: &str = r#"","end":true}}"#;
const NEXT: &str = r#"","end":false}}"#;
/// The text around `data`, with the longer of the two values of `end`.
const FRAME: usize = HEAD.len() + STREAM_URI.len() + MIDDLE.len() + NEXT.len();
/// The octets in a full chunk: what fills the steps of R33 to within a base64url group.
pub const CHUNK: usize = (PADDING_BLOCKS * PADDING_BLOCK - FRAME) / 4 * 3;

/// A session as `AsyncRead + AsyncWrite`.
///
/// Shutting down ends our direction, and the peer's may go on; the end is authenticated (R41), and
/// a cut is [`io::ErrorKind::UnexpectedEof`]. Dropping it without shutting down cuts the session.
///
/// ```
/// use sdmp_transport::{SecureStream, accept, connect, memory};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use sdmp_handshake::Profile;
/// # use sdmp_testkit::{nodes, pair};
/// # let config = |own: fn() -> _, peer: fn() -> _| pair::config(&own(), &[&peer()], Profile::Hardened);
/// # let (alice, bob) = (config(nodes::alice, nodes::bob), config(nodes::bob, nodes::alice));
///
/// let (one, other) = memory::pair(4);
/// let (alice, bob) = tokio::try_join!(connect(one, alice), accept(other, bob))?;
/// let (mut alice, mut bob) = (SecureStream::new(alice), SecureStream::new(bob));
///
/// let mut heard = String::new();
/// let writing = async {
///     alice.write_all(b"octets of another protocol").await?;
///     alice.shutdown().await
/// };
/// tokio::try_join!(writing, bob.read_to_string(&mut heard))?;
/// assert_eq!(heard, "octets of another protocol");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SecureStream {
    reader: SecureReader,
    writer: SecureWriter,
}

impl SecureStream {
    /// Takes over a session. Both sides must, before anything else is sent over it.
    #[must_use]
    pub fn new(session: SecureSession) -> Self {
        let (sender, receiver) = session.split();
        Self {
            reader: SecureReader { receiver, chunk: Vec::new(), read: 0, ended: false },
            writer: SecureWriter { sender, gathered: Vec::new(), ended: false },
        }
    }

    /// Takes over a session of which one container was received already.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if that is no `stream` container.
    pub fn with_first(session: SecureSession, first: crate::Received) -> io::Result<Self> {
        let mut stream = Self::new(session);
        stream.reader.take(Some(Ok(first)))?;
        Ok(stream)
    }

    /// Two halves that share no lock.
    #[must_use]
    pub fn into_split(self) -> (SecureReader, SecureWriter) {
        (self.reader, self.writer)
    }
}

/// The reading half of a [`SecureStream`].
#[derive(Debug)]
pub struct SecureReader {
    receiver: SessionReceiver,
    chunk: Vec<u8>,
    read: usize,
    ended: bool,
}

/// The writing half of a [`SecureStream`].
#[derive(Debug)]
pub struct SecureWriter {
    sender: SessionSender,
    gathered: Vec<u8>,
    ended: bool,
}

impl SecureReader {
    /// The peer: verified, and trusted by this side's application.
    #[must_use]
    pub fn peer(&self) -> &sdmp_envelope::Identity {
        self.receiver.peer()
    }

    /// Waits for the peer's authenticated close (R41), once the end of the stream was read: who
    /// leaves before it came may take from the peer what was still under way.
    ///
    /// # Errors
    /// How the session was cut; [`io::ErrorKind::InvalidData`] for containers after the end.
    pub async fn closed(&mut self) -> io::Result<()> {
        match self.receiver.recv().await.map_err(into_io)? {
            None => Ok(()),
            Some(_) => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The session's receiving half, for what a protocol on top sends after the end of the stream.
    #[must_use]
    pub fn into_receiver(self) -> SessionReceiver {
        self.receiver
    }

    /// The next container, decoded.
    fn take(&mut self, next: Option<Result<crate::Received, Error>>) -> io::Result<()> {
        // An authenticated close that no `end` announced: the peer's program left in mid-stream.
        let received = next.ok_or(io::ErrorKind::UnexpectedEof)?.map_err(into_io)?;
        let (data, end) = decode(&received.container).ok_or(io::ErrorKind::InvalidData)?;
        (self.chunk, self.read, self.ended) = (data, 0, end);
        Ok(())
    }
}

impl AsyncRead for SecureReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let rest = self.chunk.get(self.read..).unwrap_or_default();
            if !rest.is_empty() || buf.remaining() == 0 {
                let taken = rest.len().min(buf.remaining());
                buf.put_slice(rest.get(..taken).unwrap_or_default());
                self.read += taken;
                return Poll::Ready(Ok(()));
            }
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            let next = ready!(Pin::new(&mut self.receiver).poll_next(cx));
            self.take(next)?;
        }
    }
}

impl SecureWriter {
    /// Ends the stream, but not the session: its sending half, for what a protocol on top has to say
    /// after the end. Close it with [`SessionSender::finish`].
    ///
    /// # Errors
    /// How the session was cut.
    pub async fn end(mut self) -> io::Result<SessionSender> {
        if !self.ended {
            std::future::poll_fn(|cx| self.poll_send(cx, true)).await?;
        }
        std::future::poll_fn(|cx| Pin::new(&mut self.sender).poll_flush(cx))
            .await
            .map_err(into_io)?;
        Ok(self.sender)
    }

    /// Hands what was gathered to the session.
    fn poll_send(&mut self, cx: &mut Context<'_>, end: bool) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.sender).poll_ready(cx)).map_err(into_io)?;
        let container = encode(&self.gathered, end)?;
        self.gathered.clear();
        Poll::Ready(Pin::new(&mut self.sender).start_send(container).map_err(into_io))
    }

    fn poll_send_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gathered.is_empty() { Poll::Ready(Ok(())) } else { self.poll_send(cx, false) }
    }
}

impl AsyncWrite for SecureWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if self.gathered.len() >= CHUNK {
            ready!(self.poll_send(cx, false))?;
        }
        let taken = buf.len().min(CHUNK - self.gathered.len());
        self.gathered.extend_from_slice(buf.get(..taken).unwrap_or_default());
        if self.gathered.len() >= CHUNK {
            // If there is no room yet, the next call waits for it.
            if let Poll::Ready(Err(error)) = self.poll_send(cx, false) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send_some(cx))?;
        Pin::new(&mut self.sender).poll_flush(cx).map_err(into_io)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ended {
            ready!(self.poll_send(cx, true))?;
            self.ended = true;
        }
        Pin::new(&mut self.sender).poll_close(cx).map_err(into_io)
    }
}

impl AsyncRead for SecureStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Who reads expects an answer: what it answers must not wait in our buffer.
        if let Poll::Ready(Err(error)) = self.writer.poll_send_some(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.reader).poll_read(cx, buf)
    }
}

impl AsyncWrite for SecureStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}

/// A `stream` container of these octets; `end` says that it is the last. At most [`CHUNK`] octets
/// fill what is sealed best.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] for more octets than any container may hold.
pub fn encode(data: &[u8], end: bool) -> io::Result<Container> {
    let mut text = String::with_capacity(FRAME + data.len().div_ceil(3) * 4);
    text.push_str(HEAD);
    text.push_str(STREAM_URI);
    text.push_str(MIDDLE);
    b64url::encode_append(data, &mut text);
    text.push_str(if end { LAST } else { NEXT });
    Container::parse(text).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// The data of a text that is exactly what [`encode`] writes.
fn exact(text: &str) -> Option<(&str, bool)> {
    let rest = text.strip_prefix(HEAD)?.strip_prefix(STREAM_URI)?.strip_prefix(MIDDLE)?;
    let last = |end: bool| Some((rest.strip_suffix(if end { LAST } else { NEXT })?, end));
    // A quote would end the data before the end of the text.
    last(false).or_else(|| last(true)).filter(|(data, _)| !data.contains('"'))
}

/// The data of a `stream` container, and whether it is the last; `None` for anything else.
#[must_use]
pub fn decode(container: &Container) -> Option<(Vec<u8>, bool)> {
    // As we write it, it needs no tree; however else it is written, it means the same.
    if let Some((data, end)) = exact(container.text()) {
        return Some((b64url::decode(data.as_bytes()).ok()?, end));
    }
    if !container.schemas().iter().any(|schema| schema.to_string() == STREAM_URI) {
        return None;
    }
    let Some(Value::Object(stream)) = container.root().get("stream") else { return None };
    match (stream.get("data"), stream.get("end"), stream.len()) {
        (Some(Value::String(data)), Some(Value::Bool(end)), 2) => {
            Some((b64url::decode(data.as_bytes()).ok()?, *end))
        }
        _ => None,
    }
}

fn into_io(error: Error) -> io::Error {
    let kind = match &error {
        error if error.is_cut() => io::ErrorKind::UnexpectedEof,
        error if error.is_timeout() => io::ErrorKind::TimedOut,
        Error::Closed => io::ErrorKind::BrokenPipe,
        Error::Handshake(_)
        | Error::Carrier(_)
        | Error::CloseTimeout
        | Error::NoSession { .. }
        | Error::Silent
        | Error::TooManySessions
        | Error::NoLongerTrusted
        | Error::ShutDown
        | Error::Aborted
        | Error::Clock
        | Error::Crypto(_) => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R33: a full chunk leaves less than one base64url group of padding.
    #[test]
    fn full_chunks_waste_no_padding() {
        let text = encode(&[0; CHUNK], false).unwrap().as_bytes().len();
        assert!(
            text <= PADDING_BLOCKS * PADDING_BLOCK && text > PADDING_BLOCKS * PADDING_BLOCK - 4,
            "{text}"
        );
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for data in [&b""[..], b"a", b"ab", &[7; 1000]] {
            for end in [false, true] {
                assert_eq!(decode(&encode(data, end).unwrap()), Some((data.to_vec(), end)));
            }
        }
    }

    /// Without a tree and with one (a space leads to the parser) the same is decoded, for every change of a text.
    #[test]
    fn with_and_without_a_tree_the_same_is_decoded() {
        for (data, end) in [(&b"abc"[..], false), (b"x", true), (b"", true)] {
            let good = encode(data, end).unwrap();
            let good = good.as_bytes();
            for at in 0..=good.len() {
                let (before, after) = good.split_at(at);
                for octet in *b"\"\\{}[]:,0aeAtf_-Bx \n" {
                    let rest = after.get(1..).unwrap_or_default();
                    for changed in
                        [[before, &[octet], after].concat(), [before, &[octet], rest].concat()]
                    {
                        let with = Container::parse([&changed[..], b" "].concat());
                        let without = Container::parse(changed);
                        assert_eq!(
                            without.as_ref().map(decode).map_err(|error| error.kind()),
                            with.as_ref().map(decode).map_err(|error| error.kind()),
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn other_containers_are_no_stream() {
        let good = encode(b"x", false).unwrap().text().to_owned();
        let bad = [
            good.replace("\"end\":false", "\"end\":0"),
            good.replace("\"end\":false", "\"end\":false,\"more\":1"),
            good.replace("\"data\":\"eA\"", "\"data\":\"eB\""),
            good.replace("\"stream\"", "\"other\""),
            good.replace(STREAM_URI, "message")
                .replace("\"stream\":", "\"message\":\"\",\"stream\":"),
        ];
        for text in bad {
            let container = Container::parse(text.as_bytes()).unwrap();
            assert_eq!(decode(&container), None, "{text}");
        }
    }
}
