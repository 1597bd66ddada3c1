//! What the house forbids: imports against the arrows, and clocks that are read.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The layers, lowest first. A crate may import from layers below its own; crates of one layer
/// never import each other.
const LAYERS: &[&[&str]] = &[
    &["millrace-models"],
    &["millrace-operations", "millrace-lake"],
    &["millrace-ingest"],
    &["millrace-jobs"],
    &["millrace-dashboard-server"],
    &["millrace"],
];

/// What `models` does without: it is pure and synchronous.
const IMPURE: &[&str] = &[
    "tokio",
    "futures",
    "datafusion",
    "deltalake",
    "deltalake-core",
    "object_store",
    "parquet",
    "polars",
    "axum",
    "hyper",
    "reqwest",
    "sqlx",
    "sea-orm",
];

/// Ways to read the wall clock.
const CLOCKS: &[&str] = &[
    "Utc::now(",
    "Local::now(",
    "SystemTime::now(",
    "OffsetDateTime::now",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn layer(package: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&package))
}

fn members() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn dependencies(package: &Value) -> impl Iterator<Item = (&str, bool)> {
    package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dependency| {
            (
                dependency["name"].as_str().unwrap(),
                dependency["kind"].as_str() == Some("dev"),
            )
        })
}

#[test]
fn imports_follow_the_arrows() {
    let members = members();
    assert!(members.len() >= 6, "only {} packages found", members.len());
    for member in &members {
        let name = member["name"].as_str().unwrap();
        let own = layer(name).unwrap_or_else(|| panic!("{name} is in no layer"));
        for (dependency, dev) in dependencies(member) {
            // A crate's tests may turn on a feature of the crate itself.
            if dev && dependency == name {
                continue;
            }
            if let Some(other) = layer(dependency) {
                assert!(
                    other < own,
                    "{name} imports {dependency}, which is not below it"
                );
            } else {
                assert!(
                    !dependency.starts_with("millrace"),
                    "{dependency} is in no layer"
                );
            }
        }
    }
}

#[test]
fn models_is_pure() {
    let members = members();
    let models = members
        .iter()
        .find(|member| member["name"] == "millrace-models")
        .unwrap();
    for (dependency, dev) in dependencies(models) {
        assert!(
            dev || !IMPURE.contains(&dependency),
            "models imports {dependency}"
        );
    }
}

#[test]
fn no_library_reads_the_clock() {
    let mut found = Vec::new();
    for folder in [
        "models/src",
        "operations/src",
        "lake/src",
        "ingest/src",
        "jobs/src",
    ] {
        visit(&root().join(folder), &mut found);
    }
    assert!(
        found.is_empty(),
        "the time is passed in, never read: {found:#?}"
    );
}

fn visit(folder: &Path, found: &mut Vec<(PathBuf, usize)>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            visit(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().enumerate().filter(|(_, line)| {
                !line.trim_start().starts_with("//")
                    && CLOCKS.iter().any(|clock| line.contains(clock))
            });
            found.extend(lines.map(|(index, _)| (path.clone(), index + 1)));
        }
    }
}
