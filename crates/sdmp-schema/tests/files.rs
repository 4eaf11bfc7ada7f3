//! The schema files: complete, strict, and quick with long strings.

use sdmp_container::{Container, CoreSchema, Limits, ResourceUri, b64url, strict};
use sdmp_schema::{
    BuiltIn, CONTAINER_SCHEMA, Registry, Resolver, Schema, core_schema_text,
    extensions::{self, Extension},
};
use serde_json::Value;

#[test]
fn every_core_schema_is_registered() {
    let names: Vec<String> =
        Registry::core().iter().map(|(schema, _)| schema.to_string()).collect();
    assert_eq!(names.len(), 17);
    assert_eq!(names[0], "container");
    for schema in CoreSchema::ALL {
        assert!(names.contains(&schema.name().to_owned()));
        assert_eq!(Registry::core().get(schema.name()), Some(core_schema_text(schema)));
    }
    assert_eq!(Registry::core().get("container"), Some(CONTAINER_SCHEMA));
    assert_eq!(Registry::core().get("connection"), None);
}

#[test]
fn every_file_is_strict_json_and_describes_its_member() {
    for (schema, text) in Registry::core().iter() {
        strict::parse(text.as_bytes(), &Limits::DEFAULT).unwrap();
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["$schema"], "http://json-schema.org/draft-04/schema#");
        let member = match schema {
            Schema::Core(core) => core.member(),
            Schema::Container | Schema::Extension(_) => "sdmp",
        };
        assert_eq!(value["required"], serde_json::json!([member]));
        assert!(jsonschema::draft4::meta::is_valid(&value), "{schema}");
    }
}

/// Long base64url fields are not run through regular expressions.
#[test]
fn long_fields_have_no_pattern() {
    fn check(name: &str, value: &Value) {
        let long = ["payload", "N", "p", "iv", "key", "protected", "signature", "data", "message"];
        if let Some(members) = value.as_object() {
            if long.contains(&name) {
                assert!(!members.contains_key("pattern"), "{name}");
            }
            members.iter().for_each(|(name, value)| check(name, value));
        }
        value.as_array().into_iter().flatten().for_each(|value| check("", value));
    }
    let texts = Registry::core().iter().map(|(_, text)| text);
    for text in texts.chain(extensions::ALL.iter().map(|one| one.schema)) {
        check("", &serde_json::from_str(text).unwrap());
    }
}

/// The extension schemas are what their signed resources hold, and the URIs name both.
#[test]
fn the_extension_schemas_are_published() {
    for Extension { uri, schema, resource, publisher, .. } in extensions::ALL {
        let publisher = Container::parse(publisher).unwrap();
        let publisher = sdmp_container::Identity::from_container(&publisher).unwrap();
        let uri: ResourceUri = uri.parse().unwrap();
        let resource = Container::parse(resource).unwrap();
        let resource = sdmp_container::Signature::from_container(&resource).unwrap();
        assert_eq!(b64url::decode(resource.payload()).unwrap(), schema.as_bytes());
        assert_eq!(uri.resource(), Some(resource.identifier()));
        assert_eq!(uri.publisher(), publisher.fingerprint());
        let schema = Container::parse(schema).unwrap();
        assert_eq!(schema.check_core(), Ok(()));
        assert!(schema.lists(CoreSchema::Resource));
        assert_eq!(BuiltIn.resolve(&uri), Ok(Some(schema.as_bytes().to_vec())));
    }
}
