//! `sdmp key`, `peer`, `sign`, `verify`, `seal`, `unseal`: the real program and its files.

use std::fs;

use crate::common::{Machine, acquainted, expect, stderr, stdout};

const MESSAGE: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello"}"#;

fn pem(name: &str) -> String {
    format!("{}/../sdmp-conformance/vectors/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_new_key_is_shown_listed_and_exported() {
    let machine = Machine::new();
    let fingerprint = machine.ok(&[
        "key",
        "new",
        "one",
        "--bits",
        "2048",
        "--expires",
        "2098-12-31T23:59:59.999Z",
    ]);
    let fingerprint = fingerprint.trim_end();
    assert_eq!(fingerprint.len(), 86);
    let listed = machine.ok(&["key", "list", "--json"]);
    assert_eq!(
        listed,
        format!(
            "{{\"name\":\"one\",\"type\":\"node\",\"fingerprint\":\"{fingerprint}\",\"expires\":\"2098-12-31T23:59:59.999Z\",\"bits\":2048}}\n"
        )
    );
    assert!(machine.ok(&["key", "list"]).contains(fingerprint));
    let exported = machine.ok(&["key", "export", "one"]);
    assert!(exported.starts_with(r#"{"sdmp":{"version":"0.12.0","schemas":["identity"]},"identity":{"type":"node","expires":"2098-12-31T23:59:59.999Z","key":"-----BEGIN PUBLIC KEY-----\n"#));
    assert!(!exported.contains("PRIVATE"));
    let shown = machine.ok(&["key", "show", "one"]);
    assert!(shown.contains(fingerprint) && shown.contains(exported.trim_end()));
    let shown: serde_json::Value =
        serde_json::from_str(&machine.ok(&["key", "show", "one", "--json"])).unwrap();
    assert_eq!(shown["identity"]["identity"]["fingerprint"], fingerprint);
}

#[test]
fn keys_are_compared_aloud_or_by_eye() {
    let machine = Machine::with_key("a", "alice");
    let words = machine.ok(&["key", "show", "a", "--words"]);
    assert_eq!(words.split_whitespace().count(), 12);
    assert_eq!(words, machine.ok(&["key", "show", "a", "--words"]), "always the same");
    let art = machine.ok(&["key", "show", "a", "--art"]);
    assert_eq!(art.lines().count(), 11);
    let other = Machine::with_key("a", "bob");
    assert_ne!(words, other.ok(&["key", "show", "a", "--words"]));
    assert_ne!(art, other.ok(&["key", "show", "a", "--art"]));
}

#[test]
fn a_user_is_a_user() {
    let machine = Machine::new();
    machine.ok(&["key", "import", &pem("alice"), "--user"]);
    assert!(machine.ok(&["key", "export", "alice"]).contains(r#""type":"user""#));
    expect(2, machine.run(&["key", "new", "both", "--user", "--node"]));
}

#[cfg(unix)]
#[test]
fn private_keys_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::with_key("a", "alice");
    let path = machine.path().join("keys/a.private.json");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&machine.path().join("keys")), 0o700);
    for open in [0o640, 0o604, 0o660, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let output = expect(1, machine.run_with(&["sign", "--key", "a"], MESSAGE.as_bytes()));
        assert_eq!(stdout(&output), "");
        assert!(stderr(&output).contains("chmod 600"), "{}", stderr(&output));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    expect(0, machine.run_with(&["sign", "--key", "a"], MESSAGE.as_bytes()));
}

#[test]
fn nothing_is_overwritten() {
    let machine = Machine::with_key("a", "alice");
    let before = machine.ok(&["key", "export", "a"]);
    let output = expect(2, machine.run(&["key", "new", "a", "--bits", "2048"]));
    assert!(stderr(&output).contains("already"));
    expect(2, machine.run(&["key", "import", &pem("bob"), "--name", "a"]));
    assert_eq!(machine.ok(&["key", "export", "a"]), before);
}

#[test]
fn names_stay_in_the_directory() {
    let machine = Machine::with_key("a", "alice");
    for name in ["../a", "a/../a", "/etc/passwd", ".a", "", "a\nb"] {
        expect(2, machine.run(&["key", "export", name]));
        expect(2, machine.run(&["key", "import", &pem("bob"), "--name", name]));
        expect(2, machine.run(&["peer", "remove", name]));
    }
    assert_eq!(fs::read_dir(machine.path().join("keys")).unwrap().count(), 2);
}

#[test]
fn what_is_not_there_is_a_usage_error() {
    let machine = Machine::new();
    assert_eq!(machine.ok(&["key", "list"]), "");
    assert_eq!(machine.ok(&["peer", "list"]), "");
    for arguments in [
        &["key", "show", "nobody"][..],
        &["peer", "remove", "nobody"],
        &["key", "import", "/nowhere/at-all"],
        &["sign", "/nowhere/at-all", "--key", "nobody"],
        &["connect", "127.0.0.1:1", "--key", "nobody", "--peer", "nobody"],
        &["key", "new", "a", "--bits", "1024"],
        &["key", "new", "a", "--expires", "tomorrow"],
        &["key", "new", "a", "--expires", "2001-01-01T00:00:00.000Z"],
        &["demo", "--group", "ffdhe1024"],
        &["nonsense"],
    ] {
        let output = expect(2, machine.run(arguments));
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert!(stderr(&output).starts_with("error:"), "{arguments:?}");
    }
}

#[test]
fn peers_are_added_listed_and_removed() {
    let (alice, bob) = acquainted();
    let listed = alice.ok(&["peer", "list", "--json"]);
    assert!(listed.starts_with(r#"{"name":"bob","type":"node","fingerprint":""#), "{listed}");
    // The same again is fine; another key under the name is not.
    alice.trust("bob", &bob, "bob");
    let carol = Machine::with_key("carol", "carol").ok(&["key", "export", "carol"]);
    let output = expect(4, alice.run_with(&["peer", "add", "bob", "-"], carol.as_bytes()));
    assert!(stderr(&output).contains("sdmp peer remove bob"));
    assert_eq!(alice.ok(&["peer", "list", "--json"]), listed);
    // One identity under two names: removing one of them warns that it is still trusted.
    let identity = bob.ok(&["key", "export", "bob"]);
    let output = expect(0, alice.run_with(&["peer", "add", "robert", "-"], identity.as_bytes()));
    assert!(stderr(&output).contains("trusted as bob already"), "{}", stderr(&output));
    let output = expect(0, alice.run(&["peer", "remove", "robert"]));
    assert!(stderr(&output).contains("still trusted as bob"), "{}", stderr(&output));
    let output = expect(0, alice.run(&["peer", "remove", "bob"]));
    assert!(stderr(&output).contains("bob is no longer trusted"), "{}", stderr(&output));
    assert_eq!(alice.ok(&["peer", "list"]), "");
    expect(2, alice.run(&["peer", "remove", "bob"]));
}

#[test]
fn only_whole_identities_become_peers() {
    let machine = Machine::new();
    let good = Machine::with_key("a", "alice").ok(&["key", "export", "a"]);
    let other = good.replacen("\"fingerprint\":\"", "\"fingerprint\":\"A", 1);
    let twice = good.replacen("\"type\":\"node\"", "\"type\":\"node\",\"type\":\"node\"", 1);
    for bad in ["", "{}", MESSAGE, &other, &twice, good.trim_end().trim_end_matches('}')] {
        let output = expect(6, machine.run_with(&["peer", "add", "x", "-"], bad.as_bytes()));
        assert_eq!(stdout(&output), "");
    }
    assert_eq!(machine.ok(&["peer", "list"]), "");
}

#[test]
fn a_damaged_store_says_so() {
    let machine = Machine::with_key("a", "alice");
    fs::write(machine.path().join("keys/a.private.json"), "{").unwrap();
    let output = expect(6, machine.run_with(&["sign", "--key", "a"], MESSAGE.as_bytes()));
    assert!(stderr(&output).contains("damaged"), "{}", stderr(&output));
}

#[test]
fn what_was_signed_is_verified_and_printed() {
    let (alice, bob) = acquainted();
    let signed = expect(0, alice.run_with(&["sign", "--key", "alice"], MESSAGE.as_bytes()));
    let verified = expect(0, bob.run_with(&["verify"], &signed.stdout));
    assert_eq!(stdout(&verified), format!("{MESSAGE}\n"));
    assert!(stderr(&verified).contains("signed by alice"));
    expect(0, bob.run_with(&["verify", "--peer", "alice"], &signed.stdout));
    let identity = bob.path().join("identity");
    fs::write(&identity, alice.ok(&["key", "export", "alice"])).unwrap();
    let identity = identity.to_str().unwrap();
    let stranger = Machine::new();
    expect(0, stranger.run_with(&["verify", "--identity", identity], &signed.stdout));
    let unknown = expect(3, stranger.run_with(&["verify"], &signed.stdout));
    assert_eq!(stdout(&unknown), "");
    assert!(stderr(&unknown).contains("sdmp peer add"));
    let late = ["verify", "--at", "2099-01-01T00:00:00.000Z"];
    assert_eq!(stdout(&expect(6, bob.run_with(&late, &signed.stdout))), "");
}

#[test]
fn two_keys_sign_one_container() {
    let machine = Machine::with_key("a", "alice");
    machine.ok(&["key", "import", &pem("bob"), "--name", "b"]);
    let signed =
        expect(0, machine.run_with(&["sign", "--key", "a", "--key", "b"], MESSAGE.as_bytes()));
    let verified = stderr(&expect(0, machine.run_with(&["verify"], &signed.stdout)));
    assert!(verified.contains("signed by a ") && verified.contains("signed by b "), "{verified}");
}

#[test]
fn altered_signatures_print_nothing() {
    let machine = Machine::with_key("a", "alice");
    let signed = stdout(&expect(0, machine.run_with(&["sign", "--key", "a"], MESSAGE.as_bytes())));
    let at = signed.find("\"signature\":\"").unwrap() + 40;
    let mut altered = signed.clone().into_bytes();
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    let spliced = signed.replacen("\"payload\":\"", "\"payload\":\"A", 1);
    for bad in [&altered[..], spliced.as_bytes(), MESSAGE.as_bytes(), b"", b"{}"] {
        let output = expect(6, machine.run_with(&["verify"], bad));
        assert_eq!(stdout(&output), "");
    }
}

/// R12, R40: whose a resource is, and that nothing unsigned stands around it.
#[test]
fn resources_are_closed_and_name_their_user() {
    let (alice, bob) = acquainted();
    let identity = alice.ok(&["key", "export", "alice"]);
    let (_, user) = identity.split_once(r#""fingerprint":""#).unwrap();
    let user = &user[..86];
    let resource = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["resource","message"]}},"resource":{{"user":"{user}"}},"message":"hello"}}"#
    );
    let signed = expect(0, alice.run_with(&["sign", "--key", "alice"], resource.as_bytes()));
    let verified = expect(0, bob.run_with(&["verify"], &signed.stdout));
    assert!(stderr(&verified).contains("published by its user itself"), "{}", stderr(&verified));
    let other = expect(0, bob.run_with(&["sign", "--key", "bob"], resource.as_bytes()));
    let verified = stderr(&expect(0, bob.run_with(&["verify"], &other.stdout)));
    assert!(verified.contains("published for alice") && verified.contains("by another key"));
    let changed = stdout(&signed).replacen('{', r#"{"note":"unsigned","#, 1);
    for command in [&["verify"][..], &["container", "check"]] {
        expect(0, bob.run_with(command, &signed.stdout));
        let refused = expect(6, bob.run_with(command, changed.as_bytes()));
        assert!(stdout(&refused).is_empty() && stderr(&refused).contains("R40"));
    }
    let told = stdout(&expect(6, bob.run_with(&["inspect"], changed.as_bytes())));
    assert!(told.contains("R12, R40"), "{told}");
}

/// R20a: the program signs nothing that only a handshake may sign.
#[test]
fn handshake_messages_are_not_signed() {
    let machine = Machine::with_key("a", "alice");
    let creation = r#"{"sdmp":{"version":"0.12.0","schemas":["shared_key"]},"connection":{"g":2,"p":"_w","N":"Ag"}}"#;
    let fin = r#"{"sdmp":{"version":"0.12.0","schemas":["receipt"]},"receipt":"sdmp/0.12 fin initiator AAAA"}"#;
    let private = fs::read_to_string(machine.path().join("keys/a.private.json")).unwrap();
    for reserved in [creation, fin, &private] {
        let output = expect(6, machine.run_with(&["sign", "--key", "a"], reserved.as_bytes()));
        assert_eq!(stdout(&output), "");
        assert!(stderr(&output).contains("R20a"), "{}", stderr(&output));
    }
}

#[test]
fn what_was_sealed_is_opened_by_each_recipient_only() {
    let (alice, bob) = acquainted();
    let sealed = expect(0, alice.run_with(&["seal", "--to", "bob", "alice"], MESSAGE.as_bytes()));
    assert!(!stdout(&sealed).contains("hello"));
    for (machine, key) in [(&bob, "bob"), (&alice, "alice")] {
        let opened = expect(0, machine.run_with(&["unseal", "--key", key], &sealed.stdout));
        assert_eq!(stdout(&opened), format!("{MESSAGE}\n"));
    }
    let mallory = Machine::with_key("m", "mallory");
    let refused = expect(6, mallory.run_with(&["unseal", "--key", "m"], &sealed.stdout));
    assert_eq!(stdout(&refused), "");
    let mut altered = sealed.stdout.clone();
    let at = altered.len() / 3;
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    assert_eq!(stdout(&expect(6, bob.run_with(&["unseal", "--key", "bob"], &altered))), "");
    let nobody = expect(2, alice.run_with(&["seal", "--to", "nobody"], MESSAGE.as_bytes()));
    assert_eq!(stdout(&nobody), "");
}

#[test]
fn passphrases_come_from_files() {
    let machine = Machine::with_key("a", "alice");
    let file = |name: &str, text: &str| {
        let path = machine.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (good, bad, none) =
        (file("good", "correct horse\n"), file("bad", "battery"), file("none", ""));
    let before = machine.ok(&["key", "export", "a"]);
    machine.ok(&["key", "passwd", "a", "--new-passphrase-file", &good]);
    let stored = fs::read_to_string(machine.path().join("keys/a.private.json")).unwrap();
    assert!(stored.contains("BEGIN ENCRYPTED PRIVATE KEY"));
    assert_eq!(machine.ok(&["key", "export", "a"]), before, "the public half needs none");

    let sign = |more: &[&str]| {
        machine.run_with(&[&["sign", "--key", "a"], more].concat(), MESSAGE.as_bytes())
    };
    let missing = expect(2, sign(&[]));
    assert!(stderr(&missing).contains("--passphrase-file"), "{}", stderr(&missing));
    let wrong = expect(1, sign(&["--passphrase-file", &bad]));
    assert_eq!(stdout(&wrong), "");
    expect(2, sign(&["--passphrase-file", &none]));
    let signed = expect(0, sign(&["--passphrase-file", &good]));
    expect(0, machine.run_with(&["verify"], &signed.stdout));
    let environment = machine
        .command(&["key", "passwd", "a", "--remove"])
        .env("SDMP_PASSPHRASE_FILE", &good)
        .output()
        .unwrap();
    expect(0, environment);
    expect(0, sign(&[]));
}

#[test]
fn keys_are_imported_in_all_their_forms() {
    let source = Machine::with_key("a", "alice");
    let fingerprint = source.ok(&["key", "list", "--json"]);
    let private = source.path().join("keys/a.private.json");
    let target = Machine::new();
    target.ok(&["key", "import", private.to_str().unwrap(), "--name", "container"]);
    let text = fs::read_to_string(pem("alice")).unwrap();
    let der: Vec<u8> =
        base64(&text.lines().filter(|line| !line.contains("-----")).collect::<String>());
    let path = target.path().join("key.der");
    fs::write(&path, der).unwrap();
    target.ok(&["key", "import", path.to_str().unwrap(), "--name", "der"]);
    let listed = target.ok(&["key", "list"]);
    let print = |line: &str| line.split_whitespace().last().unwrap().to_owned();
    let prints: Vec<_> = listed.lines().map(print).collect();
    assert_eq!(prints[0], prints[1]);
    assert!(fingerprint.contains(&prints[0]));
    for bad in
        ["", "no key", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", MESSAGE]
    {
        let output =
            expect(6, target.run_with(&["key", "import", "-", "--name", "bad"], bad.as_bytes()));
        assert_eq!(stdout(&output), "");
    }
    expect(2, target.run_with(&["key", "import", "-"], text.as_bytes()));
    assert_eq!(target.ok(&["key", "list"]), listed, "nothing was written");
}

/// Enough of RFC 4648 for a test key.
fn base64(text: &str) -> Vec<u8> {
    let url: String = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    sdmp_container::b64url::decode(&url).unwrap()
}

/// Objects in the older form are read with `--compat` only (R45).
#[test]
fn older_objects_need_compat() {
    let file = |name: &str| sdmp_testkit::older::directory().join(name).display().to_string();
    let machine = Machine::new();
    let (signed, identity) = (file("identity-signature.json"), file("identity.json"));
    let compat = [
        "verify",
        &signed,
        "--identity",
        &identity,
        "--compat",
        "--at",
        "2019-01-01T00:00:00.000Z",
    ];
    let output = expect(0, machine.run(&compat));
    assert_eq!(stdout(&output).trim_end(), fs::read_to_string(&identity).unwrap().trim_end());
    assert!(stderr(&output).contains("does not cover its header"));
    assert_eq!(stdout(&expect(6, machine.run(&compat[..5]))), "", "expired by now");
    assert_ne!(machine.run(&["verify", &signed, "--identity", &identity]).status.code(), Some(0));
}

#[cfg(unix)]
fn chmod(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A passphrase that was typed at a terminal protects the imported key too.
#[cfg(target_os = "linux")]
#[test]
fn an_imported_key_keeps_its_typed_passphrase() {
    let machine = Machine::with_key("k", "alice");
    let pass = machine.path().join("pass");
    fs::write(&pass, "geheim\n").unwrap();
    let pass = pass.to_str().unwrap();
    machine.ok(&["key", "passwd", "k", "--new-passphrase-file", pass]);
    let source = machine.path().join("keys/k.private.json");
    let text = typed(&machine, &["key", "import", source.to_str().unwrap(), "--name", "copy"]);
    assert!(text.contains("protected by its passphrase"), "{text}");
    let stored = fs::read_to_string(machine.path().join("keys/copy.private.json")).unwrap();
    assert!(stored.contains("BEGIN ENCRYPTED PRIVATE KEY"));
    machine.ok(&["--passphrase-file", pass, "key", "passwd", "copy", "--remove"]);
}

/// Runs at a terminal that `script` makes, and types the passphrase.
#[cfg(target_os = "linux")]
fn typed(machine: &Machine, arguments: &[&str]) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let line = [&[env!("CARGO_BIN_EXE_sdmp")], arguments].concat().join(" ");
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("SDMP_DATA", machine.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The prompt discards what was typed before it, so wait for it.
    std::thread::sleep(std::time::Duration::from_secs(2));
    child.stdin.as_mut().unwrap().write_all(b"geheim\n").unwrap();
    let output = child.wait_with_output().unwrap();
    stdout(&output)
}

/// What cannot be read is refused before a passphrase is asked for, with the command that converts it.
#[test]
fn other_forms_are_refused_with_the_way_to_convert_them() {
    let machine = Machine::new();
    for (text, remedy) in [
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
            "ssh-keygen -p -m",
        ),
        (
            "Bag Attributes\n    friendlyName: x\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n",
            "openssl pkey",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n", "openssl pkcs8"),
        (
            "\u{feff}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "byte order mark",
        ),
    ] {
        let output =
            expect(6, machine.run_with(&["key", "import", "-", "--name", "x"], text.as_bytes()));
        assert!(stderr(&output).contains(remedy), "{}", stderr(&output));
    }
}

#[cfg(unix)]
#[test]
fn passphrase_files_are_the_owners() {
    let machine = Machine::with_key("k", "alice");
    let pass = machine.path().join("pass");
    fs::write(&pass, "\u{feff}geheim\r\n").unwrap();
    let path = pass.to_str().unwrap();
    let change = ["key", "passwd", "k", "--new-passphrase-file", path];
    chmod(&pass, 0o666);
    assert!(stderr(&expect(1, machine.run(&change))).contains("others can write it"));
    chmod(&pass, 0o644);
    assert!(stderr(&expect(0, machine.run(&change))).contains("others can read it"));
    // The byte order mark is no part of the passphrase.
    fs::write(&pass, "geheim\n").unwrap();
    chmod(&pass, 0o600);
    let output =
        expect(0, machine.run(&["--passphrase-file", path, "key", "passwd", "k", "--remove"]));
    assert!(!stderr(&output).contains("warning"), "{}", stderr(&output));
}

#[test]
fn an_own_key_that_has_expired_is_refused_in_the_same_words_everywhere() {
    let (alice, _) = acquainted();
    let private = alice.path().join("keys/alice.private.json");
    let identity = alice.path().join("keys/alice.identity.json");
    for path in [private, identity] {
        let text = fs::read_to_string(&path).unwrap();
        let at = text.find("\"expires\":\"").unwrap() + 11;
        let text = format!("{}2001-01-01T00:00:00.000Z{}", &text[..at], &text[at + 24..]);
        fs::write(path, text).unwrap();
    }
    for arguments in [
        &["listen", "127.0.0.1:0"][..],
        &["connect", "127.0.0.1:1", "--peer", "bob"],
        &["sign", "--key", "alice"],
        &["key", "serve", "127.0.0.1:0"],
    ] {
        let output = expect(1, alice.run_with(arguments, MESSAGE.as_bytes()));
        assert!(
            stderr(&output).contains("the key alice has expired on 2001"),
            "{}",
            stderr(&output)
        );
        assert!(!stderr(&output).contains("listening"));
    }
    assert!(alice.ok(&["key", "list"]).contains(" EXPIRED "));
}

#[test]
fn raw_output_is_exactly_what_was_signed_or_sealed() {
    let (alice, bob) = acquainted();
    let signed = expect(0, alice.run_with(&["sign", "--key", "alice"], MESSAGE.as_bytes()));
    assert_eq!(stdout(&expect(0, bob.run_with(&["verify", "--raw"], &signed.stdout))), MESSAGE);
    let sealed = expect(0, alice.run_with(&["seal", "--to", "bob"], MESSAGE.as_bytes()));
    let unseal = ["unseal", "--key", "bob", "--raw"];
    assert_eq!(stdout(&expect(0, bob.run_with(&unseal, &sealed.stdout))), MESSAGE);
}

#[test]
fn a_peers_name_must_not_mean_an_address() {
    let alice = Machine::with_key("alice", "alice");
    let identity = alice.ok(&["key", "export", "alice"]);
    let output = expect(2, alice.run_with(&["peer", "add", "stdio", "-"], identity.as_bytes()));
    assert!(stderr(&output).contains("another name"));
    let output = expect(6, alice.run_with(&["peer", "add", "x", "-"], b"{}"));
    assert!(stderr(&output).starts_with("error: standard input holds no identity"));
}
