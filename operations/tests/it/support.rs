//! A store for each test, on each database.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use millrace_models::config::Company;
use millrace_operations::entity::{role, team, user};
use millrace_operations::setup::initialise;
use millrace_operations::testing::{ManualClock, Postgres};
use millrace_operations::{Actor, Caller, Place, Store};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Set, Statement};
use tempfile::TempDir;

/// Runs each test on both databases.
macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name($crate::support::Home::sqlite().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    if let Some(home) = $crate::support::Home::postgres().await {
                        super::$name(home).await;
                    }
                }
            )+
        }
    };
}
pub(crate) use contract;

/// A store, its clock and where it is.
pub(crate) struct Home {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) place: Place,
    /// Goes with the test.
    folder: TempDir,
}

impl Home {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("operations.db"));
        Self::open(place, folder).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let url = Postgres::shared()?.database().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Some(Self::open(Place::Url(url), folder).await)
    }

    /// Another, empty store on the same kind of database.
    pub(crate) async fn another(&self) -> Self {
        match self.place {
            Place::File(_) => Self::sqlite().await,
            Place::Url(_) => Self::postgres().await.unwrap(),
        }
    }

    /// The store of a database that was filled elsewhere.
    pub(crate) async fn at(place: &Place) -> Self {
        Self::open(place.clone(), tempfile::tempdir().unwrap()).await
    }

    /// Where the database's files are, for SQLite.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    async fn open(place: Place, folder: TempDir) -> Self {
        let clock = Arc::new(ManualClock::at(time("2026-03-02T09:30:00.123456789+08:00")));
        let store = Store::open(&place, clock.clone(), &Company::default())
            .await
            .unwrap();
        Self {
            store,
            clock,
            place,
            folder,
        }
    }

    /// The same database once more, as a second process would.
    pub(crate) async fn reopen(&self) -> millrace_operations::Result<Store> {
        let _ = &self.folder;
        Store::open(&self.place, self.clock.clone(), &Company::default()).await
    }

    /// Waits until every transaction before this moment has ended, also those that other tests have
    /// open in their databases of the same server: the change log is read up to the oldest of them.
    pub(crate) async fn settle(&self) {
        if self.store.backend() != DbBackend::Postgres {
            return;
        }
        let ask = async |sql: &str| -> i64 {
            let statement = Statement::from_string(DbBackend::Postgres, sql);
            let row = self.store.reader().query_one_raw(statement).await.unwrap();
            row.unwrap().try_get_by_index(0).unwrap()
        };
        let next = ask("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").await;
        while ask("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").await < next {
            tokio::task::yield_now().await;
        }
    }

    /// With the default roles and pipeline.
    pub(crate) async fn initialised(self) -> Self {
        initialise(&self.store).await.unwrap();
        self
    }

    /// A new user with that role.
    pub(crate) async fn user(&self, username: &str, role: &str, team_id: Option<i64>) -> Caller {
        let user = self
            .store
            .write(&Actor::system("test"), async |unit| {
                let role = role::Entity::find()
                    .filter(role::Column::Code.eq(role))
                    .one(&unit)
                    .await?
                    .unwrap();
                let user = user::ActiveModel {
                    username: Set(username.to_owned()),
                    name: Set(format!("Name of {username}")),
                    role_id: Set(role.id),
                    team_id: Set(team_id),
                    ..Default::default()
                };
                unit.insert::<user::Model>(user).await
            })
            .await
            .unwrap();
        Caller::load(self.store.reader(), user.id).await.unwrap()
    }

    /// A new team.
    pub(crate) async fn team(&self, name: &str, parent_id: Option<i64>) -> i64 {
        let team = self
            .store
            .write(&Actor::system("test"), async |unit| {
                let team = team::ActiveModel {
                    name: Set(name.to_owned()),
                    parent_id: Set(parent_id),
                    ..Default::default()
                };
                unit.insert::<team::Model>(team).await
            })
            .await
            .unwrap();
        team.id
    }
}

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse::<DateTime<Utc>>().unwrap()
}

/// A JSON object.
macro_rules! row {
    ($($json:tt)*) => {
        match serde_json::json!({ $($json)* }) {
            serde_json::Value::Object(row) => row,
            _ => unreachable!(),
        }
    };
}
pub(crate) use row;

/// A small generator, so that a world is the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    pub(crate) fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }
}
