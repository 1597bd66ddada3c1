//! A data directory of its own, and the `millrace` command over it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The folder of files that the project does not carry; `None`, and a word about it, without it.
pub(crate) fn test_data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MILLRACE_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = root.join(folder);
    if !path.exists() {
        eprintln!("skipped: no {folder} in the test data (set MILLRACE_TEST_DATA)");
        return None;
    }
    Some(path)
}

/// A file of this folder, as JSON.
pub(crate) fn expected(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/expected")
        .join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// An initialised data directory, and a folder of files to ingest.
pub(crate) struct Company {
    folder: TempDir,
}

impl Company {
    /// Initialised, without records.
    pub(crate) fn new() -> Self {
        let company = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        company.succeed(&["init"]);
        company
    }

    /// Initialised, with the password of its administrator.
    pub(crate) fn with_administrator() -> (Self, String) {
        let company = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let made = company.json(&["init"]);
        let password = made["administrator"]["password"].as_str().unwrap();
        (company, password.to_owned())
    }

    /// With the files of one folder of the test data and a mapping of `tests/mappings` beside
    /// them; not ingested yet. `None` where the test data is absent.
    pub(crate) fn with(data: &str, mapping: &str) -> Option<Self> {
        let source = test_data(data)?;
        let company = Self::new();
        for entry in std::fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                // read and written anew: the original may be read-only
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(
                    company.file(path.file_name().unwrap().to_str().unwrap()),
                    bytes,
                )
                .unwrap();
            }
        }
        let mapping_file = format!("{mapping}.toml");
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/mappings")
            .join(&mapping_file);
        std::fs::copy(from, company.file(&mapping_file)).unwrap();
        Some(company)
    }

    /// The path of a file beside the data directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `millrace` over the data directory, whatever the environment of the test says.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_millrace"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MILLRACE_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .arg("--data-dir")
            .arg(self.file("data"));
        command
    }

    /// Runs `millrace` and returns whatever it did.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command().args(arguments).output();
        output.expect("millrace starts")
    }

    /// Runs `millrace`, which must succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "millrace {} ended with {}:\n{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// Runs `millrace --format json`, which must succeed and print one document.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = ["--format", "json"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let output = self.succeed(&arguments);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!(
                "{error} in the output of {arguments:?}: {}",
                String::from_utf8_lossy(&output.stdout)
            )
        })
    }

    /// Ingests a mapping and returns the sum of a count over its sources.
    pub(crate) fn ingest(&self, mapping: &str, count: &str) -> u64 {
        let mapping = self.file(&format!("{mapping}.toml"));
        let report = self.json(&["ingest", "--mapping", mapping.to_str().unwrap()]);
        let sources = report["sources"].as_array().expect("a list of sources");
        sources
            .iter()
            .map(|source| source[count].as_u64().expect(count))
            .sum()
    }
}

/// A number, also where it is written as text to keep its digits.
pub(crate) fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// Whether two numbers differ by no more than a tolerance.
#[track_caller]
pub(crate) fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}
