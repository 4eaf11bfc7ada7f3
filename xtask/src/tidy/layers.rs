//! A crate depends only on crates of lower layers, and layers 0 to 3 know no async runtime.

use super::Complaint;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which crate is on which layer; docs/architecture.md says what each may know.
const LAYERS: &[(&str, u8)] = &[
    ("sdmp-container", 0),
    ("sdmp-crypto", 0),
    ("sdmp-lanes", 0),
    ("sdmp-schema", 1),
    ("sdmp-envelope", 2),
    ("sdmp-handshake", 3),
    ("sdmp-journal", 3),
    ("sdmp-channels", 3),
    ("sdmp-transport", 4),
    ("sdmp-conformance", 4),
    ("sdmp-inspect", 4),
    ("sdmp-store", 4),
    ("sdmp-node", 5),
    ("sdmp-properties", 5),
    ("sdmp-simulation", 5),
    ("sdmp", 6),
    ("sdmp-cli", 6),
    ("xtask", 7),
];

/// What tests share. It stands beside the layers: the tests of any crate may use it, and what is
/// compiled into a published crate may not.
const TEST_KIT: &str = "sdmp-testkit";

/// Members that are never published, and may be built upon the test kit.
const UNPUBLISHED: &[&str] = &["sdmp-properties", "sdmp-simulation", TEST_KIT, "xtask"];

/// The highest layer that must not know an async runtime.
const LAST_SANS_IO_LAYER: u8 = 3;

/// Crates that bring an event loop, an executor or asynchronous sockets.
const RUNTIMES: &[&str] = &[
    "async-executor",
    "async-io",
    "async-std",
    "compio",
    "futures-executor",
    "glommio",
    "mio",
    "monoio",
    "polling",
    "smol",
    "tokio",
];

/// Who depends on whom, by name.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The packages of the workspace.
    members: BTreeSet<String>,
    /// What each member's manifest names: normal, development and build dependencies alike.
    declared: BTreeMap<String, BTreeSet<String>>,
    /// What is compiled into each package: normal and build dependencies, as resolved.
    linked: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Reads what `cargo metadata` printed.
    pub(crate) fn from_metadata(metadata: &Value) -> Result<Self> {
        let mut graph = Self::default();
        let mut names = BTreeMap::new();
        let packages = metadata["packages"].as_array().context("metadata names no packages")?;
        let members: BTreeSet<&str> =
            array(&metadata["workspace_members"]).filter_map(Value::as_str).collect();
        for package in packages {
            let id = package["id"].as_str().context("a package without an id")?;
            let name = package["name"].as_str().context("a package without a name")?;
            names.insert(id, name.to_owned());
            if members.contains(id) {
                graph.members.insert(name.to_owned());
                let declared = array(&package["dependencies"])
                    .filter_map(|dependency| dependency["name"].as_str());
                graph.declared.insert(name.to_owned(), declared.map(str::to_owned).collect());
            }
        }
        for node in metadata.pointer("/resolve/nodes").into_iter().flat_map(array) {
            let Some(name) = node["id"].as_str().and_then(|id| names.get(id)) else { continue };
            let linked = graph.linked.entry(name.clone()).or_default();
            for dependency in array(&node["deps"]) {
                let compiled_in = array(&dependency["dep_kinds"])
                    .any(|kind| kind["kind"].as_str() != Some("dev"));
                let to = dependency["pkg"].as_str().and_then(|id| names.get(id));
                if let (true, Some(to)) = (compiled_in, to) {
                    linked.insert(to.clone());
                }
            }
        }
        Ok(graph)
    }

    /// The path by which `from` reaches one of `targets` through what is compiled in, if any.
    fn path_to(&self, from: &str, targets: &[&str]) -> Option<Vec<String>> {
        let mut seen = BTreeSet::from([from.to_owned()]);
        let mut paths = vec![vec![from.to_owned()]];
        while let Some(path) = paths.pop() {
            let next = path.last().and_then(|last| self.linked.get(last));
            for dependency in next.into_iter().flatten() {
                let mut longer = path.clone();
                longer.push(dependency.clone());
                if targets.contains(&dependency.as_str()) {
                    return Some(longer);
                }
                if seen.insert(dependency.clone()) {
                    paths.push(longer);
                }
            }
        }
        None
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn layer(name: &str) -> Option<u8> {
    LAYERS.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
}

/// The crates that must not touch the world.
pub(crate) fn sans_io() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().filter(|(_, layer)| *layer <= LAST_SANS_IO_LAYER).map(|(name, _)| *name)
}

