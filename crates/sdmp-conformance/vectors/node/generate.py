#!/usr/bin/env python3
"""Writes the vectors of the node's rules (docs/node.md) and the resources that they name.

Independent of the code that they judge: hashes by hashlib, keys and signatures by the package
`cryptography` (PyPI); what must come out of a case is stated by hand. Run it in this directory:
python3 generate.py. RSASSA-PKCS1-v1_5 is deterministic, so the result is always the same.
"""

import base64
import datetime
import hashlib
import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

HERE = pathlib.Path(__file__).parent
START = datetime.datetime(2026, 12, 1, 9, 0, 0, tzinfo=datetime.timezone.utc)
DAY = 24 * 3600 * 1000


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sha(text):
    return b64(hashlib.sha512(text.encode()).digest())


def at(millis):
    time = START + datetime.timedelta(milliseconds=millis)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Key:
    def __init__(self, name, kind, expires=3650 * DAY):
        self.name, self.kind, self.expires = name, kind, expires
        pem = (HERE.parent / "keys" / f"{name}.pem").read_bytes()
        self.private = serialization.load_pem_private_key(pem, None)
        public = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.pem = public.decode().strip()
        self.fp = sha(self.pem.replace("\n", "\\n"))

    def protected(self, **changes):
        header = {"alg": "HS512", "kid": self.fp, **changes}
        return b64(compact(header).encode())

    def sign(self, protected, payload):
        message = f"{protected}.{payload}".encode()
        return b64(self.private.sign(message, padding.PKCS1v15(), hashes.SHA512()))

    def described(self, kind=None, expires=None):
        return {"type": kind or self.kind, "expires": at(expires or self.expires),
                "key": self.pem, "fingerprint": self.fp}


def outer(identifier, payload, entries, version="0.12.0"):
    return {"sdmp": {"version": version, "schemas": ["signature"]},
            "signature": {"identifier": identifier, "payload": payload, "signatures": entries}}


def entry(key, payload):
    protected = key.protected()
    return {"protected": protected, "signature": key.sign(protected, payload)}


def seal(key, payload_text):
    payload = b64(payload_text.encode())
    return compact(outer(sha(payload), payload, [entry(key, payload)]))


def payload(user, trust, created, kind, members, version="0.12.0", schemas=None):
    resource = {"user": user}
    if trust:
        resource["trust"] = trust
    if created is not None:
        resource["created"] = at(created)
    if schemas is None:
        schemas = ["resource"] + ([kind] if kind else [])
    return compact({"sdmp": {"version": version, "schemas": schemas}, "resource": resource, **members})


def id_of(text):
    return json.loads(text)["signature"]["identifier"]


FIXTURES = {}


def publish(name, key, user, trust, created, kind, members):
    """A resource by name; `trust` is the name of one, or none."""
    text = seal(key, payload(user.fp, trust and id_of(FIXTURES[trust]), created, kind, members))
    FIXTURES[name] = text
    return text


def identity(name, key, created=0, **described):
    publish(name, key, key, None, created, "identity", {"identity": key.described(**described)})


def trust(name, key, user, under, trustee, grants, created=1, expires=None):
    body = {"trustee": trustee.fp, "authorization": grants.split()}
    if expires is not None:
        body["expires"] = at(expires)
    publish(name, key, user, under, created, "trust", {"trust": body})


def revoke(name, key, user, under, target, created=10, authorized=False):
    body = {"resource": id_of(FIXTURES[target])}
    if authorized:
        body["authorization"] = id_of(FIXTURES[under])
    publish(name, key, user, under, created, "revoke", {"revoke": body})


def message(name, key, user, under, created=5, text="hello"):
    publish(name, key, user, under, created, "message", {"message": text})


# U and B are users, X, X2 and P nodes of U, Y a node of B.
U, B = Key("alice", "user"), Key("carol", "user")
X, Y, X2, P = Key("bob", "node"), Key("dave", "node"), Key("erin", "node"), Key("mallory", "node")
ALL = "read_encrypted read_resource publish_resource create_trust revoke"
REST = "read_encrypted read_resource publish_resource revoke"
HOST = "read_resource"

for name, key in [("U", U), ("B", B), ("X", X), ("Y", Y), ("X2", X2), ("P", P)]:
    identity(name, key)
identity("P short", P, created=1, expires=20 * DAY)
identity("P as user", P, created=1, kind="user")
identity("X2 short", X2, created=1, expires=10 * DAY)
identity("U short", U, created=1, expires=10 * DAY)
trust("U>X", U, U, None, X, ALL)
trust("U>X 100 days", U, U, None, X, ALL, expires=100 * DAY)
trust("U>X host", U, U, None, X, HOST, created=2)
trust("U>X publish", U, U, None, X, "publish_resource", created=3)
trust("U>X again", U, U, None, X, ALL, created=20)
trust("U>X2", U, U, None, X2, ALL, created=2, expires=50 * DAY)
trust("U>X2 host", U, U, None, X2, HOST, created=3)
trust("U>X2 few", U, U, None, X2, "read_resource create_trust", created=4)
trust("U>X2 rest", U, U, None, X2, REST, created=5)
trust("U>B", U, U, None, B, HOST, created=2, expires=100 * DAY)
trust("U>B publish", U, U, None, B, "publish_resource", created=3)
trust("U>U", U, U, None, U, HOST)
trust("B>Y", B, B, None, Y, ALL, expires=100 * DAY)
trust("B>Y publish", B, B, None, Y, "publish_resource", created=2)
trust("B>U", B, B, None, U, HOST, expires=100 * DAY)
trust("B>X", B, B, None, X, ALL, created=4)
trust("X>P", X, U, "U>X", P, REST, created=3)
trust("X>P host", X, U, "U>X", P, HOST, created=4)
trust("X>P late", X, U, "U>X", P, HOST, created=60 * DAY)
trust("X>P under 100 days", X, U, "U>X 100 days", P, HOST, created=4, expires=200 * DAY)
trust("X>P all", X, U, "U>X", P, ALL, created=5)
trust("X>X", X, U, "U>X", X, HOST)
trust("X>U", X, U, "U>X", U, HOST)
trust("X>B", X, U, "U>X", B, HOST, created=6)
trust("X2>P host few", X2, U, "U>X2 few", P, HOST, created=7)
trust("X2>P revoke few", X2, U, "U>X2 few", P, "revoke", created=7)
trust("X2>P rest", X2, U, "U>X2 rest", P, HOST, created=7)
trust("P>Y", P, U, "X>P", Y, HOST, created=8)
trust("X own>Y", X, X, None, Y, HOST, created=8)
message("U says", U, U, None)
message("U says late", U, U, None, created=11 * 60 * 1000)
message("X says", X, U, "U>X")
message("X says again", X, U, "U>X again", created=30)
message("X says host", X, U, "U>X host")
message("X says publish", X, U, "U>X publish")
message("P says", P, U, "X>P")
message("X says under B", X, U, "B>X")
message("X says itself", X, X, None)
message("B says under U", B, U, "U>B publish")
message("X says under message", X, U, "U says")
publish("X is", X, U, "U>X host", 6, "node", {"information": {"type": "node", "ips": []}})
publish("P is", P, U, "X>P under 100 days", 6, "node", {"information": {"type": "node", "ips": ["192.0.2.1:9"]}})
revoke("U bars X", U, U, None, "U>X")
revoke("U ends X host", U, U, None, "U>X host", created=11)
revoke("U ends B", U, U, None, "U>B")
revoke("B ends U", B, B, None, "B>U")
revoke("Y ends U", Y, B, "B>Y", "B>U", authorized=True)
revoke("X ends B", X, U, "U>X", "U>B", authorized=True)
revoke("X ends B plain", X, U, "U>X", "U>B", created=12)
revoke("X ends X2", X, U, "U>X", "U>X2", authorized=True)
revoke("X2 ends X", X2, U, "U>X2", "U>X", authorized=True)
revoke("X2 ends P late", X2, U, "U>X2", "X>P late", authorized=True)
revoke("X2 ends P", X2, U, "U>X2", "X>P", authorized=True)
revoke("X ends P", X, U, "U>X", "X>P")
revoke("P ends B", P, U, "X>P", "U>B", authorized=True)
revoke("X host ends", X, U, "U>X host", "U>B", authorized=True)
revoke("X ends X", X, X, None, "X")
revoke("U ends X's identity", U, U, None, "X", created=13)
revoke("X ends U's identity", X, U, "U>X", "U", created=13, authorized=True)
revoke("U ends U", U, U, None, "U", created=14)
revoke("U ends message", U, U, None, "U says")
revoke("X ends message", X, U, "U>X", "X says")
revoke("X2 ends message", X2, U, "U>X2", "X says", authorized=True)
revoke("X2 ends message plain", X2, U, "U>X2", "X says", created=11)
revoke("U undoes", U, U, None, "X ends B", created=15)
revoke("B ends message", B, B, None, "U says")
text = payload(U.fp, None, 16, "revoke", {"revoke": {
    "resource": id_of(FIXTURES["U>B"]), "authorization": id_of(FIXTURES["U>X"])}})
