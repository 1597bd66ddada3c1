//! A mail server of the tests, in a process of its own, that can be taken down and put up again.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use millrace_models::config::{DeliverySettings, MailSettings, Security};
use serde_json::Value;

/// How long a mail may take from the server's mouth to the test's ear.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server. It ends when this is dropped, as its standard input does.
pub(crate) struct Post {
    port: u16,
    process: Option<Child>,
    heard: Receiver<Value>,
    tell: Sender<Value>,
}

fn start(port: u16, tell: Sender<Value>) -> (Child, u16) {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/python/smtp_server.py"
    );
    let mut process = Command::new("python3")
        .args([script, &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs the mail server of the tests");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let port = lines.next().unwrap().unwrap().trim().parse().unwrap();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if tell.send(serde_json::from_str(&line).unwrap()).is_err() {
                break;
            }
        }
    });
    (process, port)
}

impl Post {
    pub(crate) fn open() -> Self {
        let (tell, heard) = channel();
        let (process, port) = start(0, tell.clone());
        Self {
            port,
            process: Some(process),
            heard,
            tell,
        }
    }

    pub(crate) fn settings(&self) -> DeliverySettings {
        DeliverySettings {
            mail: Some(MailSettings {
                host: "127.0.0.1".to_owned(),
                port: self.port,
                security: Security::None,
                login: None,
                from: "水车 <reports@millrace.example>".to_owned(),
            }),
            allow_private: true,
        }
    }

    /// Takes the server down: nobody answers at its port.
    pub(crate) fn down(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Puts it up again, at the same port.
    pub(crate) fn up(&mut self) {
        if self.process.is_none() {
            let (process, port) = start(self.port, self.tell.clone());
            assert_eq!(port, self.port);
            self.process = Some(process);
        }
    }

    /// The next mail.
    pub(crate) fn mail(&self) -> Value {
        self.heard.recv_timeout(PATIENCE).expect("a mail comes")
    }

    /// That many mails, and no more of those that were said to be there.
    pub(crate) fn mails(&self, count: usize) -> Vec<Value> {
        let mails: Vec<Value> = (0..count).map(|_| self.mail()).collect();
        assert!(self.heard.try_recv().is_err(), "there are more mails");
        mails
    }

    /// The next mail, without keeping other tasks of the test from going on.
    pub(crate) async fn next(&self) -> Value {
        loop {
            if let Ok(mail) = self.heard.try_recv() {
                return mail;
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.down();
    }
}
