//! Resources: their closed outer part (R12, R40), for whom they are published, and control by keys
//! that have ended (R16, R20).

use crate::common::{
    EXPIRY, Forgery, alice, bob, container, header, identity, kid, known, local, message, now, time,
};
use sdmp_container::{
    Authorization, Container, Identifier, IdentityType, Resource, Revoke, Timestamp, Trust,
};
use sdmp_envelope::signature::{self, Ended, KnownSigner, Verified};
use sdmp_envelope::{Error, Identity};

fn verify(text: &str) -> Result<Verified, Error> {
    signature::verify(&container(text), &known(&[&alice(), &bob()]), now())
}

/// A resource of alice's that is also what another container is.
fn resource_with(kind: &str, text: &str) -> Container {
    let members = |text: &str| {
        let (_, members) = text.split_once("]},").unwrap();
        members.strip_suffix('}').unwrap().to_owned()
    };
    let resource = Resource::new(kid(&alice()), None).with_created(now()).to_text();
    let (resource, other) = (members(&resource), members(text));
    let header = format!(r#""sdmp":{{"version":"0.12.0","schemas":["resource","{kind}"]}}"#);
    container(format!("{{{header},{resource},{other}}}"))
}

fn published_message() -> Container {
    resource_with("message", message("hello").text())
}

/// Control of each kind.
fn control() -> [Container; 3] {
    let trust = Trust::new(kid(&bob()), vec![Authorization::Revoke], None).unwrap();
    let revoke = Revoke::new(Identifier::from_octets([7; 64]), None);
    [
        resource_with("identity", identity(&alice()).text()),
        resource_with("trust", &trust.to_text()),
        resource_with("revoke", &revoke.to_text()),
    ]
}

/// An hour after the test identities end.
fn later() -> Timestamp {
    Timestamp::from_unix_millis(time(EXPIRY).unix_millis() + 3_600_000).unwrap()
}

fn alice_is(revoked: bool) -> impl Fn(&sdmp_container::Fingerprint) -> Option<KnownSigner> {
    let find = known(&[&alice()]);
    move |kid| find(kid).map(|identity| KnownSigner { identity, revoked })
}

#[test]
fn r12_the_outer_part_of_a_resource_is_closed() {
    let signed = signature::sign(&published_message(), &[&local(&alice())], now())
        .unwrap()
        .text()
        .to_owned();
    assert!(verify(&signed).is_ok());
    let braces: Vec<usize> = signed.match_indices('{').map(|(at, _)| at + 1).collect();
    assert_eq!(braces.len(), 4, "the root, sdmp, signature and its one entry");
    for at in braces {
        let changed = format!("{}\"note\":\"unsigned\",{}", &signed[..at], &signed[at..]);
        let Ok(changed) = Container::parse(changed) else {
            continue; // `sdmp` has its two members in every container (R7).
        };
        let error = signature::verify(&changed, &known(&[&alice()]), now()).unwrap_err();
        assert_eq!(error.code(), "closed.extra_member", "octet {at}");
        let error = signature::verify_control(&changed, &alice_is(false), now()).unwrap_err();
        assert_eq!(error.code(), "closed.extra_member", "octet {at}");
    }
    let second = signed.replace(r#"["signature"]"#, r#"["signature","message"]"#);
    let second = second.replacen('{', r#"{"message":"unsigned","#, 1);
    assert_eq!(verify(&second).unwrap_err().code(), "closed.schemas");
}

/// What is no resource keeps the freedom of R12.
#[test]
fn r12_other_signature_containers_stay_open() {
    let signed =
        signature::sign(&message("hello"), &[&local(&alice())], now()).unwrap().text().to_owned();
    let changed = signed.replacen('{', r#"{"note":"unsigned","#, 1);
    let verified = verify(&changed).unwrap();
    assert_eq!((verified.container, verified.published), (message("hello"), None));
}

#[test]
fn r12_a_resource_has_one_signature() {
    let both = [local(&alice()), local(&bob())];
    let outcome = signature::sign(&published_message(), &both.each_ref(), now());
    assert_eq!(outcome.unwrap_err(), Error::OneSigner);
    let headers = [header(&alice()), header(&bob())];
    let entries = [(headers[0].as_str(), &*alice()), (headers[1].as_str(), &*bob())];
    let text = Forgery::new(published_message().as_bytes(), &entries).text();
    assert_eq!(verify(&text).unwrap_err().code(), "closed.signatures");
}

#[test]
fn r12_whether_the_signer_is_the_user_is_told() {
    for (signer, by_user) in [(alice(), true), (bob(), false)] {
        let signed = signature::sign(&published_message(), &[&local(&signer)], now())
            .unwrap()
            .text()
            .to_owned();
        let published = verify(&signed).unwrap().published.unwrap();
        assert_eq!((published.by_user, published.resource.user()), (by_user, &kid(&alice())));
        assert_eq!(published.resource.created(), Some(now()));
    }
}

#[test]
fn r16_control_by_an_expired_identity_verifies_where_the_caller_asks_for_it() {
    for control in control() {
        let signed =
            signature::sign(&control, &[&local(&alice())], now()).unwrap().text().to_owned();
        let signed = container(signed);
        let refused = signature::verify(&signed, &known(&[&alice()]), later());
        assert_eq!(refused.unwrap_err(), Error::Expired);
        for (now, revoked, ended) in [
            (now(), false, None),
            (later(), false, Some(Ended::Expired)),
            (now(), true, Some(Ended::Revoked)),
            (later(), true, Some(Ended::Revoked)),
        ] {
            let verified = signature::verify_control(&signed, &alice_is(revoked), now).unwrap();
            assert_eq!(verified.container, control);
            let expected: Vec<_> = ended.into_iter().map(|end| (kid(&alice()), end)).collect();
            assert_eq!(verified.ended, expected);
        }
    }
}

/// R16: content, and control that is not published, needs a signer who is alive.
#[test]
fn r16_nothing_but_control_is_taken_from_an_ended_identity() {
    let trust = Trust::new(kid(&bob()), vec![Authorization::Revoke], None).unwrap().to_text();
    for other in [published_message(), message("hello"), container(trust)] {
        let signed = signature::sign(&other, &[&local(&alice())], now()).unwrap().text().to_owned();
        let signed = container(signed);
        let outcome = |revoked, now| {
            signature::verify_control(&signed, &alice_is(revoked), now).map(|v| v.container)
        };
        assert_eq!(outcome(false, now()), Ok(other));
        assert_eq!(outcome(false, later()), Err(Error::Expired));
        assert_eq!(outcome(true, now()), Err(Error::Revoked));
    }
}

/// R20: an ended signer does not excuse a bad signature or an unknown one.
#[test]
fn r20_control_needs_a_right_signature_by_a_known_key() {
    let [identity, ..] = control();
    let forged = Forgery::new(identity.as_bytes(), &[(&header(&alice()), &bob())]).text();
    let outcome = signature::verify_control(&container(forged), &alice_is(true), later());
    assert_eq!(outcome.unwrap_err(), Error::BadSignature);
    let signed = signature::sign(&identity, &[&local(&bob())], now()).unwrap().text().to_owned();
    let outcome = signature::verify_control(&container(signed), &alice_is(true), later());
    assert_eq!(outcome.unwrap_err(), Error::UnknownSigner(kid(&bob())));
}

/// R16: an identity that ends early is as good as one that is expired.
#[test]
fn r16_the_identity_given_decides_when_it_ends() {
    let early = Identity::create(alice().public(), IdentityType::User, now()).unwrap();
    let [.., revoke] = control();
    let signed =
        container(signature::sign(&revoke, &[&local(&alice())], now()).unwrap().text().to_owned());
    let find = |_: &_| Some(KnownSigner { identity: early.clone(), revoked: false });
    let verified = signature::verify_control(&signed, &find, now()).unwrap();
    assert_eq!(verified.ended, [(kid(&alice()), Ended::Expired)]);
}