FIXTURES["U ends by X"] = seal(U, text)
text = payload(U.fp, id_of(FIXTURES["U>X host"]), 16, "revoke", {"revoke": {
    "resource": id_of(FIXTURES["U>B"]), "authorization": id_of(FIXTURES["U>X"])}})
FIXTURES["X ends crossed"] = seal(X, text)

FILES = {}


def case(file, id, comment, rules, operation, given, **expected):
    """`error=` a code with perhaps `details=`, or `output=`."""
    if "error" in expected:
        wanted = {k: v for k, v in expected.items() if v is not None}
    else:
        wanted = {"valid": True}
        if expected.get("output"):
            wanted["output"] = expected["output"]
    FILES.setdefault(file, []).append({
        "id": id, "comment": comment, "rules": rules.split(), "operation": operation,
        "input": given, "expected": wanted})


# --- the form, payload and kinds of resources -------------------------------------------------
def resource(case_id, comment, rules, given, error=None, **output):
    octets = given if isinstance(given, dict) else {"text": given}
    case("resources", case_id, comment, rules, "node.resource", {"octets": octets},
         **({"error": error} if error else {"output": output}))


good = FIXTURES["U says"]
parts = json.loads(good)
for name, kind in [("U", "identity"), ("U>X", "trust"), ("U bars X", "revoke"), ("X is", "node"), ("U says", "message")]:
    value = json.loads(FIXTURES[name])["signature"]
    resource(f"kind-{kind}", f"a resource of kind {kind}", "N3 N4 N5", FIXTURES[name], kind=kind,
             id=value["identifier"], text=FIXTURES[name])
for kind, members in [("user", {"user": {"name": "Ursula"}}), ("receipt", {"receipt": parts["signature"]["identifier"]}),
                      ("encrypted", {"encrypted": {"iv": "A" * 22, "payload": "AAAA", "recipients": [{"key": "AAAA"}]}})]:
    resource(f"kind-{kind}", f"a resource of kind {kind}", "N4 N5",
             seal(U, payload(U.fp, None, 0, kind, members)), kind=kind)
resource("kind-none", "no core schema but resource", "N4 N5", seal(U, payload(U.fp, None, 0, None, {"x": 1})), kind="none")
uri = f"sdmp://{U.fp}/{parts['signature']['identifier']}"
resource("extension", "extension schemas are listed and not judged", "N4",
         seal(U, payload(U.fp, None, 0, None, {"x": {}}, schemas=["resource", uri])), kind="none")
resource("extension-and-kind", "an extension beside a kind, in another order", "N4",
         seal(U, payload(U.fp, None, 0, None, {"message": "m"}, schemas=[uri, "message", "resource"])), kind="message")
resource("no-created", "created is optional", "N4", seal(U, payload(U.fp, None, None, "message", {"message": "m"})), kind="message")
resource("payload-0-12-7", "a payload of a later 0.12", "N4",
         seal(U, payload(U.fp, None, 0, "message", {"message": "m"}, version="0.12.7")), kind="message")
spaced = json.dumps(parts, indent=1)
resource("spaced", "white space in the outer part is not stored", "N3", spaced, text=good)
reordered = compact({"signature": dict(reversed(parts["signature"].items())), "sdmp": parts["sdmp"]})
resource("reordered", "members in another order are emitted in ours", "N3", reordered, text=good)
resource("outer-0-12-9", "the outer part of a later 0.12 is emitted as 0.12.0", "N3",
         compact(outer(parts["signature"]["identifier"], parts["signature"]["payload"], parts["signature"]["signatures"], "0.12.9")), text=good)
resource("escaped", "an escaped character in a name or value is the same text", "N3", good.replace('"payload":"e', '"p\\u0061yload":"\\u0065'), text=good)


def changed(change):
    value = json.loads(good)
    change(value)
    return compact(value)


def put(path, to):
    def change(value):
        for step in path[:-1]:
            value = value[step]
        value[path[-1]] = to
    return changed(change)


S = "signature"
for id, comment, text in [
    ("not-json", "not JSON", good[:-1]),
    ("empty", "no octets", ""),
    ("extra-root", "another member in the root", put(["x"], 1)),
    ("extra-signature", "another member in signature", put([S, "x"], 1)),
    ("extra-entry", "another member in an entry", put([S, "signatures", 0, "x"], 1)),
    ("extra-sdmp", "another member in sdmp", put(["sdmp", "x"], 1)),
    ("no-identifier", "without an identifier", changed(lambda v: v[S].pop("identifier"))),
    ("no-payload", "without a payload", changed(lambda v: v[S].pop("payload"))),
    ("no-signatures", "without signatures", changed(lambda v: v[S].pop("signatures"))),
    ("zero-signatures", "an empty list of signatures", put([S, "signatures"], [])),
    ("two-signatures", "two signatures", put([S, "signatures"], parts[S]["signatures"] * 2)),
    ("identifier-of-another", "the identifier of another payload", put([S, "identifier"], sha("other"))),
    ("identifier-short", "an identifier of 85 characters", put([S, "identifier"], parts[S]["identifier"][:-1])),
    ("version-0-11", "an outer part of version 0.11", put(["sdmp", "version"], "0.11.0")),
    ("version-1-0", "an outer part of version 1.0", put(["sdmp", "version"], "1.0.0")),
    ("schemas-two", "an outer part that lists two schemas", put(["sdmp", "schemas"], ["signature", "resource"])),
    ("schemas-message", "an outer part that is no signature", put(["sdmp", "schemas"], ["message"])),
    ("payload-padding", "a payload with padding", put([S, "payload"], parts[S]["payload"] + "=")),
    ("signature-not-base64", "a signature that is not base64url", put([S, "signatures", 0, S], "+/")),
    ("protected-alg", "another algorithm", put([S, "signatures", 0, "protected"], U.protected(alg="RS512"))),
    ("protected-extra", "another member in the protected header", put([S, "signatures", 0, "protected"], U.protected(x=1))),
    ("protected-kid", "a kid that is no fingerprint", put([S, "signatures", 0, "protected"], U.protected(kid="x"))),
    ("payload-number", "a payload that is a number", put([S, "payload"], 7)),
]:
    resource(f"form-{id}", comment, "N3 N6", text, error="resource.form")
resource("form-duplicate", "a member twice", "N3 N6", good.replace('"sdmp":', '"sdmp":{},"sdmp":', 1), error="resource.form")
head, tail = good[:-1], "}"
resource("size-17-mib", "longer than any text that is read", "N3 N6",
         {"parts": [{"text": head}, {"text": " ", "times": 17 << 20}, {"text": tail}]}, error="resource.size")
long_payload = "A" * (8 << 20)
long_id = sha(long_payload)
protected = U.protected()
prefix, suffix = compact(outer(long_id, "@", [{"protected": protected, "signature": "AAAA"}])).split("@")
resource("size-8-mib", "over 8 MiB when compact: the length counts before the payload is looked at", "N3 N6",
         {"parts": [{"text": prefix}, {"text": "A", "times": 8 << 20}, {"text": suffix}]}, error="resource.size")

