//! The connection to the peer: octets out as a case wants them, objects in.

use super::record::Record;
use sdmp_handshake::Deframer;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// The longest object that is taken from a peer.
const LIMIT: usize = 64 << 20;

/// What came from the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Got {
    /// An object.
    Object(Vec<u8>),
    /// The end of the stream, clean or reset.
    End,
    /// Nothing, for as long as was waited.
    Silence,
    /// Octets that are no object, or half of one before the end.
    Garbage,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    deframer: Deframer,
    pending: Vec<u8>,
    made: Instant,
    /// Octets go out in pieces of this size.
    pub(super) pieces: Option<usize>,
    /// So long a pause after each octet.
    pub(super) trickle: Option<Duration>,
    /// What came.
    pub(super) record: Record,
}

impl Wire {
    /// Takes over a connection.
    pub(super) fn new(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(Duration::from_secs(5)))?;
        Ok(Self {
            stream,
            deframer: Deframer::new(),
            pending: Vec::new(),
            made: Instant::now(),
            pieces: None,
            trickle: None,
            record: Record::default(),
        })
    }

    /// Ends the connection; what came over it.
    pub(super) fn into_record(self) -> Record {
        self.record
    }

    /// How long the connection has been there.
    pub(super) fn age(&self) -> Duration {
        self.made.elapsed()
    }

    /// Sends octets. A peer that has closed already is no error here: its answer is read later.
    pub(super) fn send(&mut self, octets: &[u8]) {
        let size = if self.trickle.is_some() { 1 } else { self.pieces.unwrap_or(octets.len()) };
        for piece in octets.chunks(size.max(1)) {
            if self.stream.write_all(piece).is_err() {
                return;
            }
            if let Some(pause) = self.trickle {
                std::thread::sleep(pause);
            }
        }
    }

    /// Ends the tester's direction.
    pub(super) fn finish(&mut self) {
        // Where the peer has gone already, there is nothing to end.
        drop(self.stream.shutdown(Shutdown::Write));
    }

    /// Waits for the next object.
    pub(super) fn receive(&mut self, within: Duration) -> Got {
        let deadline = Instant::now() + within;
        loop {
            let mut input = self.pending.as_slice();
            let framed = self.deframer.next(&mut input, LIMIT);
            self.pending = input.to_vec();
            match framed {
                Ok(Some(object)) => {
                    self.record.objects.push(object.clone());
                    return Got::Object(object);
                }
                Ok(None) => {}
                Err(_) => return Got::Garbage,
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Got::Silence;
            }
            match self.read(left) {
                Ok(0) if self.deframer.is_between_objects() => return Got::End,
                Ok(0) => return Got::Garbage,
                Ok(_) => {}
                Err(kind) if kind == ErrorKind::WouldBlock || kind == ErrorKind::TimedOut => {
                    return Got::Silence;
                }
                Err(ErrorKind::Interrupted) => {}
                Err(_) => return Got::End,
            }
        }
    }

    fn read(&mut self, within: Duration) -> Result<usize, ErrorKind> {
        let mut buffer = [0; 16 * 1024];
        self.stream.set_read_timeout(Some(within)).map_err(|error| error.kind())?;
        let read = self.stream.read(&mut buffer).map_err(|error| error.kind())?;
        let octets = buffer.get(..read).unwrap_or_default();
        self.record.octets.extend_from_slice(octets);
        self.pending.extend_from_slice(octets);
        Ok(read)
    }
}
