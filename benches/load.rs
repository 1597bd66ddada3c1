//! Many clients of the HTTP API, each with one connection and one request at a time.
//!
//!     rustc -O benches/load.rs -o load && ./load ADDRESS PLAN CLIENTS WARM_S MEASURE_S
//!
//! PLAN is a file of lines `token<TAB>account ids<TAB>opportunity ids`, one a person, ids with
//! commas between; client n works as person n. What is asked for, and how often, is `KINDS`. Prints
//! one JSON document: for each kind, the reads, the writes and all of it the number of answers and
//! the percentiles of their times in milliseconds. Standard library only, so that it costs next to
//! nothing beside the server.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::too_many_lines,
    reason = "a bench stops loudly where its peer does not answer"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What is asked for: name, how many of a hundred, whether it writes.
const KINDS: [(&str, u64, bool); 7] = [
    ("get_account", 30, false),
    ("get_opportunity", 15, false),
    ("list_accounts", 15, false),
    ("list_opportunities", 20, false),
    ("change_opportunity", 10, true),
    ("change_account", 5, true),
    ("create_account", 5, true),
];

struct Person {
    token: String,
    accounts: Vec<u64>,
    deals: Vec<u64>,
}

/// xorshift: the same choices in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    fn of(&mut self, items: &[u64]) -> u64 {
        items[self.below(items.len() as u64) as usize]
    }

    fn kind(&mut self) -> usize {
        let mut left = self.below(100);
        for (kind, (_, share, _)) in KINDS.iter().enumerate() {
            if left < *share {
                return kind;
            }
            left -= share;
        }
        0
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    fn open(address: &str, token: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("nodelay");
        Self {
            stream: BufReader::new(stream),
            head: format!("host: {address}\r\nauthorization: Bearer {token}\r\n"),
            line: String::new(),
            body: Vec::new(),
        }
    }

    /// Sends a request and reads its answer: the status; the body is kept.
    fn ask(&mut self, method: &str, path: &str, own: &str, body: &str) -> u16 {
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{}{own}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        );
        let written = self.stream.get_mut().write_all(request.as_bytes());
        written.expect("the server takes requests");
        self.line.clear();
        self.stream.read_line(&mut self.line).expect("an answer");
        let status = self.line.get(9..12).and_then(|code| code.parse().ok());
        let mut length = 0;
        loop {
            self.line.clear();
            self.stream.read_line(&mut self.line).expect("headers");
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().expect("a length");
            }
            assert!(
                !line.starts_with("transfer-encoding"),
                "an answer of unknown length"
            );
        }
        self.body.resize(length, 0);
        self.stream
            .read_exact(&mut self.body)
            .expect("the whole answer");
        status.expect("a status")
    }

    /// The version in the answer.
    fn version(&self) -> u64 {
        let text = String::from_utf8_lossy(&self.body);
        let found = text.rsplit("\"version\":").next().unwrap_or_default();
        let digits = found.split(|end: char| !end.is_ascii_digit()).next();
        digits
            .and_then(|digits| digits.parse().ok())
            .expect("a version")
    }
}