for id, comment, text in [
    ("not-json", "the payload is not JSON", "hello"),
    ("no-resource", "the payload does not list resource", payload(U.fp, None, 0, None, {"message": "m"}, schemas=["message"])),
    ("two-kinds", "two core schemas beside resource", payload(U.fp, None, 0, None, {"message": "m", "receipt": "r"}, schemas=["resource", "message", "receipt"])),
    ("version", "a payload of version 0.11", payload(U.fp, None, 0, "message", {"message": "m"}, version="0.11.0")),
    ("user-missing", "resource without user", compact({"sdmp": {"version": "0.12.0", "schemas": ["resource"]}, "resource": {}})),
    ("publisher", "publisher in place of user", compact({"sdmp": {"version": "0.12.0", "schemas": ["resource"]}, "resource": {"publisher": U.fp}})),
    ("user-form", "a user that is no fingerprint", payload("x", None, 0, "message", {"message": "m"})),
    ("trust-form", "a trust that is no identifier", payload(U.fp, "x", 0, "message", {"message": "m"})),
    ("created-form", "created in another form", payload(U.fp, None, 0, "message", {"message": "m"}).replace(at(0), "2026-12-01T09:00:00Z")),
    ("created-date", "created on a day that does not exist", payload(U.fp, None, 0, "message", {"message": "m"}).replace("12-01T", "02-30T")),
    ("message-type", "a message that is a number", payload(U.fp, None, 0, "message", {"message": 1})),
    ("trust-empty", "a trust that gives nothing", payload(U.fp, None, 0, "trust", {"trust": {"trustee": X.fp, "authorization": []}})),
    ("trust-word", "a trust that gives what does not exist", payload(U.fp, None, 0, "trust", {"trust": {"trustee": X.fp, "authorization": ["fly"]}})),
    ("trust-expires", "a trust with another form of time", payload(U.fp, None, 0, "trust", {"trust": {"trustee": X.fp, "authorization": [HOST], "expires": "never"}})),
    ("revoke-missing", "a revocation of nothing", payload(U.fp, None, 0, "revoke", {"revoke": {}})),
    ("node-no-trust", "a node without a trust", payload(X.fp, None, 0, "node", {"information": {"type": "node", "ips": []}})),
    ("identity-fingerprint", "an identity with another key's fingerprint", payload(U.fp, None, 0, "identity", {"identity": {**U.described(), "fingerprint": X.fp}})),
    ("identity-key", "an identity whose key has another line width", payload(U.fp, None, 0, "identity", {"identity": {**U.described(), "key": U.pem.replace("\n", "", 2)}})),
    ("kind-and-type", "a wrong typed object is seen before the kind", payload(U.fp, None, 0, "broadcast", {"journal": 1})),
]:
    resource(f"payload-{id}", comment, "N4 N6", seal(U, text), error="resource.payload")
for kind, members in [("broadcast", {"journal": {"since": "x", "entries": ["x"]}}),
                      ("request_journal", {"request": {"identifier": "1", "type": "journal", "since": "x"}}),
                      ("response", {"response": {"status": "not_found", "identifier": "1"}}),
                      ("shared_key", {"connection": {"g": 2, "p": "AQ", "N": "AQ"}}),
                      ("signature", {"signature": parts["signature"]})]:
    resource(f"kind-{kind.replace('_', '-')}-refused", f"{kind} is not published", "N5 N6",
             seal(U, payload(U.fp, None, 0, kind, members)), error="resource.kind")
resource("length-trust", "a trust of over 16 KiB", "N5 N6",
         seal(U, payload(U.fp, None, 0, "trust", {"trust": {"trustee": X.fp, "authorization": [HOST]}, "x": "x" * (16 << 10)})), error="resource.kind")
fill = (16 << 10) - len(payload(U.fp, None, 0, "trust", {"trust": {"trustee": X.fp, "authorization": [HOST]}, "x": ""}))
resource("length-trust-most", "a trust of exactly 16 KiB", "N5",
         seal(U, payload(U.fp, None, 0, "trust", {"trust": {"trustee": X.fp, "authorization": [HOST]}, "x": "x" * fill})), kind="trust")

# --- making resources: every octet is known ---------------------------------------------------
for name, given in [
    ("U", {"key": {"key": "alice", "type": "user", "expires": at(3650 * DAY)}, "make": "identity", "created": at(0)}),
    ("U>X", {"key": "alice", "make": "trust", "trustee": X.fp, "authorization": ALL.split(), "created": at(1)}),
    ("U>X2", {"key": "alice", "make": "trust", "trustee": X2.fp, "authorization": ALL.split(), "expires": at(50 * DAY), "created": at(2)}),
    ("X says", {"key": "bob", "user": U.fp, "trust": "U>X", "make": "publish", "octets": {"text": '{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello"}'}, "created": at(5)}),
    ("X is", {"key": "bob", "user": U.fp, "trust": "U>X host", "make": "node", "ips": [], "created": at(6)}),
    ("U bars X", {"key": "alice", "make": "revoke", "resource": "U>X", "created": at(10)}),
    ("X ends X2", {"key": "bob", "user": U.fp, "trust": "U>X", "make": "revoke", "resource": "U>X2", "authorized": True, "created": at(10)}),
]:
    # The generator writes the authorizations as it was told; the program in the order of N12.
    if given["make"] == "trust":
        order = ["read_resource", "read_encrypted", "publish_resource", "create_trust", "revoke"]
        body = {"trustee": given["trustee"], "authorization": [a for a in order if a in given["authorization"]]}
        if "expires" in given:
            body["expires"] = given["expires"]
        expected = seal(U, compact({"sdmp": {"version": "0.12.0", "schemas": ["resource", "trust"]},
                                    "resource": {"user": U.fp, "created": given["created"]}, "trust": body}))
    else:
        expected = FIXTURES[name]
    slug = name.lower().replace(">", "-").replace(" ", "-")
    case("making", f"make-{slug}", f"makes {name}, octet for octet", "N3 N4 N5", "node.make", given, output={"text": expected})
for made, octets in [("receipt", '{"sdmp":{"version":"0.12.0","schemas":["receipt"]},"receipt":"' + id_of(good) + '"}'),
                     ("broadcast", '{"sdmp":{"version":"0.12.0","schemas":["broadcast"]},"journal":{"since":"x","entries":["x"]}}')]:
    case("making", f"make-{made}-refused", f"a {made} is not published", "N5", "node.make",
         {"key": "alice", "make": "publish", "octets": {"text": octets}, "created": at(0)}, error="resource.kind")
case("making", "make-node-without-trust", "a node without a trust", "N4 N5", "node.make",
     {"key": "bob", "make": "node", "ips": [], "created": at(0)}, error="resource.payload")

# --- judging ----------------------------------------------------------------------------------
HOUSE = ["U", "X", "U>X"]


def judge(id, comment, rules, known, what, now=0, error=None, verdict=None, revoked=False, text=None, **more):
    given = {"known": known, "own": U.fp, "now": at(now), **more}
    given.update({"octets": {"text": text}} if text else {"resource": what})
    if error:
        case("judging", id, comment, rules, "node.judge", given, error=error, details={"verdict": verdict} if verdict else None)
    else:
        case("judging", id, comment, rules, "node.judge", given, output={"verdict": "admit", "revoked": revoked})


judge("identity", "an identity by its own key", "N6", [], "U")
judge("identity-of-node", "a node's identity by its own key", "N5 N6", [], "X")
for id, comment, text in [
    ("other-signer", "an identity that another key signed", seal(X, payload(U.fp, None, 0, "identity", {"identity": U.described()}))),
    ("other-user", "an identity for another user", seal(U, payload(X.fp, None, 0, "identity", {"identity": U.described()}))),
    ("trust", "an identity with a trust", seal(U, payload(U.fp, id_of(FIXTURES["U>X"]), 0, "identity", {"identity": U.described()}))),
    ("signature", "an identity with a wrong signature", compact({**json.loads(FIXTURES["U"]), S: {**json.loads(FIXTURES["U"])[S], "signatures": [{"protected": U.protected(), S: "AAAA"}]}})),
]:
    judge(f"identity-{id}", comment, "N6 N7", ["X"], None, text=text, error="resource.identity", verdict="bad_copy")
