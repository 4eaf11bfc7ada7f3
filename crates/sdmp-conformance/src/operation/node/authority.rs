//! Who holds what, connects, reads and collects (N9 to N20).

use super::super::{Failure, Outcome, output};
use super::{failed, key, known, named, time, value};
use crate::error::Error;
use crate::input::Input;
use sdmp_container::Authorization;
use sdmp_journal::{Authority, Code, Connect, Strength, View, Wanted, connect};
use serde_json::json;

/// `known`, `now`, `user`, `key`, `authorization` -> `answer`; else the code of the first broken
/// link of the shortest path.
pub(super) fn holds(input: Input<'_>) -> Result<Outcome, Error> {
    let view = known(input)?;
    let authority = Authority::new(&view, time(input, "now")?);
    let what: Authorization = value(input, "authorization")?;
    let (user, key) = (key(input, "user")?, key(input, "key")?);
    let why = authority.why_holds(&user, &key, what);
    if why.answer != authority.holds(&user, &key, what) {
        return Ok(Err(Failure::new("why.differs", "why says something else than the answer")));
    }
    if why.answer {
        return Ok(output([("answer", json!(true))]));
    }
    let mut links = why.paths.iter().flat_map(|path| &path.links);
    let broken = links.find_map(|link| link.broken.as_ref());
    Ok(failed(broken.map_or(Code::AuthorityMissing, |broken| broken.code)))
}

/// `known`, `now`, `user`, `node`, `peer` -> `session`.
pub(super) fn connects(input: Input<'_>) -> Result<Outcome, Error> {
    let (view, now) = (known(input)?, time(input, "now")?);
    let (user, node, peer) = (key(input, "user")?, key(input, "node")?, key(input, "peer")?);
    let answer = connect(&view, now, (&user, &node), &peer);
    let why = Authority::new(&view, now).why_connect((&user, &node), &peer);
    if why.answer != (answer == Connect::Full) {
        return Ok(Err(Failure::new("why.differs", "why says something else than the answer")));
    }
    Ok(match answer {
        Connect::Full => output([("session", json!("full"))]),
        Connect::ControlOnly => output([("session", json!("control_only"))]),
        Connect::No(code) => failed(code),
    })
}

/// `known`, `now`, `node`, `resource`, `weak`.
pub(super) fn may_be_given(input: Input<'_>) -> Result<Outcome, Error> {
    let view = known(input)?;
    let weak = input.0.get("weak").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let strength = if weak { Strength::Weak } else { Strength::Live };
    let authority = Authority::new(&view, time(input, "now")?).with_strength(strength);
    let id = named(input.text("resource")?)?.id();
    let meta = view.meta(id).ok_or_else(|| Error::vector("the resource is unknown".to_owned()))?;
    Ok(if authority.may_be_given(&key(input, "node")?, &meta) {
        output([])
    } else {
        Err(Failure::new("not_found", "it may not be given to this node"))
    })
}

/// `known`, `now`, `user`, `author` -> `wanted`.
pub(super) fn wanted(input: Input<'_>) -> Result<Outcome, Error> {
    let view = known(input)?;
    let authority = Authority::new(&view, time(input, "now")?);
    let (user, author) = (key(input, "user")?, key(input, "author")?);
    let wanted = authority.wanted(&user, &author);
    let collected = authority.collected(&user);
    let in_sets = (collected.users.contains(&author), collected.keys.contains(&author));
    let expected = (wanted == Wanted::Everything, wanted == Wanted::OwnName);
    if in_sets != expected {
        return Ok(Err(Failure::new("collected.differs", "the sets say something else")));
    }
    Ok(match wanted {
        Wanted::Everything => output([("wanted", json!("everything"))]),
        Wanted::OwnName => output([("wanted", json!("own_name"))]),
        Wanted::Nothing => Err(Failure::new("not_wanted", "nothing of it is collected")),
    })
}
