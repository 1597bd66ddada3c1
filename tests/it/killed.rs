//! Nothing that was acknowledged is lost, and nothing is there twice, when the server is killed in
//! the middle of writes: in the database, its change log, and the lake.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use millrace_operations::testing::Postgres;

use crate::served::Server;
use crate::writers::{
    Known, bursts, init, nothing_is_lost_or_twice, runtime, send_again, token, write_on,
};

/// Bursts of one run; all 50 by `MILLRACE_TEST_BURSTS=50`.
const BURSTS: usize = 5;
/// Clients that write at once.
const CLIENTS: usize = 6;

fn bursts_of_writes(data: &Path, database: Option<&str>) {
    let first = init(data, database);
    let mut server = Server::start(data, database);
    let token = token(&server.address, &first);
    let known = Mutex::new(Known::default());
    for burst in 0..bursts(BURSTS) {
        let acks = AtomicUsize::new(0);
        let until = 5 + burst * 17 % 60;
        let address = server.address.clone();
        std::thread::scope(|scope| {
            for own in 0..CLIENTS {
                let (address, token, acks, known) = (&address, &token, &acks, &known);
                let name = format!("{burst}-{own}");
                scope.spawn(move || write_on(address, token, &name, acks, known, &|| false));
            }
            while acks.load(Ordering::Relaxed) < until {
                std::thread::yield_now();
            }
            server.kill();
        });
        server = Server::start(data, database);
        send_again(&known, &token, &[&server.address]);
    }
    server.end();
    let known = known.into_inner().unwrap();
    assert!(known.accounts.len() >= bursts(BURSTS) * CLIENTS);
    nothing_is_lost_or_twice(data, database, &known);
}

#[test]
fn no_acknowledged_write_is_lost_or_doubled_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    bursts_of_writes(&folder.path().join("data"), None);
}

#[test]
fn no_acknowledged_write_is_lost_or_doubled_on_postgres() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = runtime().block_on(server.database()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    bursts_of_writes(&folder.path().join("data"), Some(&url));
}