judge("author-unknown", "waits for its author", "N6 N7", [], "U says", error="waits.author", verdict="waits")
wrong = json.loads(good)
wrong[S]["signatures"][0][S] = json.loads(FIXTURES["X says"])[S]["signatures"][0][S]
judge("signature-bad", "a signature of something else", "N6 N7", ["U"], None, text=compact(wrong), error="signature.bad", verdict="bad_copy")
swapped = json.loads(good)
swapped[S]["signatures"] = [entry(X, swapped[S]["payload"])]
judge("signer-swapped", "another key signed the same payload", "N6 N7", ["U", "X"], None, text=compact(swapped), error="resource.signer", verdict="bad_copy")
judge("trust-unknown", "waits for its trust", "N6 N7", ["U", "X"], "X says", error="waits.resource", verdict="waits")
judge("message-by-user", "by the user's key", "N5 N6", ["U"], "U says")
judge("message-by-node", "by a node under a trust", "N5 N6", HOUSE, "X says")
judge("message-by-node-as-itself", "a node as itself publishes nothing", "N5 N6", ["X"], "X says itself", error="resource.signer", verdict="bad_copy")
judge("trust-by-node-as-itself", "a node as itself trusts nobody", "N5 N6", ["X"], "X own>Y", error="resource.signer")
judge("trust-of-another-user", "under a trust of another user", "N6", ["U", "B", "X", "B>X"], "X says under B", error="resource.signer")
judge("trust-in-a-user", "a user does not publish for another", "N6 N12", ["U", "B", "U>B publish"], "B says under U", error="resource.signer")
judge("trust-is-a-message", "a trust that is a message", "N6", ["U", "X", "U says"], "X says under message", error="resource.signer")
judge("two-types", "of a key of two types both count for who signs", "N6 N9", [*HOUSE, "P", "P as user", "X>P"], "P says", error="authority.ended", verdict="refused")
judge("known", "what is known is not judged again", "N6", ["U"], "U", error="known")
judge("created-ahead", "content over 10 minutes ahead waits", "N6", ["U"], "U says late", error="waits.time", verdict="waits")
judge("created-ahead-10-minutes", "content 10 minutes ahead is admitted", "N6", ["U"], "U says late", now=60 * 1000)
judge("control-ahead", "control from the future does not wait", "N6 N8", HOUSE, "X>P late")
judge("publish-missing", "under a trust that does not give it", "N5 N6", ["U", "X", "U>X host"], "X says host", error="authority.missing", verdict="refused")
judge("publish-missing-though-held", "the trust that is named must give it", "N6", [*HOUSE, "U>X host"], "X says host", error="authority.missing")
judge("publish-by-another-trust", "it may be held by another trust than the named one", "N6 N12", ["U", "X", "U>X 100 days", "U>X publish"], "X says publish", now=101 * DAY)
judge("node-anything", "a node about itself needs any trust", "N5 N6", ["U", "X", "U>X host"], "X is")
judge("node-ended", "a node under a chain that has expired", "N6 N11", ["U", "X", "P", "U>X 100 days", "X>P under 100 days"], "P is", now=100 * DAY, error="authority.ended")
judge("node-live", "the same before", "N6 N11", ["U", "X", "P", "U>X 100 days", "X>P under 100 days"], "P is", now=100 * DAY - 1)
judge("user-expired", "by a user's key that has expired", "N6 N9", ["U", "U short"], "U says", now=10 * DAY, error="authority.ended")
judge("user-not-expired", "by the same key a moment before", "N6 N9", ["U", "U short"], "U says", now=10 * DAY - 1)
judge("user-revoked", "by a user's key that is revoked", "N6 N9", ["U", "U ends U"], "U says", error="authority.ended")
judge("trust-after-revoked-identity", "control by a revoked key is admitted", "N8", ["U", "U ends U"], "U>X")
judge("trust-by-user", "a trust by the user's key", "N10", ["U"], "U>X")
judge("trust-by-node", "a trust by a node under the user's key's trust", "N10", HOUSE, "X>P")
judge("trust-in-user", "a trust in the user itself", "N10", ["U"], "U>U", error="trust.self", verdict="refused")
judge("trust-in-user-by-node", "a node's trust in the user", "N10", HOUSE, "X>U", error="trust.self")
judge("trust-in-signer", "a trust in its signer", "N10", HOUSE, "X>X", error="trust.self")
judge("trust-gives-create-trust", "a node gives no create_trust", "N10", HOUSE, "X>P all", error="trust.exceeds", verdict="refused")
judge("trust-within", "a node gives what it holds, with create_trust", "N10", ["U", "X2", "U>X2 few"], "X2>P host few")
judge("trust-exceeds", "a node gives more than it holds", "N10", ["U", "X2", "U>X2 few"], "X2>P revoke few", error="trust.exceeds")
judge("trust-without-create-trust", "a node without create_trust gives nothing", "N10", ["U", "X2", "U>X2 rest"], "X2>P rest", error="trust.exceeds")
judge("trust-third-link", "a node that a node trusts gives nothing", "N10", [*HOUSE, "P", "X>P"], "P>Y", error="trust.exceeds")
judge("trust-dead-chain", "control is admitted under a dead trust", "N8 N10", [*HOUSE, "U bars X"], "X>P")
judge("revoke-by-user", "a revocation by the user's key", "N13", ["U"], "U ends B")
judge("revoke-unknown-target", "its target may be unknown", "N13", HOUSE, "X ends X2")
judge("revoke-plain", "without authorization under any trust", "N13", HOUSE, "X ends B plain")
judge("revoke-own-identity", "a node revokes its own identity as itself", "N5 N13", ["X"], "X ends X")
judge("revoke-lacks", "an authorization that does not give revoke", "N13", ["U", "X", "U>X host"], "X host ends", error="revoke.authorization", verdict="refused")
judge("revoke-crossed", "an authorization that is another trust", "N13", [*HOUSE, "U>X host"], "X ends crossed", error="revoke.authorization")
judge("revoke-user-authorization", "the user's key names no authorization", "N13", [*HOUSE], "U ends by X", error="revoke.authorization")
judge("revoke-barred", "a barred node's revocation", "N14", [*HOUSE, "U bars X"], "X ends B", error="trust.barred", verdict="refused")
judge("revoke-barred-sponsor", "a revocation under a trust that a barred node signed", "N14", [*HOUSE, "P", "X>P", "U bars X"], "P ends B", error="trust.barred")
judge("revoke-user-end", "the end of a trust in a user bars nobody", "N14", ["U", "B", "U>B", "U ends B"], "U ends X host")
judge("trust-barred", "a trust in a barred node is admitted", "N14", [*HOUSE, "U bars X"], "U>X again")
judge("content-barred", "content of a barred node is refused, under a new trust too", "N14 N6", [*HOUSE, "U bars X", "U>X again"], "X says again", error="authority.ended")
judge("revoked-content", "revoked content is refused", "N6 N13", [*HOUSE, "X ends message"], "X says", error="resource.revoked", verdict="refused")
judge("revoked-content-by-user", "revoked by the user's key before it came", "N6 N13", ["U", "U ends message"], "U says", error="resource.revoked")
judge("revoked-by-other-user", "another user's revocation has no effect", "N13", ["U", "B", "B ends message"], "U says")
judge("revoked-content-plain", "another node's revocation without authorization has no effect", "N13", [*HOUSE, "X2", "U>X2", "X2 ends message plain"], "X says")
judge("revoked-content-authorized", "another node's revocation with authorization has", "N13", [*HOUSE, "X2", "U>X2", "X2 ends message"], "X says", error="resource.revoked")
judge("revoked-trust", "a revoked trust is admitted, as revoked", "N6 N13", ["U", "U ends B"], "U>B", revoked=True)
judge("revoked-identity-by-user", "nobody else revokes an identity", "N13", ["U", "U ends X's identity"], "X")
judge("room-trusts", "a share that is full of trusts", "N51", [*HOUSE, "X>P"], "X>B", limits={"trusts": 1}, error="waits.room", verdict="waits")
judge("room-trusts-left", "a share with room", "N51", [*HOUSE, "X>P"], "X>B", limits={"trusts": 2})
judge("room-user", "the user's key always finds room", "N51", [*HOUSE, "U>X2"], "U>B", limits={"trusts": 1})
judge("room-revocations", "a share that is full of revocations", "N51", [*HOUSE, "X ends X2"], "X ends B", limits={"revocations": 1}, error="waits.room")
judge("room-bar", "a bar always finds room", "N51", [*HOUSE, "U ends B"], "U bars X", limits={"revocations": 1})
judge("room-sponsored", "keys that one node trusts share", "N51", [*HOUSE, "P", "X>P", "P ends B"], "X ends B", limits={"revocations": 2})
judge("room-identities", "no more identities of one key", "N51", ["P", "P short"], "P as user", limits={"identities": 2}, error="waits.room")
judge("room-identities-left", "one more identity", "N51", ["P"], "P short", limits={"identities": 2})

# --- authority --------------------------------------------------------------------------------
BOTH = ["U", "B", "X", "Y", "U>X", "B>Y", "U>B"]


def holds(id, comment, rules, known, user, key, what, now=0, error=None):
    case("authority", f"holds-{id}", comment, rules, "node.holds",
         {"known": known, "now": at(now), "user": user.fp, "key": key.fp, "authorization": what},
         **({"error": error} if error else {"output": {"answer": True}}))