/// Complains about every edge that does not point down, and every way to an async runtime.
pub(crate) fn check(graph: &Graph) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for member in &graph.members {
        let uses_kit = graph.linked.get(member).is_some_and(|linked| linked.contains(TEST_KIT));
        if uses_kit && !UNPUBLISHED.contains(&member.as_str()) {
            complaints.push(format!(
                "{member}: is built upon {TEST_KIT}; only [dev-dependencies] may name it"
            ));
        }
        if member == TEST_KIT {
            continue;
        }
        let Some(own) = layer(member) else {
            complaints
                .push(format!("{member}: is on no layer; add it to xtask/src/tidy/layers.rs"));
            continue;
        };
        // A crate may name itself for its tests, to turn on a feature.
        let others = graph.declared.get(member).into_iter().flatten();
        for dependency in others.filter(|other| *other != member) {
            if let Some(other) = layer(dependency).filter(|other| *other >= own) {
                complaints.push(format!(
                    "{member} (layer {own}): depends on {dependency} (layer {other}), which is not lower; \
                     move what both need down"
                ));
            }
            if own <= LAST_SANS_IO_LAYER && RUNTIMES.contains(&dependency.as_str()) {
                complaints
                    .push(format!("{member} (layer {own}): names the async runtime {dependency}"));
            }
        }
        if own <= LAST_SANS_IO_LAYER
            && let Some(path) = graph.path_to(member, RUNTIMES)
        {
            let path = path.join(" -> ");
            complaints.push(format!("{member} (layer {own}): links an async runtime: {path}"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn graph(edges: &[(&str, &str, Option<&str>)]) -> Graph {
        let names: BTreeSet<&str> = edges.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
        let members: Vec<&str> =
            names.iter().copied().filter(|name| layer(name).is_some()).collect();
        let packages: Vec<Value> = names
            .iter()
            .map(|name| {
                let own = edges.iter().filter(|(from, ..)| from == name);
                let dependencies: Vec<Value> =
                    own.map(|(_, to, kind)| json!({"name": to, "kind": kind})).collect();
                json!({"id": name, "name": name, "dependencies": dependencies})
            })
            .collect();
        let nodes: Vec<Value> = names
            .iter()
            .map(|name| {
                let own = edges.iter().filter(|(from, ..)| from == name);
                let deps: Vec<Value> = own
                    .map(|(_, to, kind)| json!({"pkg": to, "dep_kinds": [{"kind": kind}]}))
                    .collect();
                json!({"id": name, "deps": deps})
            })
            .collect();
        let metadata = json!({"packages": packages, "workspace_members": members, "resolve": {"nodes": nodes}});
        Graph::from_metadata(&metadata).expect("fabricated metadata is readable")
    }

    #[test]
    fn edges_that_point_down_pass() {
        let graph = graph(&[
            ("sdmp-envelope", "sdmp-container", None),
            ("sdmp-handshake", "sdmp-envelope", None),
            ("sdmp-cli", "sdmp-transport", None),
            ("sdmp-transport", "tokio", None),
        ]);
        assert_eq!(check(&graph), Vec::<String>::new());
    }

    #[test]
    fn an_edge_that_points_up_fails_whatever_its_kind() {
        for kind in [None, Some("dev"), Some("build")] {
            let complaints = check(&graph(&[("sdmp-container", "sdmp-handshake", kind)]));
            let [complaint] = complaints.as_slice() else { panic!("{kind:?}: {complaints:?}") };
            assert!(
                complaint
                    .starts_with("sdmp-container (layer 0): depends on sdmp-handshake (layer 3)")
            );
        }
    }

    #[test]
    fn an_edge_within_a_layer_fails() {
        assert_eq!(check(&graph(&[("sdmp-crypto", "sdmp-container", None)])).len(), 1);
    }

    #[test]
    fn the_test_kit_is_for_tests_only() {
        let complaints = |kind| {
            check(&graph(&[("sdmp-handshake", TEST_KIT, kind), (TEST_KIT, "sdmp-handshake", None)]))
        };
        assert_eq!(complaints(Some("dev")), Vec::<String>::new());
        assert_eq!(complaints(None).len(), 1);
    }

    #[test]
    fn a_member_without_a_layer_fails() {
        let mut graph = graph(&[("sdmp-cli", "sdmp-transport", None)]);
        graph.members.insert("sdmp-novelty".to_owned());
        assert_eq!(check(&graph).len(), 1);
    }

    #[test]
    fn a_runtime_below_layer_four_fails_also_when_hidden() {
        let hidden = check(&graph(&[
            ("sdmp-schema", "innocent", None),
            ("innocent", "accomplice", Some("build")),
            ("accomplice", "tokio", None),
        ]));
        let [complaint] = hidden.as_slice() else { panic!("{hidden:?}") };
        assert!(complaint.contains("sdmp-schema -> innocent -> accomplice -> tokio"));

        assert_eq!(check(&graph(&[("sdmp-handshake", "tokio", Some("dev"))])).len(), 1);
    }

    #[test]
    fn a_runtime_behind_a_development_dependency_is_tolerated() {
        let graph =
            graph(&[("sdmp-schema", "bench-tool", Some("dev")), ("bench-tool", "tokio", None)]);
        assert_eq!(check(&graph), Vec::<String>::new());
    }
}
