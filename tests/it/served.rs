//! A served `millrace` as a process of its own, that can be killed, and the plain HTTP to talk to it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

/// How long a start or an answer may take: long enough for a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The command over a data directory, on SQLite or on the database named.
pub(crate) fn command(data_dir: &Path, database: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millrace"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MILLRACE_") {
            command.env_remove(name);
        }
    }
    command.arg("--data-dir").arg(data_dir);
    if let Some(url) = database {
        command.env("MILLRACE_DATABASE_URL", url);
    }
    command
}

/// A server that runs; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    /// Starts it and waits until it listens.
    pub(crate) fn start(data_dir: &Path, database: Option<&str>) -> Self {
        let mut child = command(data_dir, database)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("millrace starts");
        let messages = child.stderr.take().unwrap();
        let (told, listening) = mpsc::channel();
        std::thread::spawn(move || {
            let mut told = Some(told);
            for line in BufReader::new(messages).lines().map_while(Result::ok) {
                let address = line.split("http://").nth(1).map(|rest| {
                    let end = rest.find([' ', ')']);
                    rest[..end.unwrap_or(rest.len())].to_owned()
                });
                match address.filter(|_| told.is_some()) {
                    Some(address) => drop(told.take().map(|told| told.send(address))),
                    // Seen when the test fails.
                    None => eprintln!("{line}"),
                }
            }
        });
        let address = listening.recv_timeout(PATIENCE).expect("it listens");
        Self { child, address }
    }

    /// Ends it as nothing can be prepared for: SIGKILL.
    pub(crate) fn kill(&mut self) {
        kill(&mut self.child);
    }

    /// Ends it as a system does that shuts down: SIGTERM; it must end by itself.
    pub(crate) fn end(mut self) {
        end(&mut self.child);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A worker that runs; killed when it is dropped.
pub(crate) struct Worker {
    child: Child,
}

impl Worker {
    /// Starts it and waits until it works.
    pub(crate) fn start(data_dir: &Path, database: Option<&str>) -> Self {
        let mut child = command(data_dir, database)
            .arg("worker")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("millrace starts");
        let messages = child.stderr.take().unwrap();
        let (told, working) = mpsc::channel();
        std::thread::spawn(move || {
            let mut told = Some(told);
            for line in BufReader::new(messages).lines().map_while(Result::ok) {
                if line.contains("kept fresh") {
                    let _ = told.take().map(|told| told.send(()));
                } else {
                    // Seen when the test fails.
                    eprintln!("{line}");
                }
            }
        });
        working.recv_timeout(PATIENCE).expect("it works");
        Self { child }
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        kill(&mut self.child);
    }

    /// SIGTERM; it must end by itself.
    pub(crate) fn end(mut self) {
        end(&mut self.child);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn end(child: &mut Child) {
    let id = child.id().to_string();
    let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(asked.success());
    assert!(child.wait().unwrap().success());
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// A client with one connection.
pub(crate) struct Client {
    address: String,
    stream: Option<BufReader<TcpStream>>,
    /// Sent with every request.
    pub(crate) headers: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            stream: None,
            headers: Vec::new(),
        }
    }

    /// A program's, by its token.
    pub(crate) fn with_token(address: &str, token: &str) -> Self {
        let mut client = Self::new(address);
        client
            .headers
            .push(("authorization".to_owned(), format!("Bearer {token}")));
        client
    }

    /// Sends a request. An error says that no answer came: whether it was done is not known.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        own: &[(&str, &str)],
        body: Option<&Value>,
    ) -> io::Result<Answer> {
        let answer = self.exchange(method, path, own, body);
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    fn exchange(
        &mut self,
        method: &str,
        path: &str,
        own: &[(&str, &str)],
        body: Option<&Value>,
    ) -> io::Result<Answer> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                none.insert(BufReader::new(stream))
            }
        };
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in headers.chain(own.iter().copied()) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            request.push_str("content-type: application/json\r\n");
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        stream.get_mut().write_all(request.as_bytes())?;
        read_answer(stream)
    }

    /// Sends a request that must be answered with that status.
    #[track_caller]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a body is written where it is sent"
    )]
    pub(crate) fn must(&mut self, status: u16, method: &str, path: &str, body: Value) -> Answer {
        let body = (!body.is_null()).then_some(&body);
        let answer = self.ask(method, path, &[], body).unwrap();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        answer
    }

    /// Signs in: its cookie and what forged requests lack go with every request from here on.
    pub(crate) fn sign_in(&mut self, username: &str, password: &str) {
        let who = json!({"username": username, "password": password});
        let answer = self.must(200, "POST", "/api/session", who);
        self.keep_session(&answer);
    }

    fn keep_session(&mut self, answer: &Answer) {
        let cookie = &answer.headers["set-cookie"];
        let cookie = cookie.split(';').next().unwrap().to_owned();
        self.headers = vec![("cookie".to_owned(), cookie)];
        let me = self.must(200, "GET", "/api/session", Value::Null);
        let csrf = me.body["csrf_token"].as_str().unwrap().to_owned();
        self.headers.push(("x-csrf-token".to_owned(), csrf));
    }

    /// Changes the password, as the first sign-in asks for.
    pub(crate) fn change_password(&mut self, old: &str, new: &str) {
        let passwords = json!({"old": old, "new": new});
        let answer = self.must(204, "PUT", "/api/password", passwords);
        self.keep_session(&answer);
    }
}

fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(broken());
    }
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(broken)?;
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(broken());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = Vec::new();
    if headers
        .get("transfer-encoding")
        .is_some_and(|how| how == "chunked")
    {
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim_end(), 16).map_err(|_| broken())?;
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk)?;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = headers.get("content-length") {
        body.resize(length.parse().map_err(|_| broken())?, 0);
        stream.read_exact(&mut body)?;
    }
    Ok(Answer {
        status,
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}