holds("device", "a node holds what a trust gives", "N12 N20", HOUSE, U, X, "revoke")
holds("user", "the user's key holds everything", "N12", ["U"], U, U, "create_trust")
holds("user-expired", "but not when it has ended", "N12 N9", ["U", "U short"], U, U, "create_trust", now=10 * DAY, error="identity.expired")
holds("user-unknown", "nor when it is unknown", "N12", [], U, U, "read_resource", error="identity.unknown")
holds("lacks", "what no trust gives", "N12 N20", ["U", "X", "U>X host"], U, X, "revoke", error="trust.lacks")
holds("adds-up", "live trusts add up", "N12", ["U", "X", "U>X host", "U>X publish"], U, X, "publish_resource")
holds("identity-unknown", "without a known identity nothing is held", "N12", ["U", "U>X"], U, X, "revoke", error="identity.unknown")
holds("nothing", "without a trust nothing is held", "N12", ["U", "X"], U, X, "revoke", error="authority.missing")
holds("other-user", "a trust of another user gives nothing", "N12", ["U", "B", "X", "B>X"], U, X, "revoke", error="authority.missing")
holds("expired", "an expired trust", "N11 N20", ["U", "X", "U>X 100 days"], U, X, "revoke", now=100 * DAY, error="trust.expired")
holds("not-expired", "a moment before", "N11", ["U", "X", "U>X 100 days"], U, X, "revoke", now=100 * DAY - 1)
holds("chain", "through a chain", "N11 N12", [*HOUSE, "P", "X>P"], U, P, "revoke")
holds("chain-expired", "the trust above has expired", "N11", ["U", "X", "P", "U>X 100 days", "X>P under 100 days"], U, P, HOST, now=100 * DAY, error="trust.expired")
holds("chain-lives", "the trust above lives", "N11", ["U", "X", "P", "U>X 100 days", "X>P under 100 days"], U, P, HOST, now=100 * DAY - 1)
holds("chain-signer-revoked", "the signer's identity is revoked", "N11 N16", [*HOUSE, "P", "X>P", "X ends X"], U, P, HOST, error="identity.revoked")
holds("user-revoked", "the user's identity is revoked", "N11 N16", [*HOUSE, "U ends U"], U, X, HOST, error="identity.revoked")
holds("trustee-revoked", "the trustee's identity is revoked", "N12 N16", [*HOUSE, "X ends X"], U, X, HOST, error="identity.revoked")
holds("two-types", "a key of two types counts as revoked", "N9", [*HOUSE, "P", "X>P", "P as user"], U, P, HOST, error="identity.two_types")
holds("earliest", "of two identities the one that ends first counts", "N9", [*HOUSE, "P", "P short", "X>P"], U, P, HOST, now=20 * DAY, error="identity.expired")
holds("earliest-before", "and a moment before it is usable", "N9", [*HOUSE, "P", "P short", "X>P"], U, P, HOST, now=20 * DAY - 1)
holds("barred", "the user's key revoked a trust in the node", "N14", [*HOUSE, "U bars X"], U, X, HOST, error="trust.barred")
holds("barred-again", "for ever: a later trust is dead", "N14", [*HOUSE, "U bars X", "U>X again"], U, X, HOST, error="trust.barred")
holds("barred-any", "the bar may name any trust in the node", "N14", [*HOUSE, "U>X host", "U ends X host"], U, X, "revoke", error="trust.barred")
holds("barred-chain", "what a barred node gave is dead", "N14", [*HOUSE, "P", "X>P", "U bars X"], U, P, HOST, error="trust.barred")
holds("barred-undone", "what a barred node revoked stands", "N14", [*HOUSE, "B", "U>B", "X ends B", "U bars X"], U, B, HOST)
holds("barred-puppet-undone", "and what its helper revoked", "N14", [*HOUSE, "B", "P", "X>P", "U>B", "P ends B", "U bars X"], U, B, HOST)
holds("barred-elsewhere", "a bar of one user is none of another", "N14", ["U", "B", "X", "U>X", "B>X", "U bars X"], B, X, HOST)
holds("user-not-barred", "a trust in a user is given again after its revocation", "N14", ["U", "B", "U>B", "U ends B", "U>B publish"], U, B, "publish_resource")
holds("revoked-user-trust", "a revoked trust in a user", "N13", ["U", "B", "U>B", "U ends B"], U, B, HOST, error="trust.revoked")
holds("revoked-by-node", "a node with revoke ends another trust", "N13", [*HOUSE, "B", "U>B", "X ends B"], U, B, HOST, error="trust.revoked")
holds("revoked-plain", "without authorization it does not", "N13", [*HOUSE, "B", "U>B", "X ends B plain"], U, B, HOST)
holds("revoked-by-giver", "the giver ends what it gave", "N13", [*HOUSE, "P", "X>P", "X ends P"], U, P, HOST, error="trust.revoked")
holds("revoked-older", "what is older than the end of the revoking chain", "N13", [*HOUSE, "P", "X2", "U>X2", "X>P", "X2 ends P"], U, P, HOST, error="trust.revoked")
holds("revoked-newer", "what is newer is not", "N13", [*HOUSE, "P", "X2", "U>X2", "X>P late", "X2 ends P late"], U, P, HOST)
holds("revocation-expired", "a revocation outlives its chain", "N13", [*HOUSE, "P", "X2", "U>X2", "X>P", "X2 ends P"], U, P, HOST, now=60 * DAY, error="trust.revoked")
holds("revoked-by-revoked", "what a revoked key revoked stays revoked", "N13", [*HOUSE, "B", "U>B", "X ends B", "X ends X"], U, B, HOST, error="trust.revoked")
holds("nothing-undoes", "a revocation of a revocation has no effect", "N13", [*HOUSE, "B", "U>B", "X ends B", "U undoes"], U, B, HOST, error="trust.revoked")
holds("identity-not-by-user", "the user's key does not revoke its node's identity", "N13", [*HOUSE, "U ends X's identity"], U, X, HOST)
holds("identity-not-by-node", "a node does not revoke its user's identity", "N13", [*HOUSE, "X ends U's identity"], U, X, HOST)
holds("two-thieves", "two nodes that revoke each other end both", "N13", [*HOUSE, "X2", "U>X2", "X ends X2", "X2 ends X"], U, X, HOST, error="trust.revoked")
holds("two-thieves-bar", "a bar of one brings back the other", "N14", [*HOUSE, "X2", "U>X2", "X ends X2", "X2 ends X", "U bars X"], U, X2, HOST)


def connects(id, comment, rules, known, now=0, to=Y, by=(U, X), error=None, full=True):
    case("sessions", f"connect-{id}", comment, rules, "node.connect",
         {"known": known, "now": at(now), "user": by[0].fp, "node": by[1].fp, "peer": to.fp},
         **({"error": error} if error else {"output": {"session": "full" if full else "control_only"}}))


NO = "peer.not_connectable"
connects("one-way", "no trust of B in U was ever known", "N17", BOTH)
connects("mutual", "both users trust each other", "N17", [*BOTH, "B>U"])
connects("untrusted-self", "a node that its user does not trust", "N17", ["U", "B", "X", "Y", "B>Y", "U>B"], error=NO)
connects("untrusted-user", "the user does not trust the other", "N17", ["U", "B", "X", "Y", "U>X", "B>Y"], error=NO)
connects("untrusted-peer", "nobody trusts the peer", "N17", ["U", "B", "X", "Y", "U>X", "U>B"], error=NO)
connects("identity-unknown", "the peer's identity is unknown", "N17", ["U", "B", "X", "U>X", "B>Y", "U>B"], error="identity.unknown")
connects("identity-revoked", "the peer's identity is revoked", "N16 N17", [*HOUSE, "X2", "U>X2", "X ends X"], by=(U, X2), to=X, error="identity.revoked")
connects("own", "own nodes", "N1 N17", [*HOUSE, "X2", "U>X2"], to=X2)
connects("own-barred", "an own node that is barred", "N14 N17", [*HOUSE, "X2", "U>X2", "U bars X"], by=(U, X2), to=X, error=NO)
connects("self", "not with itself", "N17", HOUSE, to=X, error=NO)
connects("expired", "expired trusts let control pass", "N11 N17", [*BOTH, "B>U"], now=100 * DAY, full=False)
connects("expired-year", "until a year has passed", "N11 N17", [*BOTH, "B>U"], now=465 * DAY - 1, full=False)
connects("expired-over-year", "and not after", "N11 N17", [*BOTH, "B>U"], now=465 * DAY, error=NO)
connects("revoked-back", "B's key ended its trust in U", "N17", [*BOTH, "B>U", "B ends U"], error=NO)
connects("revoked-back-by-device", "another device than the giver did: control only", "N11 N17", [*BOTH, "B>U", "Y ends U"], full=False)
connects("revoked-forth", "U's key ended its trust in B", "N17", [*BOTH, "U ends B"], error=NO)
connects("thief", "who was cut off by a thief gets the bar control-only", "N17 N54", ["U", "X", "X2", "U>X", "U>X2", "X ends X2"], by=(U, X), to=X2, full=False)
connects("thief-barred", "after the bar it is full again", "N14 N54", ["U", "P", "X", "X2", "U>X", "U>X2", "U>X2 rest", "X ends X2", "U bars X", "X2>P host few", "U>X2 few"], by=(U, X2), to=P)


