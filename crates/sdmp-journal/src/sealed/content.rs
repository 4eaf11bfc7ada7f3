//! What a sealed message says (N38).

use sdmp_container::strict::Value;
use sdmp_container::{Container, CoreSchema, Identifier, Message, Receipt, SchemaName};

use crate::error::{Code, Error};
use crate::sealed::{Attachment, LONGEST_TEXT};

/// What is inside of a sealed message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// A text for people: MultiMarkdown, to be shown without raw HTML, loading nothing (N42).
    Message {
        /// The text.
        text: String,
        /// A file beside it; or why it is not taken: `file.size`, `file.hash`.
        file: Option<Result<Attachment, Code>>,
    },
    /// The receipt of a message, by the identifier of the resource in which it came (N41).
    Receipt(Identifier),
    /// How a node can be reached, for some only; or what a user says about itself, or extensions:
    /// as it was signed.
    Other(Container),
}

impl Content {
    /// A text without a file.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Message { text: text.into(), file: None }
    }

    /// The schemas and the members of the container, without `sdmp` and `sealed`.
    pub(super) fn parts(&self) -> Result<(Vec<String>, String), Error> {
        let string = |text: &str| Value::String(text.to_owned().into()).to_text();
        match self {
            Self::Message { text, .. } if text.len() > LONGEST_TEXT => {
                Err(Code::ResourceSize.into())
            }
            Self::Message { text, file: None } => {
                Ok((vec!["message".into()], format!("\"message\":{}", string(text))))
            }
            Self::Message { text, file: Some(file) } => {
                let (schemas, members) = file.as_ref().map_err(|code| Error::from(*code))?.parts();
                let members = format!("{members},\"message\":{}", string(text));
                Ok((schemas.into_iter().chain(["message".into()]).collect(), members))
            }
            Self::Receipt(of) => Ok((vec!["receipt".into()], format!("\"receipt\":\"{of}\""))),
            Self::Other(container) => other(container),
        }
    }

    /// Reads the content of a container that was signed.
    ///
    /// # Errors
    /// `resource.kind` for what may not stand inside, `resource.size` for a text that is too long,
    /// `resource.payload` for one without its form.
    pub fn read(container: &Container) -> Result<Self, Error> {
        let payload = |error| Error::Container(Code::ResourcePayload, error);
        match core(container)? {
            Some(CoreSchema::Message) => {
                let message = Message::from_container(container).map_err(payload)?;
                if message.as_str().len() > LONGEST_TEXT {
                    return Err(Code::ResourceSize.into());
                }
                let file = Attachment::read(container);
                Ok(Self::Message { text: message.as_str().to_owned(), file })
            }
            Some(CoreSchema::Receipt) => {
                let receipt = Receipt::from_container(container).map_err(payload)?;
                receipt.as_str().parse().map(Self::Receipt).map_err(payload)
            }
            _ => Ok(Self::Other(container.clone())),
        }
    }
}

/// The one core schema, which must be one of those that may stand inside.
fn core(container: &Container) -> Result<Option<CoreSchema>, Error> {
    let mut cores = container.schemas().iter().filter_map(|name| match name {
        SchemaName::Core(core) => Some(*core),
        SchemaName::Resource(_) => None,
    });
    let (first, second) = (cores.next(), cores.next());
    let fits = match first {
        None => true,
        Some(core) => matches!(
            core,
            CoreSchema::Message | CoreSchema::Receipt | CoreSchema::Node | CoreSchema::User
        ),
    };
    if fits && second.is_none() { Ok(first) } else { Err(Code::ResourceKind.into()) }
}

fn other(container: &Container) -> Result<(Vec<String>, String), Error> {
    core(container)?;
    let schemas = container.schemas().iter().map(|name| name.as_str().to_owned()).collect();
    // These two are written by the sealer; a caller's own would stand there twice.
    let own = |name: &str| name != "sdmp" && name != "sealed";
    let members = container.root().iter().filter(|(name, _)| own(name));
    let text = |name: &str| Value::String(name.to_owned().into()).to_text();
    let members: Vec<String> =
        members.map(|(name, value)| format!("{}:{}", text(name), value.to_text())).collect();
    Ok((schemas, members.join(",")))
}
