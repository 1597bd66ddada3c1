//! A year of schedules and subscriptions, with two servers that are killed and come back, a mail server
//! that is down for a day, holidays and make-up workdays: each occurrence is done once, each recipient
//! gets each copy once, and the receipts say what happened.
//!
//! What is due is worked out here by its own calendar of 2024 and plain loops.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use futures::future::BoxFuture;
use millrace_jobs::mail::Content;
use millrace_jobs::outbox::{Message, Order, Outbox, RenderError, Rendered, Renders};
use millrace_jobs::schedules::{Scheduler, Task, Works};
use millrace_models::config::{Company, DeliverySettings};
use millrace_operations::entity::{dispatch, role, schedule, schedule_run, subscription, user};
use millrace_operations::resources::create;
use millrace_operations::service::{
    dispatch as outbox, schedule as schedules, subscription as subscriptions,
};
use millrace_operations::setup::initialise;
use millrace_operations::testing::{ManualClock, Postgres};
use millrace_operations::{Actor, Place, Store, Unit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::post::Post;

/// What a process ends by, as by a kill: after so many steps nothing goes on.
#[derive(Default)]
struct Bomb {
    fuse: AtomicI64,
    gone: Notify,
}

impl Bomb {
    fn light(&self, steps: i64) {
        self.fuse.store(steps, Ordering::SeqCst);
    }

    async fn tick(&self) {
        if self.fuse.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.gone.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// Every work and when it was for, in the order in which they were done to the end.
type Done = Arc<Mutex<Vec<(String, DateTime<Utc>)>>>;

struct TestWorks {
    store: Store,
    bomb: Arc<Bomb>,
    done: Done,
}

impl Works for TestWorks {
    fn work<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, anyhow::Result<String>> {
        Box::pin(async move {
            let at = task.run.planned_at;
            self.bomb.tick().await;
            task.say("begun").await;
            if task.schedule.work == "monthly_report" {
                let work = async |unit: Unit| subscriptions::plan_reports(&unit, at).await;
                self.store.write(&Actor::system("test"), work).await?;
            }
            self.bomb.tick().await;
            self.done
                .lock()
                .unwrap()
                .push((task.schedule.work.clone(), at));
            Ok("well".to_owned())
        })
    }
}

struct TestRenders {
    bomb: Arc<Bomb>,
}

fn local(at: DateTime<Utc>) -> String {
    let zone = Company::default().zone;
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

impl Renders for TestRenders {
    fn render<'a>(&'a self, order: &'a Order<'a>) -> BoxFuture<'a, Result<Rendered, RenderError>> {
        Box::pin(async move {
            self.bomb.tick().await;
            let subject = format!(
                "{} {}",
                order.subscription.name,
                local(order.copy.planned_at)
            );
            Ok(Rendered::Message(Box::new(Message {
                content: Content {
                    text: format!("for {}", order.caller.name),
                    html: format!("<p>for {}</p>", order.caller.name),
                    subject,
                    pictures: Vec::new(),
                    files: Vec::new(),
                },
                data: json!({}),
                value: None,
            })))
        })
    }
}

/// A process.
struct Server {
    store: Store,
    scheduler: Scheduler,
    outbox: Outbox,
    bomb: Arc<Bomb>,
}

impl Server {
    async fn start(
        place: &Place,
        clock: &Arc<ManualClock>,
        settings: &DeliverySettings,
        done: &Done,
    ) -> Self {
        let store = Store::open(place, clock.clone(), &Company::default())
            .await
            .unwrap();
        let bomb = Arc::new(Bomb::default());
        let works = TestWorks {
            store: store.clone(),
            bomb: Arc::clone(&bomb),
            done: Arc::clone(done),
        };
        let renders = TestRenders {
            bomb: Arc::clone(&bomb),
        };
        Self {
            scheduler: Scheduler::new(store.clone(), Arc::new(works)),
            outbox: Outbox::new(store.clone(), settings.clone(), Arc::new(renders)),
            store,
            bomb,
        }
    }

    /// Does what is due; whether it was killed meanwhile.
    async fn round(&self) -> bool {
        let work = async {
            self.scheduler.round().await.unwrap();
            self.outbox.round().await.unwrap();
        };
        tokio::select! {
            biased;
            () = self.bomb.gone.notified() => true,
            () = work => false,
        }
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("{}:00+08:00", text.replace(' ', "T")))
        .unwrap()
        .to_utc()
}

/// The rest days and make-up workdays of 2024, as the State Council announced them.
fn is_worked(day: NaiveDate) -> bool {
    let span = |from: (u32, u32), to: (u32, u32)| {
        let own = (day.month(), day.day());
        from <= own && own <= to
    };
    let make_up = [
        (2, 4),
        (2, 18),
        (4, 7),
        (4, 28),
        (5, 11),
        (9, 14),
        (9, 29),
        (10, 12),
    ];
    if make_up.contains(&(day.month(), day.day())) {
        return true;
    }
    let rest = span((1, 1), (1, 1))
        || span((2, 10), (2, 17))
        || span((4, 4), (4, 6))
        || span((5, 1), (5, 5))
        || span((6, 10), (6, 10))
        || span((9, 15), (9, 17))
        || span((10, 1), (10, 7));
    !rest && !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn days() -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    first.iter_days().take_while(|day| day.year() == 2024)
}

fn first_working_days() -> Vec<String> {
    let mut seen = BTreeSet::new();
    days()
        .filter(|day| is_worked(*day) && seen.insert(day.month()))
        .map(|day| format!("{day} 08:00"))
        .collect()
}

fn mondays() -> Vec<String> {
    let mondays = days().filter(|day| day.weekday() == Weekday::Mon);
    let moved = mondays.map(|day| day.iter_days().find(|day| is_worked(*day)).unwrap());
    let moved: BTreeSet<NaiveDate> = moved.filter(|day| day.year() == 2024).collect();
    moved.iter().map(|day| format!("{day} 09:00")).collect()
}

/// (subscription, moment, person): how the receipt stands.
type Receipts = BTreeMap<(String, String, String), String>;

/// The servers are all down then: what came due on the first days is left out, but for reports.
const NOBODY: [(&str, &str); 2] = [
    ("2024-08-05 12:00", "2024-08-08 12:00"),
    ("2024-10-08 06:00", "2024-10-10 12:00"),
];

fn missed(moment: &str, others: &[String]) -> bool {
    NOBODY.iter().any(|(from, to)| {
        let within = |moment: &str| *from <= moment && moment < *to;
        within(moment)
            && others
                .iter()
                .any(|other| within(other) && other.as_str() > moment)
    })
}

fn expected() -> Receipts {
    let mut receipts = Receipts::new();
    let mut add = |name: &str, moment: &str, person: &str, state: &str| {
        let key = (name.to_owned(), moment.to_owned(), person.to_owned());
        assert!(receipts.insert(key, state.to_owned()).is_none());
    };
    for moment in first_working_days() {
        for person in ["ann", "bob"] {
            add("report", &moment, person, "sent");
        }
        let of_carl = if *moment < *"2024-07" {
            "sent"
        } else {
            "withheld"
        };
        add("report", &moment, "carl", of_carl);
    }
    let of_days: Vec<String> = days()
        .filter(|day| is_worked(*day))
        .map(|day| format!("{day} 18:00"))
        .collect();
    for (name, person, moments) in [("list", "ann", mondays()), ("numbers", "bob", of_days)] {
        for moment in &moments {
            let state = match moment.as_str() {
                "2024-05-20 18:00" => "unknown",
                moment if missed(moment, &moments) => "skipped",
                _ => "sent",
            };
            add(name, moment, person, state);
        }
    }
    receipts
}

pub(crate) async fn person(store: &Store, username: &str, code: &str) -> i64 {
    let work = async |unit: Unit| {
        let role = role::Entity::find()
            .filter(role::Column::Code.eq(code))
            .one(&unit)
            .await?
            .unwrap();
        let user = user::ActiveModel {
            username: Set(username.to_owned()),
            name: Set(username.to_owned()),
            email: Set(Some(format!("{username}@customer.example"))),
            role_id: Set(role.id),
            ..Default::default()
        };
        unit.insert::<user::Model>(user).await
    };
    let made = store.write(&Actor::system("test"), work).await;
    made.unwrap().id
}

async fn change(store: &Store, id: i64, draft: user::ActiveModel) {
    let work = async |unit: Unit| {
        let read: user::Model = unit.get(id).await?;
        unit.update(&read, draft.clone()).await
    };
    store.write(&Actor::system("test"), work).await.unwrap();
}

async fn set_up(store: &Store) -> BTreeMap<i64, String> {
    initialise(store).await.unwrap();
    let mut people = BTreeMap::new();
    for (name, role) in [("ann", "rep"), ("bob", "director"), ("carl", "finance")] {
        people.insert(person(store, name, role).await, name.to_owned());
    }
    let ids: Vec<i64> = people.keys().copied().collect();
    let bob = store.caller(ids[1]).await.unwrap();
    let mut subscribe = Vec::new();
    subscribe.push(
        json!({"name": "report", "kind": "monthly_report", "content": {}, "recipients": ids}),
    );
    subscribe.push(json!({
        "name": "list", "kind": "list", "content": {"resource": "opportunity"},
        "rule": "weekly mon 09:00 next", "recipients": [ids[0]],
    }));
    subscribe.push(json!({
        "name": "numbers", "kind": "dashboard", "rule": "working-days 18:00",
        "content": {"metrics": ["won_amount"], "span": "this_month"},
    }));
    for body in subscribe {
        let body = body.as_object().unwrap();
        create(store, &bob, &subscription::RESOURCE, body)
            .await
            .unwrap();
    }
    people
}

/// The next moment that something happens, and not beyond `until`.
async fn next(store: &Store, until: DateTime<Utc>) -> DateTime<Utc> {
    let moments = [
        schedules::next_due(store).await.unwrap(),
        subscriptions::next_due(store).await.unwrap(),
        outbox::next_attempt(store).await.unwrap(),
        Some(until),
    ];
    moments.into_iter().flatten().min().unwrap()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    PostDown,
    PostUp,
    ServersDown,
    ServersUp,
    CarlLeaves,
    Mute,
    Heard,
    End,
}

fn events() -> Vec<(DateTime<Utc>, Event)> {
    let [first, second] = NOBODY;
    [
        ("2024-03-01 00:00", Event::PostDown),
        ("2024-03-02 00:00", Event::PostUp),
        ("2024-05-20 17:00", Event::Mute),
        ("2024-05-20 20:00", Event::Heard),
        ("2024-07-01 00:00", Event::CarlLeaves),
        (first.0, Event::ServersDown),
        (first.1, Event::ServersUp),
        (second.0, Event::ServersDown),
        (second.1, Event::ServersUp),
        ("2024-12-31 23:59", Event::End),
    ]
    .map(|(moment, event)| (at(moment), event))
    .to_vec()
}

#[allow(clippy::too_many_lines, reason = "a year is one story")]
async fn a_year(place: Place, seed: u64) {
    let clock = Arc::new(ManualClock::at(at("2023-12-31 20:00")));
    let mut post = Post::open();
    let settings = post.settings();
    let done = Done::default();
    let mut servers = Vec::new();
    for _ in 0..2 {
        servers.push(Server::start(&place, &clock, &settings, &done).await);
    }
    let people = set_up(&servers[0].store).await;
    let ids: Vec<i64> = people.keys().copied().collect();
    let mut dice = Dice(seed);
    let mut mails: Vec<Value> = Vec::new();
    let (mut nobody, mut muted, mut kills, mut in_a_row) = (false, false, 0, 0);
    for (moment, event) in events() {
        loop {
            let due = next(&servers[0].store, moment).await;
            let now = servers[0].store.now();
            if now < due {
                let late = TimeDelta::minutes(i64::try_from(dice.below(40)).unwrap());
                clock.advance((due + late).min(moment) - now);
            }
            let over = servers[0].store.now() >= moment;
            if nobody {
                clock.advance((moment - servers[0].store.now()).max(TimeDelta::zero()));
                break;
            }
            // One time in twelve somebody pulls a plug; but what was broken off twice is left to end, as
            // the third time would be its last.
            for server in &servers {
                let pulled = dice.below(12) == 0;
                let steps = if pulled && in_a_row < 2 {
                    1 + dice.below(4)
                } else {
                    0
                };
                server.bomb.light(i64::try_from(steps).unwrap());
            }
            let both = async { tokio::join!(servers[0].round(), servers[1].round()) };
            let killed = if muted {
                tokio::select! {
                    mail = post.next() => {
                        mails.push(mail);
                        muted = false;
                        (true, true)
                    }
                    killed = both => killed,
                }
            } else {
                both.await
            };
            for (index, killed) in [(0, killed.0), (1, killed.1)] {
                if killed {
                    kills += 1;
                    servers[index] = Server::start(&place, &clock, &settings, &done).await;
                }
            }
            in_a_row = if killed.0 || killed.1 {
                in_a_row + 1
            } else {
                0
            };
            if killed.0 || killed.1 {
                // The leases of the dead end by themselves.
                clock.advance(TimeDelta::seconds(11));
            } else if over && next(&servers[0].store, moment).await >= moment {
                break;
            }
        }
        match event {
            Event::PostDown => post.down(),
            Event::PostUp => post.up(),
            Event::ServersDown => nobody = true,
            Event::ServersUp => nobody = false,
            Event::CarlLeaves => {
                let leaves = user::ActiveModel {
                    enabled: Set(false),
                    ..Default::default()
                };
                change(&servers[0].store, ids[2], leaves).await;
            }
            Event::Mute => {
                muted = true;
                let mute = user::ActiveModel {
                    email: Set(Some("mute@customer.example".to_owned())),
                    ..Default::default()
                };
                change(&servers[0].store, ids[1], mute).await;
            }
            Event::Heard => {
                assert!(!muted, "the mail that nobody answered came");
                let back = user::ActiveModel {
                    email: Set(Some("bob@customer.example".to_owned())),
                    ..Default::default()
                };
                change(&servers[0].store, ids[1], back).await;
            }
            Event::End => {}
        }
    }
    assert!(kills > 20, "only {kills} kills: the year was too quiet");
    let store = &servers[0].store;
    check_runs(store, &done).await;

    let expected = expected();
    let receipts = receipts(store, &people).await;
    assert_eq!(receipts, expected);
    let came = |state: &String| ["sent", "unknown"].contains(&state.as_str());
    let count = expected.values().filter(|state| came(state)).count();
    mails.extend(post.mails(count - mails.len()));
    let ids: BTreeSet<&str> = mails
        .iter()
        .map(|mail| mail["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), mails.len(), "each mail has an id of its own");
    let got: BTreeSet<(String, String)> = mails
        .iter()
        .map(|mail| {
            let text = |key: &str| mail[key].as_str().unwrap().trim().to_owned();
            assert_eq!(mail["defects"], json!([]));
            (text("subject"), text("text"))
        })
        .collect();
    let wanted: BTreeSet<(String, String)> = expected
        .iter()
        .filter(|(_, state)| came(state))
        .map(|((name, moment, person), _)| (format!("{name} {moment}"), format!("for {person}")))
        .collect();
    assert_eq!(got, wanted);
    late_ones_came_after_the_server_was_back(store).await;
}

async fn receipts(store: &Store, people: &BTreeMap<i64, String>) -> Receipts {
    let named: BTreeMap<i64, String> = subscription::Entity::find()
        .all(store.reader())
        .await
        .unwrap()
        .into_iter()
        .map(|own| (own.id, own.name))
        .collect();
    let copies = dispatch::Entity::find().all(store.reader()).await.unwrap();
    let receipts = copies.into_iter().map(|copy| {
        if copy.state != "sent" {
            assert!(copy.reason.is_some(), "{copy:?} says why");
        }
        let key = (
            named[&copy.subscription_id].clone(),
            local(copy.planned_at),
            people[&copy.recipient_id].clone(),
        );
        (key, copy.state)
    });
    receipts.collect()
}

async fn check_runs(store: &Store, done: &Done) {
    let done = done.lock().unwrap().clone();
    let schedules = schedule::Entity::find().all(store.reader()).await.unwrap();
    for own in schedules {
        let daily =
            |time: &str| -> Vec<String> { days().map(|day| format!("{day} {time}")).collect() };
        let moments = match own.work.as_str() {
            "upkeep" => daily("03:30"),
            "backup" => daily("02:00"),
            "health" => days()
                .filter(|day| day.weekday() == Weekday::Mon)
                .map(|day| format!("{day} 04:30"))
                .collect(),
            "monthly_report" => first_working_days(),
            other => panic!("{other} is not shipped"),
        };
        let expected: Vec<(String, &str)> = moments
            .iter()
            .map(|moment| {
                let skipped = own.catch_up == "once" && missed(moment, &moments);
                (moment.clone(), if skipped { "skipped" } else { "done" })
            })
            .collect();
        let runs = schedule_run::Entity::find()
            .filter(schedule_run::Column::ScheduleId.eq(own.id))
            .order_by_asc(schedule_run::Column::PlannedAt)
            .all(store.reader())
            .await
            .unwrap();
        let found: Vec<(String, &str)> = runs
            .iter()
            .map(|run| (local(run.planned_at), run.state.as_str()))
            .collect();
        assert_eq!(found, expected, "{}", own.name);
        for run in &runs {
            let times = done
                .iter()
                .filter(|(work, at)| *work == own.work && *at == run.planned_at)
                .count();
            // Killed after its work and before its end it is done again: nothing else is.
            let most = usize::try_from(run.attempt).unwrap();
            assert!(times <= most.max(1), "{run:?} was done {times} times");
            assert_eq!(times > 0, run.state == "done", "{run:?}");
        }
    }
}

/// What was due while the mail server was down came when it was back, each after several attempts.
async fn late_ones_came_after_the_server_was_back(store: &Store) {
    let late = dispatch::Entity::find()
        .filter(dispatch::Column::PlannedAt.gte(at("2024-03-01 00:00")))
        .filter(dispatch::Column::PlannedAt.lt(at("2024-03-02 00:00")))
        .all(store.reader())
        .await
        .unwrap();
    assert_eq!(late.len(), 4);
    for copy in late {
        assert!(copy.sent_at.unwrap() >= at("2024-03-02 00:00"), "{copy:?}");
        assert!(copy.attempts > 5, "{copy:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_with_two_servers_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    a_year(Place::File(folder.path().join("operations.db")), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_with_two_servers_on_postgres() {
    if let Some(postgres) = Postgres::shared() {
        a_year(Place::Url(postgres.database().await.unwrap()), 2).await;
    }
}
