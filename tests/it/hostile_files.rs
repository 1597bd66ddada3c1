//! Files that other readers stumbled over: each is read, or refused with a sentence. Never a panic.

use std::path::{Path, PathBuf};

use crate::company::{Company, test_data};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if path.is_dir() {
            files(&path, found);
        } else if path
            .file_stem()
            .is_none_or(|stem| stem != "README" && stem != "LICENSE")
        {
            found.push(path);
        }
    }
    found.sort();
}

/// Every sheet of a file as it stands, and its first column as the names of accounts.
fn check(folder: &str, at_least: usize) {
    let Some(folder) = test_data(folder) else {
        return;
    };
    let mut found = Vec::new();
    files(&folder, &mut found);
    assert!(found.len() >= at_least, "only {} files", found.len());
    let company = Company::new();
    let mapping = company.file("hostile.toml");
    for path in &found {
        let name = path.to_str().unwrap();
        judge(&company, &["ingest", "--dry-run", name], name);
        let text = format!(
            "[[source]]\nfile = {name:?}\nentity = \"account\"\nheader = false\n[source.columns]\nname = \"1\"\n"
        );
        std::fs::write(&mapping, text).unwrap();
        judge(
            &company,
            &[
                "ingest",
                "--dry-run",
                "--mapping",
                mapping.to_str().unwrap(),
            ],
            name,
        );
    }
}

fn judge(company: &Company, arguments: &[&str], name: &str) {
    let output = company.run(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!message.contains("panicked"), "{name}: {message}");
    match output.status.code() {
        Some(0) => {}
        Some(2) => {
            let file = Path::new(name).file_name().unwrap().to_str().unwrap();
            assert!(
                message.contains(file),
                "{name}: the refusal does not name the file: {message}"
            );
            assert!(
                message.split_whitespace().count() >= 4,
                "{name}: no sentence: {message}"
            );
        }
        code => panic!("{name}: ended with {code:?}: {message}"),
    }
}

#[test]
fn messytables_are_read_or_refused() {
    check("messytables", 40);
}

#[test]
fn sheetjs_files_are_read_or_refused() {
    check("sheetjs", 25);
}
