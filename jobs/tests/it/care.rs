//! What follows from scores in the daily work: success managers, and notices of falls.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use millrace_jobs::health::{Again, Followed, follow, score};
use millrace_jobs::{Live, Round, RunOptions};
use millrace_lake::Lake;
use millrace_models::config::Company;
use millrace_operations::entity::{account, order, role, todo, user};
use millrace_operations::service::scorecard;
use millrace_operations::service::todo::complete;
use millrace_operations::setup::initialise;
use millrace_operations::testing::{ManualClock, Postgres};
use millrace_operations::{Actor, Caller, Draft, Place, Record, Store, Unit};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::support::options;

/// The day on which most are found silent.
const FALL: &str = "2025-12-27T01:00:00Z";

/// A firm with customers, of whom all but the first fell silent in November.
struct Firm {
    live: Live,
    clock: Arc<ManualClock>,
    place: Place,
    ann: i64,
    accounts: Vec<account::Model>,
    _folder: tempfile::TempDir,
}

impl Firm {
    async fn on_sqlite(customers: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("operations.db"));
        Self::open(place, folder, customers).await
    }

    async fn on_postgres(customers: usize) -> Option<Self> {
        let url = Postgres::shared()?.database().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Some(Self::open(Place::Url(url), folder, customers).await)
    }

    async fn open(place: Place, folder: tempfile::TempDir, customers: usize) -> Self {
        let at: DateTime<Utc> = FALL.parse().unwrap();
        let clock = Arc::new(ManualClock::at(at));
        let company = Company::default();
        let store = Store::open(&place, clock.clone(), &company).await.unwrap();
        initialise(&store).await.unwrap();
        let live = Live {
            store,
            lake: Lake::init(&folder.path().join("lake")).await.unwrap(),
            company,
        };
        let mut firm = Self {
            live,
            clock,
            place,
            ann: 0,
            accounts: Vec::new(),
            _folder: folder,
        };
        let role = role::Entity::find().filter(role::Column::Code.eq("customer_success"));
        let role = role.one(firm.live.store.reader()).await.unwrap().unwrap();
        let ann = user::ActiveModel {
            username: Set("ann".to_owned()),
            name: Set("Ann".to_owned()),
            role_id: Set(role.id),
            ..Default::default()
        };
        firm.ann = firm.insert::<user::Model>(ann).await.id;
        for place in 0..customers {
            let account = account::ActiveModel {
                name: Set(format!("Valves {place}")),
                normalised_name: Set(format!("valves{place}")),
                pool_state: Set("pooled".to_owned()),
                created_at: Set(at - TimeDelta::days(900)),
                ..Default::default()
            };
            let account = firm.insert::<account::Model>(account).await;
            firm.accounts.push(account);
        }
        // every fortnight; all but the first for the last time on the 20th of November
        let mut orders = Vec::new();
        for place in 0..customers {
            let last = if place == 0 {
                "2025-12-24"
            } else {
                "2025-11-20"
            };
            for back in 0..60 {
                let on = day(last) - Days::new(14 * back);
                orders.push(firm.draft(place, on, "sale", 100_000));
            }
        }
        // that returns are recorded makes enough of the scorecard known
        orders.push(firm.draft(0, day("2025-06-20"), "return", 1_000));
        let work = async |unit: Unit| {
            for order in &orders {
                unit.insert::<order::Model>(order.clone()).await?;
            }
            Ok(())
        };
        let store = &firm.live.store;
        store.write(&Actor::system("test"), work).await.unwrap();
        firm
    }

    async fn insert<R: Record + Sync>(&self, draft: Draft<R>) -> R
    where
        Draft<R>: ActiveModelTrait + Clone + Send + Sync,
    {
        let work = async |unit: Unit| unit.insert::<R>(draft.clone()).await;
        let actor = Actor::system("test");
        self.live.store.write(&actor, work).await.unwrap()
    }

    fn draft(&self, place: usize, on: NaiveDate, kind: &str, amount: i64) -> order::ActiveModel {
        order::ActiveModel {
            account_id: Set(self.accounts[place].id),
            kind: Set(kind.to_owned()),
            ordered_at: Set(on.and_hms_opt(2, 0, 0).unwrap().and_utc()),
            amount: Set(Some(amount)),
            ..Default::default()
        }
    }

    /// The second customer orders.
    async fn order(&self, on: &str) {
        let order = self.draft(1, day(on), "sale", 100_000);
        self.insert::<order::Model>(order).await;
    }

    /// The same firm as another process has it.
    async fn beside(&self) -> Live {
        let store = Store::open(&self.place, self.clock.clone(), &self.live.company);
        Live {
            store: store.await.unwrap(),
            lake: Lake::open(self.live.lake.root()).await.unwrap(),
            company: self.live.company.clone(),
        }
    }

    async fn todos(&self) -> Vec<todo::Model> {
        let found = todo::Entity::find().order_by_asc(todo::Column::Id);
        found.all(self.live.store.reader()).await.unwrap()
    }

    /// What is told of a customer.
    async fn told_of(&self, place: usize) -> Vec<todo::Model> {
        let mut todos = self.todos().await;
        todos.retain(|own| own.account_id == Some(self.accounts[place].id));
        todos
    }

    async fn managers(&self) -> Vec<Option<i64>> {
        let found = account::Entity::find().order_by_asc(account::Column::Id);
        let found = found.all(self.live.store.reader()).await.unwrap();
        found
            .into_iter()
            .map(|own| own.success_manager_id)
            .collect()
    }

    /// A round on the morning of a day.
    async fn morning(&self, of: &str) -> Round {
        let at = day(of).and_hms_opt(1, 0, 0).unwrap().and_utc();
        self.clock.advance(at - self.live.store.now());
        self.live.round().await.unwrap()
    }

    fn options(&self) -> RunOptions {
        RunOptions {
            now: self.live.store.now(),
            full: false,
            ..options()
        }
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scoring_gives_large_accounts_somebody_and_tells_of_falls() {
    let firm = Firm::on_sqlite(8).await;
    let round = firm.live.round().await.unwrap();
    assert!(round.set.is_some());
    // six of eight bring the first 70 %
    let managers = firm.managers().await;
    let given = managers.iter().filter(|own| **own == Some(firm.ann));
    assert_eq!(given.count(), 6, "{managers:?}");
    // seven fell; of two of them nobody is told, for nobody owns them or looks after them
    let todos = firm.todos().await;
    assert_eq!(todos.len(), 5, "{todos:?}");
    for todo in &todos {
        assert_eq!(todo.owner_id, Some(firm.ann));
        assert!(todo.title.contains("长期没有下单"), "{}", todo.title);
        assert!(todo.title.contains("下单节奏 -"), "{}", todo.title);
    }
    // what was written is taken in, and that is all
    firm.live.round().await.unwrap();
    assert_eq!(firm.live.round().await.unwrap(), Round::default());
    assert_eq!(firm.todos().await, todos);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_falls_than_a_week_takes_are_summed_up() {
    let firm = Firm::on_sqlite(8).await;
    for account in &firm.accounts {
        let change = account::ActiveModel {
            success_manager_id: Set(Some(firm.ann)),
            ..Default::default()
        };
        let work = async |unit: Unit| unit.update(account, change.clone()).await;
        let actor = Actor::system("test");
        firm.live.store.write(&actor, work).await.unwrap();
    }
    firm.live.round().await.unwrap();
    let todos = firm.todos().await;
    assert_eq!(todos.len(), 6);
    assert!(
        todos[5].title.starts_with("另有 2 个客户健康度下降"),
        "{}",
        todos[5].title
    );
    // the next day is of the same week, the one after of the next
    firm.morning("2025-12-28").await;
    assert_eq!(firm.todos().await.len(), 6);
    firm.morning("2025-12-29").await;
    let todos = firm.todos().await;
    assert_eq!(todos.len(), 8);
    assert_eq!(todos[5].state, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fall_is_told_once_and_again_after_a_recovery() {
    let firm = Firm::on_sqlite(2).await;
    firm.live.round().await.unwrap();
    let first = firm.told_of(1).await;
    assert_eq!(first.len(), 1);
    let caller = Caller::load(firm.live.store.reader(), firm.ann)
        .await
        .unwrap();
    let done = async |unit: Unit| complete(&unit, &caller, first[0].id, None).await;
    firm.live.store.write(&caller.actor(), done).await.unwrap();
    firm.morning("2025-12-28").await;
    assert_eq!(firm.told_of(1).await.len(), 1, "still down");
    firm.order("2025-12-29").await;
    for day in ["2025-12-30", "2026-01-10"] {
        firm.morning(day).await;
        assert_eq!(firm.told_of(1).await.len(), 1, "recovered");
    }
    // and falls silent again, not 30 days after the first notice
    firm.morning("2026-01-23").await;
    let todos = firm.told_of(1).await;
    assert_eq!(todos.len(), 2, "{todos:?}");
    firm.morning("2026-02-05").await;
    assert_eq!(firm.told_of(1).await.len(), 2, "the same fall");
}

async fn two_processes_do_it_once(firm: Firm) {
    let other = firm.beside().await;
    let (left, right) = tokio::join!(firm.live.round(), other.round());
    assert!(left.is_ok() || right.is_ok(), "{left:?} {right:?}");
    // one that has lost the lease and does not know it
    let (left, right) = tokio::join!(
        follow(&firm.live.lake, &firm.live.store),
        follow(&other.lake, &other.store)
    );
    left.unwrap();
    right.unwrap();
    assert_eq!(firm.todos().await.len(), 2, "of the last nobody is told");
    let changes = firm.live.store.history("account", firm.accounts[1].id, 100);
    let changes = changes.await.unwrap();
    let given = changes.iter().filter(|own| own.actor == "success managers");
    assert_eq!(given.count(), 1);
    other.store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_it_once_on_sqlite() {
    Box::pin(two_processes_do_it_once(Firm::on_sqlite(4).await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_it_once_on_postgres() {
    if let Some(firm) = Firm::on_postgres(4).await {
        Box::pin(two_processes_do_it_once(firm)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_after_a_kill_does_what_was_left() {
    let firm = Firm::on_sqlite(3).await;
    let Live { store, lake, .. } = &firm.live;
    // killed when the scores were published
    millrace_ingest::ingest_changes(lake, store, millrace_ingest::WINDOW, store.now())
        .await
        .unwrap();
    millrace_jobs::run(lake, &firm.options()).await.unwrap();
    let rules = scorecard::rules(store.reader()).await.unwrap();
    let scored = score(lake, &firm.options(), &rules, Again::Grown).await;
    assert!(scored.unwrap().is_some());
    assert_eq!(firm.todos().await, []);
    let next = firm.beside().await;
    assert_eq!(
        next.round().await.unwrap(),
        Round::default(),
        "nothing is new"
    );
    assert_eq!(firm.todos().await.len(), 2);
    assert_eq!(firm.managers().await, [Some(firm.ann); 3]);
    // and between who looks after an account and what they are told
    assert_eq!(follow(lake, store).await.unwrap(), Followed::default());
    next.store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn other_rules_of_notices_score_nothing_anew() {
    let firm = Firm::on_sqlite(2).await;
    let strict = millrace_models::health::ScorecardRules {
        notices: millrace_models::health::NoticeRules {
            points: 90.0,
            ..Default::default()
        },
        ..Default::default()
    };
    let store = &firm.live.store;
    let work = async |unit: Unit| scorecard::set_rules(&unit, &strict).await;
    store.write(&Actor::system("test"), work).await.unwrap();
    firm.live.round().await.unwrap();
    assert_eq!(firm.todos().await, [], "nobody fell by 90");
    firm.live.round().await.unwrap();
    let before = firm.live.lake.latest_set().await.unwrap().unwrap();
    let shipped = millrace_models::health::ScorecardRules::default();
    let work = async |unit: Unit| scorecard::set_rules(&unit, &shipped).await;
    store.write(&Actor::system("test"), work).await.unwrap();
    firm.live.round().await.unwrap();
    let after = firm.live.lake.latest_set().await.unwrap().unwrap();
    let scores = |set: &millrace_lake::PublishedSet| set.versions["marts/account_health"];
    assert_eq!(scores(&before), scores(&after));
    assert_eq!(firm.todos().await.len(), 1, "by the rules of now");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_so_at_another_time_is_no_reason_to_act() {
    let firm = Firm::on_sqlite(2).await;
    let Live { store, lake, .. } = &firm.live;
    millrace_ingest::ingest_changes(lake, store, millrace_ingest::WINDOW, store.now())
        .await
        .unwrap();
    let then = RunOptions {
        as_of: Some(store.now() - Days::new(1)),
        ..firm.options()
    };
    millrace_jobs::run_leased(lake, store, &then).await.unwrap();
    assert_eq!(
        (firm.todos().await, firm.managers().await),
        (vec![], vec![None; 2])
    );
    millrace_jobs::run_leased(lake, store, &firm.options())
        .await
        .unwrap();
    assert_eq!(firm.todos().await.len(), 1);
}
