//! Rejections (R37).

use crate::closed::root;
use crate::kind::Fields;
use crate::{CoreSchema, Error, ErrorKind, Limits, Status};

/// The closed response that refuses a handshake (R37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection;

impl Rejection {
    /// The plaintext refusal of a first message.
    pub const BAD_REQUEST: &'static str = concat!(
        r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"#,
        r#""response":{"status":"bad_request","identifier":""}}"#
    );
    /// The refusal of everything after, always encrypted.
    pub const NOT_FOUND: &'static str = concat!(
        r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"#,
        r#""response":{"status":"not_found","identifier":""}}"#
    );

    /// Reads a rejection of at most 4,096 octets (R42): status bad_request or not_found, an empty
    /// identifier, nothing else.
    ///
    /// # Errors
    /// A `json.*`, `field.*`, `version.*` or `closed.*` kind; `closed.identifier` for an answer to a
    /// request, `field.unexpected_value` for a status that refuses nothing.
    pub fn parse(octets: &[u8]) -> Result<Status, Error> {
        let root = root(octets, &Limits::CLOSED_PLAIN, &["response"], "response")?;
        let fields = Fields::member(&root, CoreSchema::Response)?;
        fields.close(&["status", "identifier"])?;
        let status = fields.parsed("status")?;
        if status == Status::Ok {
            return Err(fields.fault(ErrorKind::UnexpectedValue, "status"));
        }
        if !fields.string("identifier")?.is_empty() {
            return Err(fields.fault(ErrorKind::ClosedIdentifier, "identifier"));
        }
        Ok(status)
    }
}