fn client(
    own: usize,
    address: &str,
    person: &Person,
    measuring: &AtomicBool,
    ended: &AtomicBool,
    created: &AtomicU64,
) -> Vec<Vec<u32>> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(own as u64 + 1) | 1);
    let mut connection = Connection::open(address, &person.token);
    let mut versions: BTreeMap<(bool, u64), u64> = BTreeMap::new();
    let mut times = vec![Vec::new(); KINDS.len()];
    while !ended.load(Ordering::Relaxed) {
        let kind = dice.kind();
        let (account, deal) = (dice.of(&person.accounts), dice.of(&person.deals));
        let counts = measuring.load(Ordering::Relaxed);
        // A change names the version that it was made from: asked for first, outside the count.
        let is_deal = KINDS[kind].0 == "change_opportunity";
        let (resource, id) = if is_deal {
            ("opportunities", deal)
        } else {
            ("accounts", account)
        };
        let mut if_match = String::new();
        if KINDS[kind].0.starts_with("change") {
            let version = *versions.entry((is_deal, id)).or_insert_with(|| {
                let status = connection.ask("GET", &format!("/api/{resource}/{id}"), "", "");
                assert_eq!(status, 200);
                connection.version()
            });
            if_match = format!("if-match: \"{version}\"\r\n");
        }
        let began = Instant::now();
        let (status, expected) = match KINDS[kind].0 {
            "get_account" => (
                connection.ask("GET", &format!("/api/accounts/{account}"), "", ""),
                200,
            ),
            "get_opportunity" => (
                connection.ask("GET", &format!("/api/opportunities/{deal}"), "", ""),
                200,
            ),
            "list_accounts" => (
                connection.ask("GET", "/api/accounts?view=mine&limit=20", "", ""),
                200,
            ),
            "list_opportunities" => {
                let path = "/api/opportunities?view=mine&limit=20&filter=outcome:in:open";
                (connection.ask("GET", path, "", ""), 200)
            }
            "create_account" => {
                let number = created.fetch_add(1, Ordering::Relaxed);
                let body = format!(
                    "{{\"name\": \"新客户{number}号机械有限公司\", \"region\": \"华东\", \"industry\": \"电力\"}}"
                );
                let key = format!(
                    "idempotency-key: {own}-{number}-{}\r\n",
                    dice.below(1 << 40)
                );
                (connection.ask("POST", "/api/accounts", &key, &body), 201)
            }
            _ => {
                let body = if is_deal {
                    format!(
                        "{{\"expected_close_on\": \"2027-{:02}-{:02}\"}}",
                        1 + dice.below(12),
                        1 + dice.below(28)
                    )
                } else {
                    format!("{{\"industry\": \"行业{}\"}}", dice.below(50))
                };
                (
                    connection.ask("PATCH", &format!("/api/{resource}/{id}"), &if_match, &body),
                    200,
                )
            }
        };
        let took = began.elapsed();
        assert_eq!(
            status,
            expected,
            "{}: {}",
            KINDS[kind].0,
            String::from_utf8_lossy(&connection.body)
        );
        if KINDS[kind].0.starts_with("change") {
            versions.insert((is_deal, id), connection.version());
        }
        if counts {
            times[kind].push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        }
    }
    times
}

fn summary(mut times: Vec<u32>, seconds: f64) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        let place = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times
            .get(place)
            .map_or(0.0, |time| f64::from(*time) / 1000.0)
    };
    format!(
        "{{\"count\": {}, \"per_s\": {:.1}, \"p50_ms\": {:.2}, \"p95_ms\": {:.2}, \"p99_ms\": {:.2}, \"max_ms\": {:.2}}}",
        times.len(),
        times.len() as f64 / seconds,
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    )
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, address, plan, clients, warm, measure] = arguments.as_slice() else {
        eprintln!("load ADDRESS PLAN CLIENTS WARM_S MEASURE_S");
        std::process::exit(2);
    };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let plan = std::fs::read_to_string(plan).expect("the plan");
    let people: Vec<Person> = plan
        .lines()
        .map(|line| {
            let mut parts = line.split('\t');
            let token = parts.next().expect("a token").to_owned();
            let mut ids = || -> Vec<u64> {
                let ids = parts.next().expect("ids").split(',');
                ids.map(|id| id.parse().expect("an id")).collect()
            };
            Person {
                token,
                accounts: ids(),
                deals: ids(),
            }
        })
        .collect();
    let people = Arc::new(people);
    let (measuring, ended) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let created = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..number(clients) as usize)
        .map(|own| {
            let (people, address) = (people.clone(), address.clone());
            let (measuring, ended, created) = (measuring.clone(), ended.clone(), created.clone());
            std::thread::spawn(move || {
                let person = &people[own % people.len()];
                client(own, &address, person, &measuring, &ended, &created)
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(number(warm)));
    measuring.store(true, Ordering::Relaxed);
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(number(measure)));
    let seconds = began.elapsed().as_secs_f64();
    ended.store(true, Ordering::Relaxed);
    let mut all: Vec<Vec<u32>> = vec![Vec::new(); KINDS.len()];
    for thread in threads {
        for (kind, times) in thread
            .join()
            .expect("no client fails")
            .into_iter()
            .enumerate()
        {
            all[kind].extend(times);
        }
    }
    let of = |writes: Option<bool>| -> Vec<u32> {
        let kinds = KINDS.iter().zip(&all);
        let kinds = kinds.filter(|((_, _, own), _)| writes.is_none_or(|wanted| wanted == *own));
        kinds.flat_map(|(_, times)| times.iter().copied()).collect()
    };
    let mut lines: Vec<String> = KINDS
        .iter()
        .zip(&all)
        .map(|((name, ..), times)| format!("\"{name}\": {}", summary(times.clone(), seconds)))
        .collect();
    for (name, writes) in [
        ("reads", Some(false)),
        ("writes", Some(true)),
        ("all", None),
    ] {
        lines.push(format!("\"{name}\": {}", summary(of(writes), seconds)));
    }
    println!("{{{}}}", lines.join(",\n "));
}
