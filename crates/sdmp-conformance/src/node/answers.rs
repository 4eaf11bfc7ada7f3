//! Answers of the tester's node that are wrong in one point.

use super::case::{Draft, Given, Lines, MESSAGE, Tamper, Who};
use super::deeds::journal;
use super::play::Play;
use crate::error::Error;
use sdmp_container::ResourceName;
use sdmp_journal::exchange::{Answered, Body, RequestId, Response};
use sdmp_journal::{Line, LineId};

impl Play<'_> {
    pub(super) fn answer_lines_wrongly(
        &mut self,
        deed: Lines,
        identifier: RequestId,
        since: LineId,
        honest: Option<Vec<Line>>,
    ) -> Result<(), Error> {
        let mut lines = honest.unwrap_or_default();
        let own = identifier.as_str();
        let texts = |lines: &[Line]| lines.iter().map(Line::to_string).collect::<Vec<_>>();
        let ok = |since: LineId, lines: &[String]| {
            let header = "{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"broadcast\"]}";
            response("ok", own, &format!(",\"data\":{header},{}}}", journal(since, lines)))
        };
        let members = match deed {
            Lines::OtherSince => ok(LineId::after("another line"), &texts(&lines)),
            Lines::Unchained => {
                lines.swap(1, 2);
                ok(since, &texts(&lines))
            }
            Lines::Malformed => ok(since, &["no line".to_owned()]),
            Lines::TooMany => ok(since, &self.many_lines()?),
            Lines::OtherSecond => {
                let mut head = sdmp_journal::Head::new(self.own_name());
                let own = self.lines.clone();
                // The trust comes first, and the identity second.
                let order = [1, 0, 2].into_iter().filter_map(|index| own.get(index));
                let swapped: Vec<String> = order
                    .map(|line| head.append(line.author.clone(), line.id.clone()).to_string())
                    .collect();
                ok(since, &swapped)
            }
            Lines::OtherIdentifier => response("not_found", "another", ""),
            Lines::BadRequest => response("bad_request", own, ""),
            Lines::OtherStatus => response("perhaps", own, ""),
            Lines::Resource => {
                let text = self.maker()?.resource(&MESSAGE, &[], None)?.text;
                response("ok", own, &format!(",\"data\":{text}"))
            }
            Lines::Nothing => response("ok", own, ""),
            Lines::NotFound => response("not_found", own, ""),
            Lines::Signed => {
                let members = journal(since, &texts(&lines));
                let signed =
                    self.exchange(("\"broadcast\"", &members), Who::Node, Tamper::Nothing)?;
                let signed = String::from_utf8_lossy(signed.as_bytes()).into_owned();
                response("ok", own, &format!(",\"data\":{signed}"))
            }
            Lines::Fork => return Ok(()),
        };
        self.respond(&members, Who::Node)
    }

    pub(super) fn answer_names_wrongly(
        &mut self,
        deed: Given,
        identifier: RequestId,
        names: &[ResourceName],
    ) -> Result<(), Error> {
        let own = identifier.as_str().to_owned();
        let subject = self.subject.clone().ok_or_else(|| Error::vector("no subject"))?;
        let honest: Vec<_> = names.iter().map(|name| self.given(name)).collect();
        let revocation =
            |target: &'static str| Draft { schemas: "\"revoke\"", members: target, ..MESSAGE };
        const OTHER: &str = "\"revoke\":{\"resource\":\"{unknown}\"}";
        const THIS: &str = "\"revoke\":{\"resource\":\"{0}\"}";
        let data = |text: &str| format!(",\"data\":{text}");
        let mut signer = Who::Node;
        let rest = match deed {
            Given::Other => data(&self.maker()?.resource(&MESSAGE, &[], None)?.text),
            Given::FalseAuthor => data(&subject.text),
            Given::Rubbish => data("{\"x\":1}"),
            Given::OtherRevocation => {
                data(&self.maker()?.resource(&revocation(OTHER), &[], None)?.text)
            }
            Given::OtherRevoked => {
                let earlier = [subject];
                let revoke = self.maker()?.resource(&revocation(THIS), &earlier, None)?.text;
                let other = self.maker()?.resource(&MESSAGE, &[], None)?.text;
                format!("{},\"revoked\":{other}", data(&revoke))
            }
            Given::More => {
                let more = vec!["null"; names.len()].join(",");
                format!("{},\"more\":[{more}]", data(&subject.text))
            }
            Given::OtherIdentifier => {
                return self.respond(&response("not_found", "another", ""), signer);
            }
            Given::BadRequest => return self.respond(&response("bad_request", &own, ""), signer),
            Given::OtherSigner => {
                signer = Who::First;
                data(&subject.text)
            }
            Given::NotFound => return self.respond(&response("not_found", &own, ""), signer),
            Given::Twice | Given::Shorter => {
                let mut answered = honest;
                if deed == Given::Shorter {
                    answered.truncate(1);
                }
                let answered = Answered::Resources(answered);
                let body = Body::Response(Response { identifier, answered });
                self.send(&body)?;
                return if deed == Given::Twice { self.send(&body) } else { Ok(()) };
            }
        };
        // What is wrong stands in the place of the first name, whichever that is.
        self.respond(&response("ok", &own, &rest), signer)
    }

    fn respond(&mut self, members: &str, signer: Who) -> Result<(), Error> {
        let response = ("\"response\"", members);
        let object = self.maker()?.exchange(response, signer, Tamper::Nothing)?;
        self.session.send(&object)
    }
}

fn response(status: &str, identifier: &str, rest: &str) -> String {
    format!("\"response\":{{\"status\":\"{status}\",\"identifier\":\"{identifier}\"{rest}}}")
}
