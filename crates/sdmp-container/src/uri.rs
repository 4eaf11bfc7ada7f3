//! Resource URIs (R10), parsed by hand: general URI parsers fold the case of the host.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, Fingerprint, Identifier};

/// `sdmp://HOST`, `sdmp://HOST/` or `sdmp://HOST/PATH` (R10): names a user, or a resource by its
/// publisher and content. Two URIs are equal if their texts are.
///
/// ```
/// use sdmp_container::ResourceUri;
///
/// let text = format!("sdmp://{0}/{0}", "A".repeat(86));
/// let uri: ResourceUri = text.parse().unwrap();
/// assert_eq!(uri.publisher().as_octets(), &[0; 64]);
/// assert_eq!(uri.as_str(), text);
/// assert_eq!("sdmp:///".parse::<ResourceUri>().unwrap_err().code(), "uri.empty_host");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceUri {
    text: Box<str>,
    publisher: Fingerprint,
    resource: Option<Identifier>,
}

impl ResourceUri {
    /// Makes the URI of a publisher, or of one of its resources.
    #[must_use]
    pub fn new(publisher: Fingerprint, resource: Option<Identifier>) -> Self {
        let text = match &resource {
            Some(resource) => format!("sdmp://{publisher}/{resource}"),
            None => format!("sdmp://{publisher}"),
        };
        Self { text: text.into(), publisher, resource }
    }

    /// The URI as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The key fingerprint in the place of the host.
    #[must_use]
    pub const fn publisher(&self) -> &Fingerprint {
        &self.publisher
    }

    /// The resource identifier in the place of the path.
    #[must_use]
    pub const fn resource(&self) -> Option<&Identifier> {
        self.resource.as_ref()
    }
}

impl FromStr for ResourceUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let Some(rest) = text.strip_prefix("sdmp://") else {
            // Only for a better message: the scheme is compared octet by octet, so that a URI has
            // one spelling.
            let folded = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sdmp://"));
            let kind = if folded { ErrorKind::UriSchemeCase } else { ErrorKind::UriScheme };
            return Err(Error::new(kind));
        };
        let (host, path) = match rest.split_once('/') {
            Some((host, path)) => (host, path),
            None => (rest, ""),
        };
        let publisher = host.parse().map_err(|_| Error::new(diagnose_host(host)))?;
        // `sdmp://HOST/` and `sdmp://HOST` name the same.
        let resource = if path.is_empty() {
            None
        } else {
            Some(path.parse().map_err(|_| Error::new(diagnose_path(path)))?)
        };
        Ok(Self { text: text.into(), publisher, resource })
    }
}

fn diagnose_host(host: &str) -> ErrorKind {
    match host.find(['?', '#', '@', ':']).and_then(|at| host.as_bytes().get(at)) {
        Some(b'?') => ErrorKind::UriQuery,
        Some(b'#') => ErrorKind::UriFragment,
        Some(_) if host.contains('@') => ErrorKind::UriUser,
        Some(_) => ErrorKind::UriPort,
        None if host.is_empty() => ErrorKind::UriEmptyHost,
        None => ErrorKind::UriHost,
    }
}

fn diagnose_path(path: &str) -> ErrorKind {
    match path.find(['?', '#']).and_then(|at| path.as_bytes().get(at)) {
        Some(b'?') => ErrorKind::UriQuery,
        Some(_) => ErrorKind::UriFragment,
        None => ErrorKind::UriPath,
    }
}

impl fmt::Display for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceUri({})", self.text)
    }
}