def reads(id, comment, rules, known, what, to, now=0, error=None, weak=False):
    case("sessions", f"read-{id}", comment, rules, "node.may_be_given",
         {"known": known, "now": at(now), "node": to.fp, "resource": what, "weak": weak},
         **({"error": "not_found"} if error else {}))


FULL = [*BOTH, "P", "U>X host", "U says", "X says", "X is"]
reads("identity", "identities are given to all", "N18", FULL, "U", P)
reads("trust-stranger", "a trust is not given to a stranger", "N18", FULL, "U>X", P, error=True)
reads("message-stranger", "nor a message", "N18", FULL, "U says", P, error=True)
reads("node-stranger", "nor an address", "N18", FULL, "X is", P, error=True)
reads("message-own", "a message to an own node", "N18", FULL, "U says", X)
reads("message-friend", "a message to a node of a user who may read", "N18", FULL, "U says", Y)
reads("trust-friend", "a trust to a node of a user whom the user trusts", "N18", FULL, "U>X", Y)
reads("node-friend", "an address to such a node", "N18", FULL, "X is", Y)
reads("trust-not-back", "a trust of a user who trusts neither", "N18", FULL, "B>Y", X, error=True)
reads("trust-back", "the same once B trusts U", "N18", [*FULL, "B>U"], "B>Y", X)
reads("trustee", "a trust to a node of its trustee", "N18", [*FULL, "B>U"], "B>U", X)
reads("trustee-itself", "a trust to its trustee", "N18", ["U", "X", "U>X", "U bars X"], "U>X", X)
reads("bar-to-barred", "a bar to the node that it bars", "N18", ["U", "X", "U>X", "U bars X"], "U bars X", X)
reads("content-to-barred", "content to a barred node", "N14 N18", ["U", "X", "U>X", "U says", "U bars X"], "U says", X, error=True)
reads("publish-only", "a user with another authorization reads nothing", "N12 N18", ["U", "B", "X", "Y", "U>X", "B>Y", "U>B publish", "U says"], "U says", Y, error=True)
reads("node-publish-only", "nor does a node with another one", "N12 N18", ["U", "B", "Y", "B>Y publish", "U>B", "U says"], "U says", Y, error=True)
reads("revocation-friend", "a revocation as a trust", "N18", [*FULL, "U ends message"], "U ends message", Y)
reads("revocation-stranger", "a revocation of content to a stranger", "N18", [*FULL, "U ends message"], "U ends message", P, error=True)
reads("revocation-of-identity", "a revocation of an identity to all", "N18", [*FULL, "X ends X"], "X ends X", P)
reads("trust-expired", "a trust after the reader's has expired", "N17 N18", FULL, "U>X", Y, now=100 * DAY, error=True)
reads("trust-weak", "the same, read weakly", "N17 N18", FULL, "U>X", Y, now=100 * DAY, weak=True)


def wants(id, comment, known, author, wanted, now=0):
    case("sessions", f"wanted-{id}", comment, "N19", "node.wanted",
         {"known": known, "now": at(now), "user": U.fp, "author": author.fp},
         **({"output": {"wanted": wanted}} if wanted else {"error": "not_wanted"}))


wants("own", "everything of the own user", [], U, "everything")
wants("friend", "everything of a user whom it trusts", BOTH, B, "everything")
wants("friend-unknown", "of a key whose type is unknown the own name", ["U", "X", "U>X", "U>B"], B, "own_name")
wants("friend-expired", "of one whom it trusts weakly too", BOTH, B, "everything", now=200 * DAY)
wants("friend-long-expired", "but not after a year", BOTH, B, None, now=465 * DAY)
wants("own-node", "of an own node the own name", HOUSE, X, "own_name")
wants("friends-node", "of a friend's node the own name", BOTH, Y, "own_name")
wants("friends-host", "of a key with read_resource alone nothing", ["U", "B", "U>B", "B>U"], P, None)
wants("stranger", "of a stranger nothing", BOTH, P, None)
wants("stranger-user", "of a user whom nobody trusts nothing", ["U", "B"], B, None)

# --- journals ---------------------------------------------------------------------------------
def lines(node, names):
    all_lines = [node.fp]
    for name in names:
        value = FIXTURES[name]
        text = json.loads(base64.urlsafe_b64decode(json.loads(value)[S]["payload"] + "=="))
        all_lines.append(f"{sha(all_lines[-1])}@{text['resource']['user']}/{id_of(value)}")
    return all_lines


def journal(id, comment, entries, known=(), error=None, node=X, line=None):
    full = [node.fp, *entries]
    given = {"node": node.fp, "lines": entries, "known": list(known)}
    if error:
        case("journals", f"journal-{id}", comment, "N21", "node.journal", given, error=error, details={"line": line})
    else:
        last = full[-1].split("@")[0]
        case("journals", f"journal-{id}", comment, "N21 N22", "node.journal", given,
             output={"count": len(full), "last": last, "next": sha(full[-1])})


usual = lines(X, ["U", "U>X", "X", "X is", "X says"])
journal("empty", "only line 1", [])
journal("usual", "the user's identity, a trust, the node's identity and more", usual[1:], known=HOUSE)
journal("unknown", "the same where nothing is known", usual[1:])
journal("by-node", "a trust that a node signed, the trust above it and that node's identity", lines(P, ["U", "X>P", "U>X", "X", "P"])[1:], known=[*HOUSE, "P", "X>P"], node=P)
journal("skipped", "a line is missing", [usual[1], usual[3]], error="journal.line", line=3)
journal("swapped", "two lines in the other order", [usual[1], usual[3], usual[2]], error="journal.line", line=3)
journal("twice", "a resource twice", lines(X, ["U", "U>X", "X", "X"])[1:], error="journal.line", line=5)
journal("other-node", "the lines of another node", usual[1:], node=X2, error="journal.line", line=2)
journal("line-2-trust", "line 2 is no identity", lines(X, ["U>X", "U"])[1:], known=HOUSE, error="journal.line", line=2)
journal("line-2-node", "line 2 is the identity of a node", lines(X, ["X", "U>X"])[1:], known=HOUSE, error="journal.line", line=2)
journal("line-3-other-trust", "line 3 is a trust in another node", lines(X, ["U", "U>X2"])[1:], known=[*HOUSE, "U>X2"], error="journal.line", line=3)
journal("line-3-identity", "line 3 is no trust", lines(X, ["U", "X"])[1:], known=HOUSE, error="journal.line", line=3)
journal("line-3-other-user", "line 3 is of another user", lines(X, ["U", "B>X"])[1:], error="journal.line", line=3)
bad = usual[2]
for id, comment, text in [("short", "a line of 259 characters", bad[:-1]), ("long", "a line of 261 characters", bad + "A"),
                          ("no-at", "a line without @", bad.replace("@", "/")), ("no-slash", "a line without a slash", bad.replace("/", "@")),
                          ("newline", "a line with a line break", bad + "\n"), ("not-base64", "another alphabet", "+" + bad[1:]),
                          ("empty-line", "an empty line", ""), ("space", "a space before it", " " + bad)]:
    journal(f"form-{id}", comment, [usual[1], text], error="journal.line", line=3)


def cursor(id, comment, rules, steps, peer=X, known=(), error=None, **output):
    case("journals", f"cursor-{id}", comment, rules, "node.cursor",
         {"peer": peer.fp, "known": list(known), "steps": steps}, **({"error": error} if error else {"output": output}))


