//! Follows the frames of a WebSocket below the library, which gathers whole messages and has one
//! limit for all of them: here a message that is too long ends while it is being read, and control
//! frames count for nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::READ;
use crate::carrier::CarrierLimits;

/// The longest payload of a control frame (RFC 6455, 5.5).
const CONTROL: u64 = 125;
/// Octets of pings that may be unanswered while the peer does not read. The library reads [`READ`]
/// octets at once, so pings that came together with something else never reach this.
const PINGS: usize = 2 * READ;

/// A byte stream below a WebSocket. Its reading ends with [`io::ErrorKind::InvalidData`] at a message
/// that is longer than the session allows (R42), at an oversized control frame, and at a peer that
/// sends pings and does not read the pongs.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    /// Read behind the upgrade, and not handed out yet.
    unread: Bytes,
    frames: Frames,
    limits: CarrierLimits,
}

impl<S> Metered<S> {
    pub(super) fn new(stream: S, unread: Bytes, limits: CarrierLimits) -> Self {
        Self { stream, unread, frames: Frames::default(), limits }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    pub(super) fn set_limits(&mut self, limits: CarrierLimits) {
        self.limits = limits;
    }
}

/// Where in the peer's frames we are.
#[derive(Debug, Default)]
struct Frames {
    header: Header,
    /// Octets of the present frame's payload that are still to come.
    payload: u64,
    /// Octets of the present message, announced so far.
    message: u64,
    /// Octets of pings that were read since everything that the library had to write was written.
    pings: usize,
}

#[derive(Debug, Default)]
struct Header {
    octets: [u8; 14],
    have: usize,
}

impl Header {
    /// How many octets the header has, as far as is known now.
    fn len(&self) -> usize {
        let [_, second, ..] = self.octets;
        if self.have < 2 {
            return 2;
        }
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        2 + self.extended() + mask
    }

    /// How many octets hold a length that does not fit into the second one.
    fn extended(&self) -> usize {
        let [_, second, ..] = self.octets;
        match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        }
    }

    fn payload(&self) -> u64 {
        let [_, second, ..] = self.octets;
        let extended = self.octets.get(2..2 + self.extended()).unwrap_or_default();
        let long = extended.iter().fold(0, |length, octet| length << 8 | u64::from(*octet));
        if extended.is_empty() { u64::from(second & 0x7f) } else { long }
    }
}

impl Frames {
    /// Takes note of octets that were read; fails before the library gathers too much of them.
    fn follow(&mut self, mut octets: &[u8], longest: usize) -> io::Result<()> {
        while let Some((first, rest)) = octets.split_first() {
            if self.payload > 0 {
                let here = u64::try_from(octets.len()).unwrap_or(u64::MAX).min(self.payload);
                self.payload -= here;
                octets = usize::try_from(here).ok().and_then(|n| octets.get(n..)).unwrap_or(&[]);
                continue;
            }
            if let Some(place) = self.header.octets.get_mut(self.header.have) {
                *place = *first;
                self.header.have += 1;
            }
            octets = rest;
            if self.header.have >= self.header.len() {
                self.begin_frame(longest)?;
            }
        }
        Ok(())
    }

    fn begin_frame(&mut self, longest: usize) -> io::Result<()> {
        let header = std::mem::take(&mut self.header);
        let [first, ..] = header.octets;
        self.payload = header.payload();
        let is_last = first & 0x80 != 0;
        match first & 0x0f {
            0..=7 => {
                // Counted over all fragments: the limit is that of the object, not of a frame.
                self.message = self.message.saturating_add(self.payload);
                if self.message > u64::try_from(longest).unwrap_or(u64::MAX) {
                    return Err(invalid("a WebSocket message is too long (R42)"));
                }
                if is_last {
                    self.message = 0;
                }
            }
            _ if self.payload > CONTROL => {
                return Err(invalid("a WebSocket control frame is too long"));
            }
            9 => {
                let payload = usize::try_from(self.payload).unwrap_or(usize::MAX);
                // The library answers each ping, and keeps the answers while the peer does not
                // read.
                self.pings = self.pings.saturating_add(header.have).saturating_add(payload);
            }
            _ => {}
        }
        Ok(())
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.frames.pings > PINGS {
            return Poll::Ready(Err(invalid("the peer sends pings and does not read the pongs")));
        }
        let before = buf.filled().len();
        if this.unread.is_empty() {
            ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        } else {
            let now = this.unread.len().min(buf.remaining());
            buf.put_slice(this.unread.get(..now).unwrap_or_default());
            this.unread.advance(now);
        }
        let read = buf.filled().get(before..).unwrap_or_default();
        this.frames.follow(read, this.limits.object_octets())?;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    /// The library flushes only after it has written everything, pongs included.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A flush writes all pongs that are owed.
        self.frames.pings = 0;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as a client sends it, masked with zeros.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            126..0x1_0000 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.resize(frame.len() + length, b'x');
        frame
    }

    const TEXT: u8 = 0x81;
    const FIRST: u8 = 0x01;
    const MORE: u8 = 0x00;
    const LAST: u8 = 0x80;
    const PING: u8 = 0x89;

    /// Whether a connection that may send messages of 1,000 octets passes, cut in every way.
    fn passes(frames: &[Vec<u8>]) -> bool {
        let all = frames.concat();
        let results = [1, 7, 4096].map(|step| {
            let mut following = Frames::default();
            all.chunks(step).try_for_each(|part| following.follow(part, 1000)).is_ok()
        });
        assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
        results[0]
    }

    #[test]
    fn messages_up_to_the_limit_pass_one_after_the_other() {
        assert!(passes(&[frame(TEXT, 1000), frame(TEXT, 0), frame(TEXT, 1000)]));
        assert!(!passes(&[frame(TEXT, 1001)]));
        assert!(passes(&[frame(FIRST, 500), frame(LAST, 500), frame(TEXT, 1000)]));
        assert!(!passes(&[frame(FIRST, 500), frame(LAST, 501)]));
    }

    /// Each octet of the message costs seven on the wire; only what is gathered counts.
    #[test]
    fn a_message_in_fragments_of_one_octet_passes() {
        let mut frames = vec![frame(FIRST, 1)];
        frames.extend((0..998).map(|_| frame(MORE, 1)));
        frames.push(frame(LAST, 1));
        assert!(passes(&frames));
        frames.insert(1, frame(MORE, 1));
        assert!(!passes(&frames));
    }

    #[test]
    fn pings_between_fragments_do_not_raise_the_limit() {
        let mut frames = Vec::new();
        for number in 0..11 {
            frames.push(frame(if number == 0 { FIRST } else { MORE }, 100));
            frames.push(frame(PING, number));
        }
        assert!(!passes(&frames));
        frames.truncate(20);
        assert!(passes(&frames));
    }

    #[test]
    fn announced_lengths_are_refused_before_the_payload() {
        let mut following = Frames::default();
        let announced = [&[TEXT, 0x80 | 127][..], &[0xff; 8]].concat();
        assert!(following.follow(&announced, 1000).is_ok(), "the mask is part of the header");
        assert!(following.follow(&[0; 4], 1000).is_err());
        assert!(Frames::default().follow(&frame(PING, 126)[..8], 1000).is_err());
        assert!(Frames::default().follow(&frame(PING, 125), 0).is_ok());
    }
}
