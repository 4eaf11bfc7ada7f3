//! Long texts in a bucket of a server that speaks S3.

use std::fmt;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, SystemTime};

use sdmp_journal::Timestamp;

use super::sign::{Account, Request, hash};
use super::{Objects, timestamp};
use crate::Error;

/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most octets of an answer: more than the longest text, and than a page of a list.
const LONGEST: u64 = 64 << 20;

/// A bucket, addressed by its path, over HTTP.
///
/// The connection is not encrypted: the server is on the same machine, behind a network that is encrypted already,
/// or behind a proxy here that encrypts. Each call has a connection of its own, since long texts are few.
pub struct S3 {
    host: String,
    bucket: String,
    account: Account,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3({}/{})", self.host, self.bucket)
    }
}

/// What a server said.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl S3 {
    /// The bucket of this name, which is there, at a server (`127.0.0.1:9000`), with a key that may read, write,
    /// delete and list in it.
    ///
    /// # Errors
    /// [`Error::Engine`] if the name of the bucket has another form than S3 allows.
    pub fn new(
        server: &str,
        region: &str,
        bucket: &str,
        key: &str,
        secret: &str,
    ) -> Result<Self, Error> {
        let is_plain = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(is_plain) {
            let wanted = "lower-case letters, digits, dots and hyphens, 3 to 63 of them";
            return Err(Error::Engine(format!("a bucket has a name of {wanted}")));
        }
        let account =
            Account { region: region.to_owned(), key: key.to_owned(), secret: secret.to_owned() };
        Ok(Self { host: server.to_owned(), bucket: bucket.to_owned(), account })
    }

    fn call(&self, method: &str, name: &str, query: &str, body: &[u8]) -> Result<Answer, Error> {
        let is_plain = name.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if !is_plain {
            return Err(Error::Damaged("a name of a text"));
        }
        let path = match name {
            "" => format!("/{}", self.bucket),
            name => format!("/{}/{name}", self.bucket),
        };
        let time = time_of_request()?;
        let host = &self.host;
        let request = Request { method, host, path: &path, query, body, time: &time };
        let authorization = self.account.authorization(&request);
        let target = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nx-amz-content-sha256: {}\r\nx-amz-date: {time}\r\n\
             authorization: {authorization}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            hash(body),
            body.len()
        );
        let octets = self.exchange(head.as_bytes(), body);
        let octets = octets.map_err(|error| Error::Away(error.to_string()))?;
        read(&octets).ok_or_else(|| Error::Away("its answer cannot be read".to_owned()))
    }

    fn exchange(&self, head: &[u8], body: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut last = None;
        for address in self.host.to_socket_addrs()? {
            let mut stream = match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => stream,
                Err(error) => {
                    last = Some(error);
                    continue;
                }
            };
            // What follows the first part of a request does not wait until that was acknowledged.
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            stream.write_all(head)?;
            stream.write_all(body)?;
            let mut octets = Vec::new();
            stream.take(LONGEST).read_to_end(&mut octets)?;
            return Ok(octets);
        }
        Err(last.unwrap_or_else(|| std::io::ErrorKind::NotFound.into()))
    }
}

impl Objects for S3 {
    fn put(&self, name: &str, text: &[u8]) -> Result<(), Error> {
        let answer = self.call("PUT", name, "", text)?;
        if answer.status == 200 { Ok(()) } else { Err(answer.fault()) }
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let answer = self.call("GET", name, "", b"")?;
        match answer.status {
            200 => Ok(Some(answer.body)),
            // A bucket that is missing is a mistake of a person; all texts would count as evicted.
            404 if answer.text().contains("<Code>NoSuchKey</Code>") => Ok(None),
            _ => Err(answer.fault()),
        }
    }

    fn delete(&self, name: &str) -> Result<(), Error> {
        let answer = self.call("DELETE", name, "", b"")?;
        if matches!(answer.status, 200 | 204) { Ok(()) } else { Err(answer.fault()) }
    }

    fn list(&self) -> Result<Vec<(String, Option<Timestamp>)>, Error> {
        let mut found = Vec::new();
        let mut query = "list-type=2".to_owned();
        loop {
            let answer = self.call("GET", "", &query, b"")?;
            if answer.status != 200 {
                return Err(answer.fault());
            }
            let text = answer.text();
            for entry in text.split("<Contents>").skip(1) {
                let written = element(entry, "LastModified").and_then(|time| time.parse().ok());
                found.extend(element(entry, "Key").map(|name| (name.to_owned(), written)));
            }
            let more = element(&text, "NextContinuationToken").map(encoded);
            let Some(token) = more else { return Ok(found) };
            query = format!("continuation-token={token}&list-type=2");
        }
    }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn fault(&self) -> Error {
        let text = self.text();
        let code = element(&text, "Code").unwrap_or("no code");
        let said = format!("the object store answers {} ({code})", self.status);
        match (self.status, code) {
            // These are what servers say whose disks or quotas are full.
            (507, _) | (_, "XMinioStorageFull" | "QuotaExceeded") => Error::Full,
            (500.., _) => Error::Away(said),
            _ => Error::Engine(said),
        }
    }
}

/// The text of the first element of this name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0)
}

/// A value as a query has it, out of XML.
fn encoded(value: &str) -> String {
    let value = value.replace("&#43;", "+").replace("&amp;", "&");
    value.bytes().fold(String::new(), |text, octet| match octet {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            format!("{text}{}", char::from(octet))
        }
        _ => format!("{text}%{octet:02X}"),
    })
}

/// The time now, as `20261201T090000Z`.
fn time_of_request() -> Result<String, Error> {
    let now = timestamp(SystemTime::now());
    let time = now.ok_or_else(|| Error::Engine("the clock cannot be read".to_owned()))?.to_string();
    let seconds = time.split('.').next().unwrap_or_default();
    Ok(format!("{}Z", seconds.replace(['-', ':'], "")))
}

/// An answer that has ended, since the connection has.
fn read(octets: &[u8]) -> Option<Answer> {
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, rest) = octets.split_at_checked(end)?;
    let head = std::str::from_utf8(head).ok()?;
    let body = rest.get(4..)?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let header = |name: &str| {
        let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    };
    let body = match (header("transfer-encoding"), header("content-length")) {
        (Some(coding), _) if coding.eq_ignore_ascii_case("chunked") => joined(body)?,
        (None, Some(length)) => body.get(..length.parse().ok()?)?.to_vec(),
        // Without a length a text that was cut off could not be told from a whole one.
        (None, None) if matches!(status, 204 | 304) => Vec::new(),
        _ => return None,
    };
    Some(Answer { status, body })
}

/// A body in chunks.
fn joined(mut octets: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = octets.windows(2).position(|two| two == b"\r\n")?;
        let line = std::str::from_utf8(octets.get(..end)?).ok()?;
        let length = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        octets = octets.get(end.checked_add(2)?..)?;
        if length == 0 {
            return Some(body);
        }
        body.extend(octets.get(..length)?);
        octets = octets.get(length.checked_add(2)?..)?;
    }
}
