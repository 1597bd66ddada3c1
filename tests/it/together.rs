//! Two servers and a worker over one database and one lake: any one of them is killed while the others go
//! on, and nothing is lost or there twice.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use millrace_operations::testing::Postgres;

use crate::served::{Server, Worker};
use crate::writers::{
    Known, bursts, init, nothing_is_lost_or_twice, runtime, send_again, token, write_on,
};

/// Kills of one run, of each process in turn; as many as `MILLRACE_TEST_BURSTS` says.
const KILLS: usize = 3;
/// Clients of each server that write at once.
const CLIENTS: usize = 3;

/// What is heard from the clients of one server.
#[derive(Default)]
struct Heard {
    acks: AtomicUsize,
    /// Clients that do not write any more.
    ended: AtomicUsize,
}

impl Heard {
    /// Waits for so many acknowledged writes; a server that answers nobody is no reason to wait.
    fn wait_for(&self, wanted: usize) {
        while self.acks.load(Ordering::Relaxed) < wanted {
            let ended = self.ended.load(Ordering::Relaxed);
            assert!(ended < CLIENTS, "a server is gone that nobody killed");
            std::thread::yield_now();
        }
    }
}

/// Says that a client has ended, however it did.
struct Ended<'a>(&'a Heard);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The processes that work together.
struct Company {
    servers: [Server; 2],
    worker: Worker,
}

impl Company {
    /// Kills one and waits until clients of those that are left were acknowledged some more writes;
    /// then it comes back.
    fn lose(&mut self, which: usize, data: &Path, database: &str, heard: &[Heard; 2]) {
        if let Some(server) = self.servers.get_mut(which) {
            server.kill();
        } else {
            self.worker.kill();
        }
        for (server, heard) in heard.iter().enumerate() {
            if server != which {
                heard.wait_for(heard.acks.load(Ordering::Relaxed) + 2 * CLIENTS);
            }
        }
        match self.servers.get_mut(which) {
            Some(server) => *server = Server::start(data, Some(database)),
            None => self.worker = Worker::start(data, Some(database)),
        }
    }
}

/// Clients write to both servers until one process was killed and is back.
fn burst(
    company: &mut Company,
    which: usize,
    place: (&Path, &str),
    token: &str,
    known: &Mutex<Known>,
    number: usize,
) {
    let heard = [Heard::default(), Heard::default()];
    let enough = AtomicBool::new(false);
    let addresses = [0, 1].map(|server: usize| company.servers[server].address.clone());
    std::thread::scope(|scope| {
        for client in 0..2 * CLIENTS {
            let (address, heard) = (&addresses[client % 2], &heard[client % 2]);
            let enough = &enough;
            let name = format!("{number}-{client}");
            scope.spawn(move || {
                let _ended = Ended(heard);
                let is_enough = || enough.load(Ordering::Relaxed);
                write_on(address, token, &name, &heard.acks, known, &is_enough);
            });
        }
        for heard in &heard {
            heard.wait_for(4 + number * 17 % 30);
        }
        company.lose(which, place.0, place.1, &heard);
        enough.store(true, Ordering::Relaxed);
    });
}

fn work_together(data: &Path, database: &str) {
    let first = init(data, Some(database));
    let start = || Server::start(data, Some(database));
    let mut company = Company {
        servers: [start(), start()],
        worker: Worker::start(data, Some(database)),
    };
    let token = token(&company.servers[0].address, &first);
    let known = Mutex::new(Known::default());
    for number in 0..bursts(KILLS) {
        let which = number % 3;
        burst(
            &mut company,
            which,
            (data, database),
            &token,
            &known,
            number,
        );
        let [one, other] = &company.servers;
        send_again(&known, &token, &[&one.address, &other.address]);
    }
    let Company {
        servers: [one, other],
        worker,
    } = company;
    one.end();
    other.end();
    worker.end();
    let known = known.into_inner().unwrap();
    assert!(known.accounts.len() >= bursts(KILLS) * 2 * CLIENTS);
    nothing_is_lost_or_twice(data, Some(database), &known);
}

#[test]
fn any_one_of_two_servers_and_a_worker_may_be_killed() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = runtime().block_on(server.database()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    work_together(&folder.path().join("data"), &url);
}