def step(since, entries, own=False, now=0):
    return {"since": since, "entries": entries, "own": own, "now": at(now)}


lid = [X.fp, *(line.split("@")[0] for line in usual[1:])]
other = lines(X, ["U", "U>X 100 days", "X"])
cursor("first", "a whole journal from line 1", "N23", [step(lid[0], usual[1:])], results=["lines"], count=6, last=lid[5])
cursor("two-answers", "in two answers, and the end", "N23", [step(lid[0], usual[1:3]), step(lid[2], usual[3:]), step(lid[5], [])], results=["lines", "lines", "end"], count=6)
cursor("elsewhere", "a broadcast that begins elsewhere is asked for", "N23", [step(lid[2], usual[3:])], results=["ask"], count=1)
cursor("again", "what was read before", "N23", [step(lid[0], usual[1:]), step(lid[0], usual[1:])], results=["lines", "ask"], count=6)
cursor("chain", "a line that does not follow", "N23", [step(lid[0], [usual[1], usual[3]])], error="journal.line")
cursor("line-2", "line 2 is known and no identity", "N21 N23", [step(lid[0], lines(X, ["U>X", "U"])[1:])], known=HOUSE, error="journal.line")
cursor("fork", "the journal goes on differently: the cursor starts again", "N24", [step(lid[0], usual[1:3]), step(lid[2], other[3:])], results=["lines", "fork"], count=1)
cursor("fork-read", "and reads it from line 1", "N24", [step(lid[0], usual[1:3]), step(lid[2], other[3:]), step(lid[0], other[1:])], results=["lines", "fork", "lines"], count=4)
cursor("fork-twice", "a second time in a week it waits", "N24",
       [step(lid[0], usual[1:3]), step(lid[2], other[3:]), step(lid[0], other[1:3]), step(other[2].split("@")[0], usual[3:], now=DAY), step(lid[0], usual[1:], now=2 * DAY), step(lid[0], usual[1:], now=7 * DAY)],
       results=["lines", "fork", "lines", "later", "later", "lines"], count=6)
cursor("fork-own", "own nodes once a day", "N24",
       [step(lid[0], usual[1:3], True), step(lid[2], other[3:], True), step(lid[0], other[1:3], True), step(other[2].split("@")[0], usual[3:], True, DAY)],
       results=["lines", "fork", "lines", "fork"], count=1)
cursor("fork-code", "a fork has a code", "N24", [step(lid[0], usual[1:3]), {**step(lid[2], other[3:]), "must_be": "lines"}], error="journal.fork")

# --- the clock --------------------------------------------------------------------------------
def clock(id, comment, stored, system, heard=(), error=None, append=True, started=None, **output):
    given = {"started": at(system if started is None else started), "system": at(system), "heard": list(heard), "append": append}
    if stored is not None:
        given["stored"] = at(stored)
    case("clock", f"clock-{id}", comment, "N2", "node.clock", given, **({"error": error} if error else {"output": output}))


HOUR = 3600 * 1000
clock("new", "a node that has stored nothing", None, 0, now=at(0))
clock("on", "later than the last append", 0, HOUR, now=at(HOUR))
clock("little-back", "a little back: the stored time counts", HOUR, 0, now=at(HOUR))
clock("day-back", "a day back: still the stored time", DAY, 0, now=at(DAY))
clock("back", "more than a day back: it waits", DAY + 1, 0, error="clock.back")
clock("back-reading", "nor does it do anything else", DAY + 1, 0, append=False, error="clock.back")
clock("day-ahead", "started a day ahead", 0, DAY, now=at(DAY))
clock("ahead", "started more than a day ahead: no append", 0, DAY + 1, error="clock.ahead")
clock("ahead-reading", "but it reads and serves", 0, DAY + 1, append=False, now=at(DAY + 1))
clock("ahead-running", "a running node is not stopped by a long pause", 0, 10 * DAY, started=0, now=at(10 * DAY))
near, far = at(2 * DAY - 10 * 60 * 1000), at(2 * DAY - 10 * 60 * 1000 - 1)
clock("ahead-own", "an own node confirms", 0, 2 * DAY, [{"created": near}], now=at(2 * DAY))
clock("ahead-own-far", "not with a time of over 10 minutes before", 0, 2 * DAY, [{"created": far}], error="clock.ahead")
clock("ahead-one-other", "a node of one other user does not", 0, 2 * DAY, [{"created": near, "user": B.fp}], error="clock.ahead")
clock("ahead-one-other-twice", "nor twice", 0, 2 * DAY, [{"created": near, "user": B.fp}] * 2, error="clock.ahead")
clock("ahead-two-others", "nodes of two others do", 0, 2 * DAY, [{"created": near, "user": B.fp}, {"created": at(2 * DAY + 600000), "user": P.fp}], now=at(2 * DAY))

# --- exchange objects, and answers held against their requests --------------------------------
def said(kind, members, key=X, schemas=None, version="0.12.0"):
    """An exchange object of X, or of another key."""
    text = payload(U.fp, id_of(FIXTURES["U>X"]), 40, kind, members, version, schemas)
    return seal(key, text)


def exchange(id, comment, rules, given, error=None, details=None, **output):
    octets = given if isinstance(given, dict) else {"text": given}
    case("exchange", f"exchange-{id}", comment, rules, "node.exchange", {"octets": octets, "peer": "bob"},
         **({"error": error, "details": details} if error else {"output": output}))


RID = "AAECAwQFBgcICQoLDA0ODw"
UNEXPECTED = "exchange.unexpected"
since = lid[0]


def journal(entries, since=since):
    return {"journal": {"since": since, "entries": entries}}


def request(kind, rid=RID, **members):
    return {"request": {"identifier": rid, "type": kind, **members}}


def named(author, resource):
    return {"author": author, "resource": resource}


one, two = named(U.fp, id_of(FIXTURES["U says"])), named(B.fp, id_of(FIXTURES["B>Y"]))
BROADCAST, ASK_LINES, ASK, RESPONSE = "broadcast", "request_journal", "request_resource", "response"
exchange("broadcast", "lines of the sender's journal", "N25 N26", said(BROADCAST, journal(usual[1:])), body=BROADCAST, since=since, entries=5)
exchange("broadcast-none", "a broadcast has one line at least", "N26", said(BROADCAST, journal([])), error=UNEXPECTED)
exchange("broadcast-entry", "an entry that is no line", "N23 N26", said(BROADCAST, journal(["x"])), error="journal.line")
exchange("broadcast-number", "an entry that is no text", "N26", said(BROADCAST, journal([7])), error=UNEXPECTED)
exchange("broadcast-since", "since is no identifier of a line", "N26", said(BROADCAST, journal(usual[1:], "x")), error=UNEXPECTED)
exchange("request-lines", "a request for lines", "N26", said(ASK_LINES, request("journal", since=since, limit=100)), body=ASK_LINES, identifier=RID, since=since, limit=100)
exchange("request-lines-no-limit", "no limit is 4,096", "N26", said(ASK_LINES, request("journal", since=since)), body=ASK_LINES, limit=4096)
exchange("request-lines-large-limit", "more is 4,096", "N26", said(ASK_LINES, request("journal", since=since, limit=4097)), body=ASK_LINES, limit=4096)
exchange("request-lines-no-since", "without since: only the identifier can be read", "N27", said(ASK_LINES, request("journal")), error="bad_request", details={"identifier": RID})
exchange("request", "a request for one resource", "N26", said(ASK, request("resource", **one)), body=ASK, identifier=RID, names=1)
exchange("request-more", "and for one more", "N26", said(ASK, request("resource", **one, more=[two])), body=ASK, names=2)
exchange("request-identity", "resource = author asks for the identity", "N26", said(ASK, request("resource", **named(U.fp, U.fp))), body=ASK, names=1)
exchange("request-64", "64 pairs", "N26 N51", said(ASK, request("resource", **one, more=[two] * 63)), body=ASK, names=64)
exchange("request-65", "65 pairs", "N27 N51", said(ASK, request("resource", **one, more=[two] * 64)), error="bad_request")
exchange("request-author", "an author that is no fingerprint", "N27", said(ASK, request("resource", **named("x", U.fp))), error="bad_request")
exchange("request-rid-1", "an identifier of one character", "N26", said(ASK, request("resource", "~", **one)), body=ASK, identifier="~")
exchange("request-rid-127", "an identifier of 127 characters", "N26", said(ASK, request("resource", " " * 127, **one)), body=ASK, identifier=" " * 127)
for id, comment, rid in [("128", "of 128 characters", "a" * 128), ("0", "of none", ""), ("control", "with a control character", "a\n"), ("umlaut", "that is not ASCII", "\u00fc")]:
    exchange(f"request-rid-{id}", f"an identifier {comment}: nothing can be answered", "N26 N29", said(ASK, request("resource", rid, **one)), error=UNEXPECTED)
