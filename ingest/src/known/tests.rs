#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use chrono::DateTime;
use hashbrown::HashSet;
use millrace_lake::{Change, Lake, Mode, Table};
use millrace_models::entity::Entity;

use super::{Known, Read};
use crate::batch::{Block, Stamp, assemble, block};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// Rows whose texts are few, so that many are equal, or versions of each other.
fn rows(dice: &mut Dice, entity: Entity, rows: usize, spread: u64) -> Block {
    let fields: &[&'static str] = match entity {
        Entity::Account => &["id", "name", "region"],
        Entity::StageChange => &["opportunity", "stage"],
        Entity::Order => &["id", "account", "product"],
        _ => &["id", "number"],
    };
    let columns = fields.iter().zip(0..).map(|(name, place)| {
        let values = (0..rows).map(|_| {
            let text = dice.below(if place == 0 { spread } else { 3 });
            // here and there an id is missing, or has a blank before it
            match dice.below(12) {
                0 if place == 0 && entity != Entity::StageChange => None,
                1 => Some(format!(" {name}{text}")),
                _ => Some(format!("{name}{text}")),
            }
        });
        let column: ArrayRef = Arc::new(values.collect::<StringArray>());
        (*name, column, None)
    });
    let columns = columns.collect();
    let deleted: Vec<bool> = (0..rows).map(|_| dice.below(9) == 0).collect();
    let own = block(entity, columns, None, rows);
    Block {
        deleted: Some(deleted.into()),
        ..own
    }
}

async fn filled(lake: &Lake, entity: Entity, dice: &mut Dice) -> Table {
    let name = format!("raw/{}", entity.name());
    for file in 0..6_u64 {
        let table = lake.table(&name).await.unwrap();
        let stamp = Stamp {
            system: ["crm", "erp"][usize::try_from(file % 2).unwrap()].to_owned(),
            file: format!("{}.csv", file / 2),
            ingested_at: DateTime::default(),
            op: "upsert",
        };
        let seq = i64::try_from(table.rows()).unwrap();
        // large enough for a filter, and small
        let count = if file % 3 == 0 { 1500 } else { 200 };
        let batch = assemble(rows(dice, entity, count, 4000), &stamp, seq).unwrap();
        let mut writer = lake.writer(&name, entity.raw_schema(), None);
        writer.write(&batch, None).unwrap();
        let change = Change {
            mode: Mode::Append,
            files: writer.finish().unwrap(),
            kept: Vec::new(),
            schema: None,
            transactions: vec![(format!("file{file}"), 1)],
        };
        lake.commit(&table, change).await.unwrap();
    }
    lake.table(&name).await.unwrap()
}

/// What becomes of some files of a few blocks, and how the table was read for them.
fn outcome(table: &Table, entity: Entity, short: u64, seed: u64) -> (Vec<String>, bool) {
    let mut dice = Dice(seed);
    let repeated: HashSet<u64> = (0..4000)
        .filter(|_| dice.below(5) == 0)
        .map(|own| super::id_hash(&format!("id{own}")))
        .collect();
    let mut known = Known::with(entity, table, "crm", repeated, short).unwrap();
    let mut seq = i64::try_from(table.rows()).unwrap();
    let mut outcome = Vec::new();
    for file in ["1.csv", "new.csv"] {
        known.begin();
        for _ in 0..4 {
            let count = usize::try_from(1 + dice.below(60)).unwrap();
            let block = rows(&mut dice, entity, count, 4000);
            let new = known.new_rows(&block, file, seq).unwrap();
            seq += i64::try_from(new.true_count()).unwrap();
            outcome.push(format!("{new:?}"));
            if entity == Entity::Order {
                outcome.push(format!("{:?}", known.order_rows(&block, file).unwrap()));
            }
        }
    }
    let read_whole = matches!(known.read, Read::All);
    // the rest of the table can still be read
    known.read_all().unwrap();
    let mut vanished: Vec<u128> = known
        .vanished("1.csv", &HashSet::new())
        .into_iter()
        .collect();
    vanished.sort_unstable();
    outcome.push(format!("{vanished:?}"));
    (outcome, read_whole)
}

#[tokio::test]
async fn rows_of_some_keys_tell_as_much_as_all_rows() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::init(folder.path()).await.unwrap();
    let mut dice = Dice(7);
    for entity in [
        Entity::Account,
        Entity::Quote,
        Entity::StageChange,
        Entity::Order,
    ] {
        let table = filled(&lake, entity, &mut dice).await;
        for seed in 0..8 {
            let (by_all, all) = outcome(&table, entity, u64::MAX, seed);
            let (by_keys, whole) = outcome(&table, entity, 0, seed);
            assert!(all && !whole);
            assert_eq!(by_keys, by_all, "{} {seed}", entity.name());
            // some were known, and some were not
            let told = by_all.concat();
            assert!(told.contains("true") && told.contains("false"));
        }
    }
}
