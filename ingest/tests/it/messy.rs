//! Hostile files: every one is read, or refused in words that help.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use millrace_ingest::inspect;

use crate::support::test_data;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn summary(folder: &Path) -> String {
    let mut text = String::new();
    for file in files(folder) {
        let name = file.strip_prefix(folder).unwrap().display();
        match inspect(&file) {
            Ok(found) => {
                let columns: Vec<&str> = found
                    .columns
                    .iter()
                    .take(4)
                    .map(|column| column.name.as_str())
                    .collect();
                writeln!(
                    text,
                    "{name}: {:?} {} header {:?}, {} columns ({}), {} rows",
                    found.format,
                    found.encoding.unwrap_or("-"),
                    found.header_row,
                    found.columns.len(),
                    columns.join(" · "),
                    found.rows
                )
                .unwrap();
            }
            Err(error) => {
                let folder = format!("{}/", folder.display());
                writeln!(text, "{}", error.to_string().replace(&folder, "")).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_hostile_file_is_read_or_refused() {
    for folder in ["messytables", "sheetjs"] {
        let Some(path) = test_data(folder) else {
            return;
        };
        let text = summary(&path);
        if std::env::var_os("MILLRACE_SHOW").is_some() {
            println!("{text}");
        }
        assert!(!text.contains("contradicts itself"), "{text}");
    }
}
