//! The commands of `docs/API_GUIDE.md`, run as they stand there against a server with a fresh data
//! directory; and what they answer, compared with what the guide says.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::company::Company;

/// A block of the guide.
#[derive(Debug, PartialEq)]
struct Block {
    /// The line that it begins on, for people.
    line: usize,
    language: String,
    text: String,
}

/// The fenced blocks of a Markdown text.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in (1..).zip(markdown.lines()) {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                open = Some(Block {
                    line: number,
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// A command and what it is said to answer, if anything.
fn commands(blocks: Vec<Block>) -> Vec<(Block, Option<Block>)> {
    let mut commands: Vec<(Block, Option<Block>)> = Vec::new();
    let mut answers = false;
    for block in blocks {
        if block.language == "sh" {
            commands.push((block, None));
            answers = true;
        } else if answers && let Some((_, answer)) = commands.last_mut() {
            *answer = Some(block);
            answers = false;
        }
    }
    commands
}

/// Whether an answer is what is said: `…` stands for anything, and keys may be left out.
fn fits(said: &Value, answer: &Value) -> bool {
    match (said, answer) {
        (Value::String(said), answer) if said == "…" => !answer.is_null(),
        (Value::String(said), Value::String(answer)) => match said.strip_suffix('…') {
            Some(begin) => answer.starts_with(begin),
            None => said == answer,
        },
        (Value::Object(said), Value::Object(answer)) => said
            .iter()
            .all(|(key, said)| answer.get(key).is_some_and(|answer| fits(said, answer))),
        (Value::Array(said), Value::Array(answer)) => {
            said.len() == answer.len()
                && said
                    .iter()
                    .zip(answer)
                    .all(|(said, answer)| fits(said, answer))
        }
        (said, answer) => said == answer,
    }
}

/// A server that ends with the test.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(company: &Company) -> Self {
        let mut process = company
            .command()
            .args(["serve", "--no-jobs", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("http://")?;
            let address = rest.split_whitespace().next()?;
            Some(format!("http://{address}"))
        });
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            url: url.unwrap(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn has(tool: &str) -> bool {
    let asked = Command::new(tool).arg("--version").output();
    asked.is_ok_and(|asked| asked.status.success())
}

#[test]
fn the_commands_of_the_api_guide_answer_what_it_says() {
    for tool in ["bash", "curl", "jq"] {
        if !has(tool) {
            eprintln!("skipped: there is no {tool} to run the API guide with");
            return;
        }
    }
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/API_GUIDE.md");
    let commands = commands(blocks(&std::fs::read_to_string(guide).unwrap()));
    assert!(commands.len() > 20, "the guide has lost its commands");
    let (company, password) = Company::with_administrator();
    let server = Server::start(&company);
    let folder = tempfile::tempdir().unwrap();
    let mut script = "set -euo pipefail\n".to_owned();
    for (index, (command, _)) in commands.iter().enumerate() {
        let line = command.line;
        script.push_str(&format!(
            "at={line}\n{{\n{}}} > answer-{index}\n",
            command.text
        ));
    }
    let script = format!("trap 'echo \"the command of line $at failed\" >&2' ERR\n{script}");
    let done = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("MILLRACE", &server.url)
        .env("PASSWORD", password)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    for (index, (command, said)) in commands.iter().enumerate() {
        let Some(said) = said else { continue };
        let answer = folder.path().join(format!("answer-{index}"));
        let answer = std::fs::read_to_string(answer).unwrap();
        let fits = if said.language == "json" {
            let said: Value = serde_json::from_str(&said.text).unwrap();
            serde_json::from_str(&answer).is_ok_and(|answer| fits(&said, &answer))
        } else {
            said.text.trim_end() == answer.trim_end()
        };
        assert!(
            fits,
            "line {}: the guide says\n{}\nand the answer is\n{answer}",
            command.line, said.text
        );
    }
}

#[test]
fn what_is_left_out_may_be_anything_and_what_is_said_not() {
    let check = |said: &str, answer: &str, expected: bool| {
        let (said, answer) = (
            serde_json::from_str(said).unwrap(),
            serde_json::from_str(answer).unwrap(),
        );
        assert_eq!(fits(&said, &answer), expected, "{said} {answer}");
    };
    check(r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, true);
    check(r#"{"a": 1}"#, r#"{"a": 2}"#, false);
    check(r#"{"a": "…"}"#, r#"{"a": 7}"#, true);
    check(r#"{"a": "…"}"#, r#"{"a": null}"#, false);
    check(r#"["ACC-…"]"#, r#"["ACC-2026-1"]"#, true);
    check(r#"["ACC-…"]"#, r#"["OPP-2026-1"]"#, false);
    check("[]", "[1]", false);
}
