//! Extension schemas: where they come from, and that nothing is fetched (R11).

use crate::common::{container_with, document, uri};
use sdmp_container::ResourceUri;
use sdmp_schema::{
    BuiltIn, DirectoryResolver, Error, MemoryResolver, Resolver, Validator, extensions,
};
use serde_json::{Value, json};
use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

fn code(result: Result<(), Error>) -> &'static str {
    result.expect_err("refused").code()
}

#[test]
fn our_own_schemas_are_known_to_every_validator() {
    let hash = "A".repeat(86);
    let stream: ResourceUri = extensions::STREAM_URI.parse().unwrap();
    let file: ResourceUri = extensions::FILE_URI.parse().unwrap();
    let validator = Validator::new();
    let check = |uri: &ResourceUri, members: &str| {
        validator.validate(&container_with(std::slice::from_ref(uri), members))
    };
    assert_eq!(check(&stream, r#","stream":{"data":"AA","end":false}"#), Ok(()));
    for wrong in [
        "",
        r#","stream":{"data":"AA"}"#,
        r#","stream":{"data":7,"end":true}"#,
        r#","stream":{"data":"","end":1}"#,
        r#","stream":{"data":"","end":true,"more":1}"#,
    ] {
        assert!(check(&stream, wrong).unwrap_err().is_extension(), "{wrong}");
    }
    let described = |name: &str, size: &str, hash: &str| {
        format!(r#","file":{{"name":"{name}","size":{size},"sha512":"{hash}"}}"#)
    };
    assert_eq!(check(&file, &described("a.txt", "7", &hash)), Ok(()));
    for (name, size, hash) in [
        ("", "7", &hash),
        ("..", "7", &hash),
        ("a/b", "7", &hash),
        (r"a\\b", "7", &hash),
        (r"a\u0000b", "7", &hash),
        ("a", "-1", &hash),
        ("a", "1.0", &hash),
        ("a", "7", &"A".repeat(85)),
    ] {
        assert!(check(&file, &described(name, size, hash)).is_err(), "{name} {size}");
    }
}

#[test]
fn an_application_cannot_replace_our_schemas() {
    let stream: ResourceUri = extensions::STREAM_URI.parse().unwrap();
    let resolver = MemoryResolver::new().with(&stream, r#"{"type":"object"}"#);
    let validator = Validator::with_resolver(Arc::new(resolver));
    assert_eq!(code(validator.validate(&container_with(&[stream], ""))), "schema.required");
}

#[test]
fn an_unknown_schema_is_an_error() {
    let container = container_with(&[uri('B')], "");
    let resolvers: [Arc<dyn Resolver>; 3] = [
        Arc::new(MemoryResolver::new()),
        Arc::new(BuiltIn),
        Arc::new(DirectoryResolver::new("/nonexistent")),
    ];
    for resolver in resolvers {
        let error = Validator::with_resolver(resolver).validate(&container).unwrap_err();
        assert_eq!(error, Error::Unresolved(Box::new(uri('B'))));
    }
}

#[derive(Debug)]
struct Broken;

impl Resolver for Broken {
    fn resolve(&self, uri: &ResourceUri) -> Result<Option<Vec<u8>>, Error> {
        Err(Error::resolver(uri, "no disk"))
    }
}

#[test]
fn a_resolver_that_fails_is_its_own_error() {
    let validator = Validator::with_resolver(Arc::new(Broken));
    let error = validator.validate(&container_with(&[uri('B')], "")).unwrap_err();
    assert_eq!(error.code(), "schema.resolver");
    assert!(error.is_unresolved() && error.is_extension());
    assert!(error.to_string().ends_with("no disk"));
}

#[test]
fn given_schemas_may_refer_to_each_other() {
    let base = document(json!({
        "definitions": { "name": { "type": "string", "minLength": 2 } },
        "properties": { "a": { "$ref": "#/definitions/name" } },
    }));
    let other = format!("{}#/definitions/name", uri('B'));
    let using = document(json!({
        "allOf": [{ "$ref": uri('B').as_str() }],
        "properties": { "b": { "$ref": other }, "again": { "$ref": "#" } },
    }));
    let resolver =
        MemoryResolver::new().with(&uri('B'), base.to_string()).with(&uri('C'), using.to_string());
    let validator = Validator::with_resolver(Arc::new(resolver));
    let check = |members: &str| validator.validate(&container_with(&[uri('C')], members));
    assert_eq!(check(r#","a":"xx","b":"xx","again":{"b":"xx"}"#), Ok(()));
    for (members, pointer) in [
        (r#","a":"x""#, "/a"),
        (r#","b":"x""#, "/b"),
        (r#","again":{"again":{"a":"x"}}"#, "/again/again/a"),
    ] {
        let error = check(members).unwrap_err();
        assert_eq!((error.pointer(), error.code()), (Some(pointer), "schema.min_length"));
    }
}

/// A host differs from another in case alone (R10), which URI normalisation would lose.
#[test]
fn references_keep_the_case_of_the_host() {
    let upper = uri('B');
    let lower: ResourceUri = format!("sdmp://{0}A/{0}A", "b".repeat(85)).parse().unwrap();
    let using = document(json!({ "allOf": [{ "$ref": upper.as_str() }] }));
    let resolver = MemoryResolver::new()
        .with(&uri('C'), using.to_string())
        .with(&lower, r#"{"required":["lower"]}"#)
        .with(&upper, r#"{"required":["upper"]}"#);
    let validator = Validator::with_resolver(Arc::new(resolver));
    assert_eq!(validator.validate(&container_with(&[uri('C')], r#","upper":1"#)), Ok(()));
    assert!(validator.validate(&container_with(&[uri('C')], r#","lower":1"#)).is_err());
}

#[test]
fn at_most_sixteen_schemas_are_drawn_in() {
    let letters: Vec<char> = ('A'..='T').collect();
    let mut resolver = MemoryResolver::new();
    for pair in letters.windows(2) {
        let schema = json!({ "properties": { "a": { "$ref": uri(pair[1]).as_str() } } });
        resolver.insert(&uri(pair[0]), schema.to_string());
    }
    resolver.insert(&uri('T'), r#"{"type":"object"}"#);
    let validator = Validator::with_resolver(Arc::new(resolver));
    let check = |letter| validator.validate(&container_with(&[uri(letter)], ""));
    assert_eq!(check('E'), Ok(()));
    assert_eq!(code(check('D')), "schema.document.too_complex");
}

/// Every way in which a schema could ask for a document over the network: no connection is made.
#[test]
fn nothing_is_fetched() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let address = format!("http://{}/schema.json", server.local_addr().unwrap());
    let escaped = address.replace("127.0.0.1", "localhost");
    let verdict = |schema: &Value| {
        let resolver = MemoryResolver::new().with(&uri('B'), schema.to_string());
        let validator = Validator::with_resolver(Arc::new(resolver));
        validator.validate(&container_with(&[uri('B')], r#","a":1"#))
    };
    for schema in [
        json!({ "$ref": address }),
        json!({ "$ref": escaped }),
        json!({ "allOf": [{ "$ref": format!("{address}#/definitions/a") }] }),
        json!({ "properties": { "a": { "$ref": address } } }),
        json!({ "properties": { "a": { "items": [{ "$ref": address }] } } }),
        json!({ "definitions": { "a": { "not": { "$ref": address } } } }),
        json!({ "id": address, "allOf": [{ "$ref": "other.json" }] }),
        json!({ "$schema": address, "type": "object" }),
        json!({ "properties": { "a": { "id": address, "$ref": "x" } } }),
    ] {
        assert!(verdict(&schema).is_err(), "{schema}");
    }
    // What is no reference in draft-04 is not one here either: it may stand there, unread.
    for schema in [
        json!({ "unknown": { "$ref": address }, "type": "object" }),
        json!({ "default": { "$ref": address }, "type": "object" }),
        json!({ "properties": { "b": { "enum": [{ "$ref": address }] } } }),
        json!({ "type": "object", "$dynamicRef": address, "$recursiveRef": address }),
        json!({ "id": address, "definitions": { "a": {} }, "allOf": [{ "$ref": "#/definitions/a" }] }),
    ] {
        assert_eq!(verdict(&schema), Ok(()), "{schema}");
    }
    assert_eq!(server.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    // The server does see who calls.
    let caller = TcpStream::connect(server.local_addr().unwrap()).unwrap();
    server.set_nonblocking(false).unwrap();
    assert_eq!(server.accept().unwrap().1, caller.local_addr().unwrap());
}

#[test]
fn a_directory_gives_schemas_by_uri() {
    let directory = tempfile::tempdir().unwrap();
    let resolver = DirectoryResolver::new(directory.path());
    let path = resolver.file(&uri('B'));
    let hash = "B".repeat(85) + "A";
    assert_eq!(path, directory.path().join(&hash).join(format!("{hash}.json")));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, r#"{"required":["a"]}"#).unwrap();
    let validator = Validator::with_resolver(Arc::new(resolver.clone()));
    assert_eq!(validator.validate(&container_with(&[uri('B')], r#","a":1"#)), Ok(()));
    assert_eq!(code(validator.validate(&container_with(&[uri('B')], ""))), "schema.required");

    let bare: ResourceUri = format!("sdmp://{hash}").parse().unwrap();
    assert_eq!(resolver.file(&bare), directory.path().join(format!("{hash}.json")));
    assert_eq!(resolver.resolve(&bare), Ok(None));
    fs::create_dir(resolver.file(&bare)).unwrap();
    assert!(matches!(resolver.resolve(&bare), Err(Error::Resolver { .. })));
}

/// No text that parses as a URI leads out of the directory.
#[test]
fn a_directory_cannot_be_left() {
    let long = "A".repeat(84);
    for host in
        [format!("..{long}"), format!("/{long}A"), format!(".{long}A"), format!("%2f{long}")]
    {
        for text in [format!("sdmp://{host}"), format!("sdmp://{}/{host}", "A".repeat(86))] {
            assert!(text.parse::<ResourceUri>().is_err(), "{text}");
        }
    }
    let resolver = DirectoryResolver::new("/schemas");
    for letter in ['-', '_', 'A', 'z', '0'] {
        let file = resolver.file(&uri(letter));
        assert!(file.starts_with("/schemas"));
        assert_eq!(file.components().count(), 4);
        let plain = |name: &str| !name.contains("..") && !name.contains('\\');
        assert!(plain(file.to_str().unwrap()));
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read_whole() {
    let directory = tempfile::tempdir().unwrap();
    let resolver = DirectoryResolver::new(directory.path());
    let path = resolver.file(&uri('B'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, vec![b' '; 1 << 20]).unwrap();
    assert_eq!(resolver.resolve(&uri('B')).unwrap().unwrap().len(), 256 * 1024 + 1);
    let validator = Validator::with_resolver(Arc::new(resolver));
    assert_eq!(
        code(validator.validate(&container_with(&[uri('B')], ""))),
        "schema.document.too_large"
    );
}

/// Counts how often it is asked.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl Resolver for Counting {
    fn resolve(&self, _: &ResourceUri) -> Result<Option<Vec<u8>>, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Some(br#"{"type":"object"}"#.to_vec()))
    }
}

#[test]
fn compiled_schemas_are_kept_but_not_without_end() {
    let resolver = Arc::new(Counting::default());
    let validator = Validator::with_resolver(Arc::new(Arc::clone(&resolver)));
    let asked = |uri: &ResourceUri| {
        let before = resolver.0.load(Ordering::Relaxed);
        validator.validate(&container_with(std::slice::from_ref(uri), "")).unwrap();
        resolver.0.load(Ordering::Relaxed) - before
    };
    assert_eq!(asked(&uri('B')), 1);
    assert_eq!(asked(&uri('B')), 0);
    // A hundred others, between which the first stays in use: it stays, the oldest others go.
    let other = |number: usize| -> ResourceUri {
        format!("sdmp://{}{number:03}A", "A".repeat(82)).parse().unwrap()
    };
    for number in 0..100 {
        assert_eq!(asked(&other(number)), 1);
        assert_eq!(asked(&uri('B')), 0);
    }
    assert_eq!(asked(&other(0)), 1);
    assert_eq!(asked(&other(99)), 0);
}
