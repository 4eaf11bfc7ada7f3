//! Cursors and wants as columns (N30 to N32).

use sdmp_container::ResourceName;
use sdmp_journal::Code;
use sdmp_journal::sync::{Access, Doubt, Next, WaitsFor};

use super::{fingerprint, identifier, time};
use crate::Error;

/// What a peer may have, by its number.
const ACCESS: [Access; 3] = [Access::Full, Access::ControlOnly, Access::Refused];

pub(crate) fn access_number(access: Access) -> i64 {
    ACCESS.iter().position(|one| *one == access).and_then(|n| n.try_into().ok()).unwrap_or(0)
}

pub(crate) fn access(number: i64) -> Result<Access, Error> {
    let access = usize::try_from(number).ok().and_then(|number| ACCESS.get(number)).copied();
    access.ok_or(Error::Damaged("a peer"))
}

/// When a want goes on.
#[derive(Debug, Default)]
pub(crate) struct NextColumns {
    pub(crate) next: i64,
    pub(crate) due: Option<i64>,
    pub(crate) waits_author: Option<Vec<u8>>,
    pub(crate) waits: Option<Vec<u8>>,
    pub(crate) code: Option<String>,
}

impl NextColumns {
    pub(crate) fn of(next: &Next) -> Self {
        let code = |next, code: &Code| Self {
            next,
            code: Some(code.as_str().to_owned()),
            ..Self::default()
        };
        match next {
            Next::Due(due) => Self { due: Some(due.unix_millis()), ..Self::default() },
            Next::Waits(WaitsFor::Resource(name)) => Self {
                next: 1,
                waits_author: Some(name.author.as_octets().to_vec()),
                waits: Some(name.resource.as_octets().to_vec()),
                ..Self::default()
            },
            Next::Waits(WaitsFor::Room) => Self { next: 2, ..Self::default() },
            Next::Closed(closed) => code(3, closed),
            Next::Aside(aside) => code(4, aside),
            Next::GivenUp => Self { next: 5, ..Self::default() },
            // Not kept as such: see `kept_form`.
            Next::Asked(_) | Next::Judging => Self { due: Some(0), ..Self::default() },
        }
    }

    pub(crate) fn read(self) -> Result<Next, Error> {
        const WRONG: Error = Error::Damaged("a want");
        Ok(match self.next {
            0 => Next::Due(time(self.due.ok_or(WRONG)?)?),
            1 => Next::Waits(WaitsFor::Resource(name(self.waits_author, self.waits)?)),
            2 => Next::Waits(WaitsFor::Room),
            3 => Next::Closed(code(self.code)?),
            4 => Next::Aside(code(self.code)?),
            5 => Next::GivenUp,
            _ => return Err(WRONG),
        })
    }
}

/// Why a holder comes later than others.
#[derive(Debug, Default)]
pub(crate) struct DoubtColumns {
    pub(crate) doubt: i64,
    pub(crate) code: Option<String>,
    pub(crate) author: Option<Vec<u8>>,
    pub(crate) about: Option<Vec<u8>>,
}

impl DoubtColumns {
    pub(crate) fn of(doubt: Option<&Doubt>) -> Self {
        match doubt {
            None => Self::default(),
            Some(Doubt::BadCopy(code)) => {
                Self { doubt: 1, code: Some(code.as_str().to_owned()), ..Self::default() }
            }
            Some(Doubt::UnknownSigner(name)) => Self {
                doubt: 2,
                author: Some(name.author.as_octets().to_vec()),
                about: Some(name.resource.as_octets().to_vec()),
                ..Self::default()
            },
            Some(Doubt::Claimed(id)) => {
                Self { doubt: 3, about: Some(id.as_octets().to_vec()), ..Self::default() }
            }
        }
    }

    pub(crate) fn read(self) -> Result<Option<Doubt>, Error> {
        const WRONG: Error = Error::Damaged("a holder");
        Ok(match self.doubt {
            0 => None,
            1 => Some(Doubt::BadCopy(code(self.code)?)),
            2 => Some(Doubt::UnknownSigner(name(self.author, self.about)?)),
            3 => Some(Doubt::Claimed(identifier(&self.about.ok_or(WRONG)?)?)),
            _ => return Err(WRONG),
        })
    }
}

fn name(author: Option<Vec<u8>>, resource: Option<Vec<u8>>) -> Result<ResourceName, Error> {
    let missing = || Error::Damaged("the name of a resource");
    Ok(ResourceName {
        author: fingerprint(&author.ok_or_else(missing)?)?,
        resource: identifier(&resource.ok_or_else(missing)?)?,
    })
}

fn code(text: Option<String>) -> Result<Code, Error> {
    let found = Code::ALL.iter().find(|code| Some(code.as_str()) == text.as_deref()).copied();
    found.ok_or(Error::Damaged("a code"))
}
