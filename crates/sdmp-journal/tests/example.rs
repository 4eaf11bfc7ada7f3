//! The resources and lines of an example whose hashes were computed by other means.

use sdmp_journal::{Head, Kind, Line, Resource, Rsa};

fn example() -> serde_json::Value {
    serde_json::from_str(include_str!("data/node-example.json")).unwrap()
}

fn texts(value: &serde_json::Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn n3_n4_the_resources_of_the_example_are_read_and_emitted_alike() {
    let example = example();
    let mut kinds = Vec::new();
    for text in texts(&example["resources"]) {
        let resource = Resource::parse(text.as_str()).unwrap();
        assert_eq!(resource.text(), text);
        kinds.push((resource.id().to_string(), resource.kind()));
    }
    let named = ["IU", "IT", "IX", "IM", "IV"];
    let expected = [Kind::Identity, Kind::Trust, Kind::Identity, Kind::Message, Kind::Revoke];
    for (name, kind) in named.iter().zip(expected) {
        let id = example[*name].as_str().unwrap().to_owned();
        assert!(kinds.contains(&(id, kind)), "{name}");
    }
}

#[test]
fn n21_n22_the_lines_of_the_example_follow_from_their_resources() {
    let example = example();
    let lines = texts(&example["lines"]);
    let mut head = Head::new(&lines[0].parse().unwrap());
    for text in &lines[1..] {
        let line: Line = text.parse().unwrap();
        assert_eq!(&head.append(line.author, line.id).to_string(), text);
    }
    assert_eq!(head.next().to_string(), example["next"].as_str().unwrap());
}

#[test]
fn r19_the_signatures_of_the_example_verify_with_their_keys() {
    let resources: Vec<Resource> = texts(&example()["resources"])
        .into_iter()
        .map(|text| Resource::parse(text).unwrap())
        .collect();
    for resource in &resources {
        let identity = resources.iter().find_map(|other| match other.body() {
            sdmp_journal::Body::Identity(identity)
                if identity.fingerprint() == resource.signer() =>
            {
                Some(identity)
            }
            _ => None,
        });
        assert!(resource.is_signed_by(identity.unwrap().public_key(), &Rsa));
    }
}