exchange("other-signer", "another node's object", "N25 N29", said(ASK, request("resource", **one), key=Y), error=UNEXPECTED)
good_request = said(ASK, request("resource", **one))
spoilt = json.loads(good_request)
spoilt["signature"]["signatures"][0]["signature"] = json.loads(said(ASK, request("resource", **two)))["signature"]["signatures"][0]["signature"]
exchange("signature", "the signature of another object", "N25 N29", compact(spoilt), error=UNEXPECTED)
exchange("resource", "a resource is no exchange object", "N25 N29", FIXTURES["X says"], error=UNEXPECTED)
exchange("two-kinds", "two kinds", "N25", said(ASK, {**request("resource", **one), **journal(usual[1:])}, schemas=["resource", ASK, BROADCAST]), error=UNEXPECTED)
exchange("version", "a payload of version 0.11", "N25", said(ASK, request("resource", **one), version="0.11.0"), error=UNEXPECTED)
exchange("not-json", "not JSON", "N25 N29", good_request[:-1], error=UNEXPECTED)


def response(status="ok", rid=RID, **members):
    return said(RESPONSE, {"response": {"status": status, "identifier": rid, **members}})


def text_of(name):
    return json.loads(FIXTURES[name])


def unsigned(entries, since=since):
    return {"sdmp": {"version": "0.12.0", "schemas": ["broadcast"]}, **journal(entries, since)}


exchange("response-lines", "an answer with lines, unsigned", "N27", response(data=unsigned(usual[1:])), body=RESPONSE, identifier=RID, found=5)
exchange("response-no-lines", "an answer may have no lines", "N26 N27", response(data=unsigned([])), body=RESPONSE, found=0)
exchange("response-not-found", "not found", "N27", response("not_found"), body=RESPONSE, found=[False])
exchange("response-not-found-more", "more beside not_found", "N27", response("not_found", more=[{"data": text_of("U says")}, None]), body=RESPONSE, found=[False, True, False])
exchange("response-bad-request", "a malformed request", "N27", response("bad_request"), body=RESPONSE, found="bad_request")
exchange("response-status", "another status", "N27", response("perhaps"), error=UNEXPECTED)
exchange("response-ok-without-data", "ok without data", "N26 N27", response(), error=UNEXPECTED)
exchange("response-64-more", "more than can be asked for", "N51", response("not_found", more=[None] * 64), error=UNEXPECTED)
exchange("response-other-lines", "unsigned lines of another schema", "N27", response(data={**unsigned(usual[1:]), "sdmp": {"version": "0.12.0", "schemas": ["message"]}}), error=UNEXPECTED)


def answer(id, comment, rules, given, asked=None, since=None, error=None, **output):
    about = {"since": since} if since else {"asked": asked}
    case("exchange", f"answer-{id}", comment, rules, "node.answer", {"octets": {"text": given}, "peer": "bob", **about},
         **({"error": error} if error else {"output": output}))


def name_of(name, author=U):
    return named(author.fp, id_of(FIXTURES[name]))


WRONG = "exchange.wrong_answer"
ask_identity = named(U.fp, U.fp)
answer("lines", "the lines after since", "N27 N28", response(data=unsigned(usual[1:])), since=since, lines=5)
answer("lines-signed", "signed lines are taken too", "N27", response(data=json.loads(said(BROADCAST, journal(usual[1:])))), since=since, lines=5)
answer("lines-elsewhere", "lines after something else", "N28", response(data=unsigned(usual[2:], lid[1])), since=since, error=WRONG)
answer("lines-unknown", "the line is unknown", "N24 N27", response("not_found"), since=since, lines=None)
answer("lines-resource", "a resource in place of lines", "N28", response(data=text_of("U says")), since=since, error=WRONG)
answer("resource", "the resource asked for", "N28", response(data=text_of("U says")), [name_of("U says")], found=["resource"])
answer("other", "another resource", "N28", response(data=text_of("X says")), [name_of("U says")], error=WRONG)
answer("author", "the resource under another author", "N28", response(data=text_of("U says")), [name_of("U says", B)], error=WRONG)
answer("lines-for-resource", "lines in place of a resource", "N28", response(data=unsigned(usual[1:])), [name_of("U says")], error=WRONG)
answer("identity", "the identity of a key", "N26 N28", response(data=text_of("U")), [ask_identity], found=["resource"])
answer("identity-short", "another identity of it", "N26 N28", response(data=text_of("U short")), [ask_identity], found=["resource"])
answer("identity-other", "the identity of another key", "N28", response(data=text_of("B")), [ask_identity], error=WRONG)
answer("identity-message", "a message in place of an identity", "N28", response(data=text_of("U says")), [ask_identity], error=WRONG)
answer("bad-copy", "a copy with another signature is judged, and no wrong answer", "N28",
       response(data=json.loads(put([S, "signatures", 0, S], "AAAA"))), [name_of("U says")], found=["resource"])
answer("bad-form", "nor is a copy without the form of N3", "N28", response(data=json.loads(put([S, "signatures"], []))), [name_of("U says")], found=["resource.form"])
answer("more", "in the order of the request", "N27", response(data=text_of("U says"), more=[None, {"data": text_of("X says")}]),
       [name_of("U says"), name_of("P says"), name_of("X says")], found=["resource", "nothing", "resource"])
answer("shorter", "a shorter answer did not try the rest", "N27", response(data=text_of("U says")), [name_of("U says"), name_of("P says")], found=["resource"])
answer("longer", "a longer one is wrong", "N28", response(data=text_of("U says"), more=[None]), [name_of("U says")], error=WRONG)
answer("crossed", "in another order", "N28", response(data=text_of("X says"), more=[{"data": text_of("U says")}]), [name_of("U says"), name_of("X says")], error=WRONG)
answer("revoked", "a revocation in place of content", "N27 N28", response(data=text_of("U ends message")), [name_of("U says")], found=["revoked"])
answer("revoked-trust", "and with the trust beside it", "N27 N28", response(data=text_of("U bars X"), revoked=text_of("U>X")), [name_of("U>X")], found=["revoked_and_resource"])
answer("revoked-identity", "of an identity asked for by its key", "N27 N28", response(data=text_of("U ends U"), revoked=text_of("U")), [ask_identity], found=["revoked_and_resource"])
answer("revoked-identity-alone", "without the identity it says nothing of the key", "N28", response(data=text_of("U ends U")), [ask_identity], error=WRONG)
answer("revoked-other", "a revocation of something else", "N28", response(data=text_of("U ends B")), [name_of("U says")], error=WRONG)
answer("revoked-by-other", "a revocation by another user", "N28", response(data=text_of("B ends message")), [name_of("U says")], error=WRONG)
answer("revoked-beside-other", "beside it something else", "N28", response(data=text_of("U bars X"), revoked=text_of("U>X2")), [name_of("U>X")], error=WRONG)
answer("revoked-beside-resource", "revoked beside what is no revocation", "N28", response(data=text_of("U says"), revoked=text_of("X says")), [name_of("U says")], error=WRONG)
answer("revocation-itself", "a revocation that was asked for", "N28", response(data=text_of("U ends message")), [name_of("U ends message")], found=["resource"])
answer("bad-request", "a peer that found our request malformed", "N27 N29", response("bad_request"), [name_of("U says")], error=WRONG)

SUBJECTS = {
    "resources": "the form, payload and kinds of resources",
    "making": "making resources, octet for octet",
    "judging": "verdicts on resources",
    "authority": "who holds what",
    "sessions": "who may connect, what may be given, what is collected",
    "journals": "lines, and reading a peer's journal",
    "clock": "the time that can be believed",
    "exchange": "exchange objects, and answers held against their requests",
}

if __name__ == "__main__":
    for file, cases in FILES.items():
        value = {"area": "node", "subject": SUBJECTS[file], "cases": cases}
        (HERE / f"{file}.json").write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    (HERE.parent / "keys" / "node-resources.json").write_text(json.dumps(FIXTURES, indent=1) + "\n")
    print(sum(len(cases) for cases in FILES.values()), "cases,", len(FIXTURES), "resources")
