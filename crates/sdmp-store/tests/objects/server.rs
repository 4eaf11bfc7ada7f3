//! A small server that speaks as much of S3 as is used, in a thread. It checks each signature.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use ring::{digest, hmac};
use sdmp_store::objects::S3;

#[derive(Default)]
struct State {
    texts: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The status of every answer, or 0.
    status: AtomicU16,
    /// How the next answers are cut off.
    cut: AtomicU16,
}

/// The server of one bucket; it ends with the tests.
pub(super) struct Bucket {
    host: String,
    state: Arc<State>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Bucket {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                drop(shared.serve(&mut stream));
            }
        });
        Self { host, state }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn client(&self) -> S3 {
        S3::new(&self.host, "r", "bucket", "key", "secret").unwrap()
    }

    pub(super) fn fail_with(&self, status: u16) {
        self.state.status.store(status, Ordering::SeqCst);
    }

    pub(super) fn cut(&self, cut: u16) {
        self.state.cut.store(cut, Ordering::SeqCst);
    }
}

fn read(stream: &mut TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_owned(), value.to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body)?;
    Ok(Request { method, path, query, headers, body })
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| format!("{text}{octet:02x}"))
}

fn hash(octets: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, octets).as_ref())
}

/// Computed from what came over the wire.
fn is_signed(request: &Request) -> bool {
    let header = |name: &str| request.headers[name].as_str();
    let (body, time) = (header("x-amz-content-sha256"), header("x-amz-date"));
    let canonical = format!(
        "{}\n{}\n{}\nhost:{}\nx-amz-content-sha256:{body}\nx-amz-date:{time}\n\n\
         host;x-amz-content-sha256;x-amz-date\n{body}",
        request.method,
        request.path,
        request.query,
        header("host")
    );
    let day = time.split('T').next().unwrap();
    let scope = format!("{day}/r/s3/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(canonical.as_bytes()));
    let keyed = |key: &[u8], text: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    };
    let parts = [day, "r", "s3", "aws4_request"];
    let key = parts.iter().fold(b"AWS4secret".to_vec(), |key, part| keyed(&key, part));
    let signature = hex(&keyed(&key, &text));
    hash(&request.body) == body
        && header("authorization").contains(&format!("Credential=key/{scope}"))
        && header("authorization").ends_with(&format!("Signature={signature}"))
}

impl State {
    fn serve(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let request = read(stream)?;
        let (status, body) = self.answer(&request);
        match self.cut.swap(0, Ordering::SeqCst) {
            1 => return write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
            2 => {
                return write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"
                );
            }
            3 => return write!(stream, "no answer"),
            _ => {}
        }
        // In chunks, or with a length: both are allowed.
        if request.method == "GET" && body.len() > 4 {
            let (one, two) = body.split_at(4);
            write!(stream, "HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n")?;
            stream.write_all(one)?;
            write!(stream, "\r\n{:x}\r\n", two.len())?;
            stream.write_all(two)?;
            return stream.write_all(b"\r\n0\r\n\r\n");
        }
        write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len())?;
        stream.write_all(&body)
    }

    fn answer(&self, request: &Request) -> (u16, Vec<u8>) {
        let fault = |status: u16, code: &str| {
            (
                status,
                format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>").into_bytes(),
            )
        };
        let status = self.status.load(Ordering::SeqCst);
        if status != 0 {
            return fault(status, "AsOrdered");
        }
        if !is_signed(request) {
            return fault(403, "SignatureDoesNotMatch");
        }
        let Some(name) = request.path.strip_prefix("/bucket") else {
            return fault(404, "NoSuchBucket");
        };
        let mut texts = self.texts.lock().unwrap();
        match (request.method.as_str(), name.trim_start_matches('/')) {
            ("GET", "") => (200, list(&texts, &request.query).into_bytes()),
            ("GET", name) => match texts.get(name) {
                Some(text) => (200, text.clone()),
                None => fault(404, "NoSuchKey"),
            },
            ("PUT", name) => {
                texts.insert(name.to_owned(), request.body.clone());
                (200, Vec::new())
            }
            ("DELETE", name) => {
                texts.remove(name);
                (204, Vec::new())
            }
            _ => fault(405, "MethodNotAllowed"),
        }
    }
}

/// Pages of two names; a token has characters that a query and XML cannot have as they are.
fn list(texts: &BTreeMap<String, Vec<u8>>, query: &str) -> String {
    let after = query.strip_prefix("continuation-token=").map(|rest| {
        let (token, _) = rest.split_once('&').unwrap();
        token.replace("%26", "&").replace("%2B", "+").replace("%3D", "=")
    });
    let after =
        after.map(|token| token.strip_prefix("a&+=").unwrap().to_owned()).unwrap_or_default();
    let mut rest = texts.keys().filter(|name| **name > after);
    let page: Vec<&String> = rest.by_ref().take(2).collect();
    let entries = page.iter().fold(String::new(), |text, name| {
        format!(
            "{text}<Contents><Key>{name}</Key><LastModified>2026-12-01T09:00:00.000Z</LastModified></Contents>"
        )
    });
    let more = match (page.last(), rest.next()) {
        (Some(last), Some(_)) => format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;+={last}</NextContinuationToken>"
        ),
        _ => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    format!("<?xml version=\"1.0\"?><ListBucketResult>{entries}{more}</ListBucketResult>")
}
