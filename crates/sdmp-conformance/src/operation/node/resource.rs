//! Reading, making and judging resources (N3 to N8, N51).

use super::super::{Failure, Outcome, output};
use super::{key, known, named, time};
use crate::error::Error;
use crate::input::Input;
use crate::keys;
use sdmp_container::{Authorization, Container};
use sdmp_journal::judge::Shares;
use sdmp_journal::{Author, Candidate, Grants, Judge, Resource, Rsa, Timestamp, Verdict, WaitsFor};
use serde_json::json;

/// `octets` -> `id`, `kind`, `user`, `signer`, `text`.
pub(super) fn parse(input: Input<'_>) -> Result<Outcome, Error> {
    Ok(read(Resource::parse(input.octets("octets")?)))
}

fn read(parsed: Result<Resource, sdmp_journal::Error>) -> Outcome {
    let resource = parsed.map_err(|error| Failure::new(error.code(), error))?;
    output([
        ("id", json!(resource.id().to_string())),
        ("kind", json!(resource.kind().name())),
        ("user", json!(resource.user().to_string())),
        ("signer", json!(resource.signer().to_string())),
        ("text", json!(resource.text())),
    ])
}

/// `make`, `key`, `created`, perhaps `user` and `trust`, and what the kind takes -> as `parse`.
pub(super) fn make(input: Input<'_>) -> Result<Outcome, Error> {
    let signer = keys::local(input.member("key")?)?;
    let author = match input.optional_text("trust") {
        Some(trust) => Author::of_node(&signer, key(input, "user")?, named(trust)?.id().clone()),
        None => Author::of_own_name(&signer),
    };
    let created = time(input, "created")?;
    Ok(read(match input.text("make")? {
        "identity" => author.identity(created),
        "trust" => {
            let words = input.list("authorization").filter_map(serde_json::Value::as_str);
            let grants: Vec<Authorization> = words.filter_map(|word| word.parse().ok()).collect();
            let expires = input.optional_text("expires").map(keys::timestamp).transpose()?;
            author.trust(&key(input, "trustee")?, Grants::of(&grants), expires, created)
        }
        "revoke" => {
            let target = named(input.text("resource")?)?.id();
            author.revoke(target, input.0.contains_key("authorized"), created)
        }
        "node" => {
            let ips = input.list("ips").filter_map(serde_json::Value::as_str).map(str::to_owned);
            author.node(None, ips.collect(), created)
        }
        "publish" => {
            let content = Container::parse(input.octets("octets")?)
                .map_err(|error| Error::vector(error.to_string()))?;
            author.publish(&content, created)
        }
        other => return Err(Error::vector(format!("nothing makes {other}"))),
    }))
}

/// `known`, `own`, `now`, perhaps `limits`, and `resource` or `octets` -> `verdict`, `revoked`.
pub(super) fn judge(input: Input<'_>) -> Result<Outcome, Error> {
    let (view, own, now) = (known(input)?, key(input, "own")?, time(input, "now")?);
    let resource = match input.optional_text("resource") {
        Some(name) => named(name)?.clone(),
        None => Resource::parse(input.octets("octets")?)
            .map_err(|error| Error::vector(error.to_string()))?,
    };
    let shares = shares(input)?;
    let judge = Judge::new(&own, now).with_shares(shares);
    Ok(said(judge.judge(&view, &mut Candidate::new(resource), &Rsa), now))
}

fn shares(input: Input<'_>) -> Result<Shares, Error> {
    let default = Shares::DEFAULT;
    let Some(limits) = input.object("limits") else { return Ok(default) };
    let number = |name: &str, default| Ok(limits.optional_number(name)?.unwrap_or(default));
    let identities = number("identities", 16)?;
    Ok(default.with_counts(
        number("trusts", default.trusts)?,
        number("revocations", default.revocations)?,
        usize::try_from(identities).unwrap_or(usize::MAX),
    ))
}

fn said(verdict: Verdict, now: Timestamp) -> Outcome {
    let name = verdict.name();
    let code = match &verdict {
        Verdict::Admit { revoked } => {
            return output([("verdict", json!(name)), ("revoked", json!(revoked))]);
        }
        Verdict::Known => "known",
        Verdict::Waits(what) => match &**what {
            WaitsFor::Author(_) => "waits.author",
            WaitsFor::Resource(..) => "waits.resource",
            WaitsFor::Time(due) if *due > now => "waits.time",
            WaitsFor::Time(_) => "waits.time_that_is_over",
            WaitsFor::Room(_) => "waits.room",
        },
        Verdict::BadCopy(code) | Verdict::SetAside(code) | Verdict::Refused(code) => code.as_str(),
    };
    let mut failure = Failure::new(code, name);
    failure.details.insert("verdict".to_owned(), json!(name));
    Err(failure)
}
