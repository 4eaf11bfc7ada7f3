//! AWS Signature Version 4: what a request to S3 is signed with.

use ring::{digest, hmac};

use super::hex;

/// Keys of an account.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) region: String,
    pub(super) key: String,
    pub(super) secret: String,
}

/// A request, as far as it is signed.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    /// Its names in order, values encoded.
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    /// As `20261201T090000Z`.
    pub(super) time: &'a str,
}

/// The hash of a body, as it stands in a header.
pub(super) fn hash(octets: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, octets).as_ref())
}

impl Account {
    /// The value of the header `authorization`.
    pub(super) fn authorization(&self, request: &Request<'_>) -> String {
        const SIGNED: &str = "host;x-amz-content-sha256;x-amz-date";
        let Request { method, host, path, query, time, .. } = request;
        let body = hash(request.body);
        let day = time.get(..8).unwrap_or_default();
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{body}\nx-amz-date:{time}\n\n{SIGNED}\n{body}"
        );
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(canonical.as_bytes()));
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in [day, &self.region, "s3", "aws4_request"] {
            key = keyed(&key, part);
        }
        let signature = hex(&keyed(&key, &text));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={SIGNED},Signature={signature}",
            self.key
        )
    }
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Account, Request};

    #[test]
    fn the_published_example_has_the_published_signature() {
        let account = Account {
            region: "us-east-1".to_owned(),
            key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        };
        let request = Request {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/",
            query: "max-keys=2&prefix=J",
            body: b"",
            time: "20130524T000000Z",
        };
        let signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        assert!(account.authorization(&request).ends_with(signature));
    }
}
