//! Publishes extension schemas: `cargo run -p sdmp-conformance --example publish_extensions -- NAME..`.
//!
//! Reads `NAME.schema.json` (a draft-04 schema) from `crates/sdmp-schema/schemas/extensions`, and writes beside it what
//! a publisher gives to the world: its identity (`NAME.publisher.json` of the first), the container that is the schema
//! (`NAME.json`), the signed resource (`NAME.resource.json`) and the URI (`NAME.uri`). The key is
//! generated here, signs once and is dropped: nothing else can be published under the same name, so each
//! run makes new URIs. Published schemas are not edited; a new edition has a new URI anyway.
#![allow(clippy::print_stdout, reason = "a program that reports to the person who runs it")]

use std::{error::Error, fs, path::Path, sync::Arc};

use sdmp_container::{Container, IdentityType, ResourceUri, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity, signature};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdmp-schema/schemas/extensions");
    let key = PrivateKey::generate(3072)?;
    // The resources must stay verifiable, and the key is gone: the identity never expires.
    let identity = Identity::create(key.public(), IdentityType::User, Timestamp::MAX)?;
    let publisher = LocalIdentity::new(identity.clone(), Arc::new(key))?;
    let names: Vec<_> = std::env::args().skip(1).collect();
    let first = names.first().ok_or("which schemas? give their names")?;
    fs::write(folder.join(format!("{first}.publisher.json")), identity.text())?;
    for name in &names {
        let uri = publish(&folder, name, &publisher)?;
        println!("{name}: {uri}");
    }
    Ok(())
}

/// Signs one schema as a resource and writes its files.
fn publish(folder: &Path, name: &str, publisher: &LocalIdentity) -> Result<String, Box<dyn Error>> {
    let schema = fs::read_to_string(folder.join(format!("{name}.schema.json")))?;
    let text = container(&schema, publisher)?;
    let container = Container::parse(text.clone())?;
    container.check_core()?;
    let resource = signature::sign(&container, &[publisher], Timestamp::MIN)?;
    let identifier = sdmp_container::Signature::from_container(&resource)?.identifier().clone();
    let fingerprint = publisher.identity().fingerprint().clone();
    let uri = ResourceUri::new(fingerprint, Some(identifier)).to_string();
    fs::write(folder.join(format!("{name}.json")), &text)?;
    fs::write(folder.join(format!("{name}.resource.json")), resource.text())?;
    fs::write(folder.join(format!("{name}.uri")), &uri)?;
    Ok(uri)
}

/// The container that is itself the draft-04 schema (R7, R11).
fn container(schema: &str, publisher: &LocalIdentity) -> Result<String, Box<dyn Error>> {
    let schema: Value = serde_json::from_str(schema)?;
    let Value::Object(schema) = schema else { return Err("a schema is an object".into()) };
    let mut text = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["resource"]}},"resource":{{"user":"{}"}}"#,
        publisher.identity().fingerprint()
    );
    for (name, value) in &schema {
        text.push(',');
        text.push_str(&serde_json::to_string(name)?);
        text.push(':');
        text.push_str(&serde_json::to_string(value)?);
    }
    text.push('}');
    Ok(text)
}
