//! One file in a message (N42).

use sdmp_container::strict::Value;
use sdmp_container::{Container, b64url};
use sdmp_crypto::hash::sha512;

use crate::error::Code;

/// The schema of the member `file`: the resource that describes it.
pub const FILE: &str = concat!(
    "sdmp://IjXtIUMf7ZLELO6JFylvibertkq4QNdqeRM4KyLbjycZOJSkvQQVyymY53zLmbkwrVNPBMScRLVvOrzvDi6pMg",
    "/foms3UyRnVmfFRfc0YOveG3L4z-xmW2myB8hw2-__dTHQ7kK29cy27GzKohxxoJY8SsGCLEMygb9_B2ffxdjeg"
);
/// The schema of the member `stream`.
pub const STREAM: &str = concat!(
    "sdmp://IjXtIUMf7ZLELO6JFylvibertkq4QNdqeRM4KyLbjycZOJSkvQQVyymY53zLmbkwrVNPBMScRLVvOrzvDi6pMg",
    "/wfc18dW57gbS6APsYpgCqZleY7QsXtjT3FDRYttoX7wMGkVxjCwAUrcaKbckFNNdmStco0UgPpaigHX1hLVkmQ"
);
/// The longest file, in octets (N51). Longer ones go by the file transfer of sessions.
pub const LONGEST_FILE: usize = 2 << 20;
/// The longest name, in octets.
const LONGEST_NAME: usize = 255;

/// A file whose length and hash are those that the message names, or that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    name: String,
    octets: Vec<u8>,
}

impl Attachment {
    /// A file to be sent. The name is one component of at most 255 octets.
    ///
    /// # Errors
    /// `file.size` for a name or a content that is too long, or a name that is no single component.
    pub fn new(name: impl Into<String>, octets: impl Into<Vec<u8>>) -> Result<Self, Code> {
        let (name, octets) = (name.into(), octets.into());
        if !is_component(&name) || octets.len() > LONGEST_FILE {
            return Err(Code::FileSize);
        }
        Ok(Self { name, octets })
    }

    /// The name: one component. Where it is shown or stored it is still another person's text.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The content.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    pub(super) fn parts(&self) -> (Vec<String>, String) {
        let members = format!(
            concat!(
                r#""file":{{"name":{},"size":{},"sha512":"{}"}},"#,
                r#""stream":{{"data":"{}","end":true}}"#
            ),
            Value::String(self.name.clone().into()).to_text(),
            self.octets.len(),
            b64url::encode(&sha512(&self.octets)),
            b64url::encode(&self.octets)
        );
        (vec![FILE.to_owned(), STREAM.to_owned()], members)
    }

    /// The file of a message, if its schemas say that there is one, or why it is not taken: then the
    /// message is shown without it.
    pub(super) fn read(container: &Container) -> Option<Result<Self, Code>> {
        let lists = |uri: &str| container.schemas().iter().any(|name| name.as_str() == uri);
        (lists(FILE) && lists(STREAM)).then(|| {
            let file = container.root().get("file").and_then(Value::as_object);
            let stream = container.root().get("stream").and_then(Value::as_object);
            let (Some(file), Some(stream)) = (file, stream) else { return Err(Code::FileSize) };
            let text = |name: &str| file.get(name).and_then(Value::as_str);
            let size = file.get("size").and_then(Value::as_number);
            let data = stream.get("data").and_then(Value::as_str).ok_or(Code::FileSize)?;
            let ends = stream.get("end") == Some(&Value::Bool(true));
            // Before decoding: the length is the sender's choice.
            if data.len() > b64url::encoded_len(LONGEST_FILE) || !ends {
                return Err(Code::FileSize);
            }
            let octets = b64url::decode(data).map_err(|_| Code::FileHash)?;
            let length = u64::try_from(octets.len()).ok();
            if length.is_none() || size.and_then(|size| size.as_u64()) != length {
                return Err(Code::FileSize);
            }
            if text("sha512") != Some(b64url::encode(&sha512(&octets)).as_str()) {
                return Err(Code::FileHash);
            }
            Self::new(text("name").unwrap_or_default(), octets)
        })
    }
}

/// One component of a path, of printable characters, that is not the directory itself or the one
/// above.
fn is_component(name: &str) -> bool {
    let separates = |letter: char| matches!(letter, '/' | '\\') || letter.is_control();
    (1..=LONGEST_NAME).contains(&name.len())
        // The name is shown and may become a file's: it must not lead elsewhere.
        && !matches!(name, "." | "..")
        && !name.contains(separates)
}
