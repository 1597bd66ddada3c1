//! Records of every resource, all of whose words and amounts are marks.

use std::collections::BTreeMap;

use millrace_operations::entity::{
    RESOURCES, account, account_tag, attachment, contact, contract, delivery, dispatch, handover,
    interaction, invoice_application, month_close, opportunity, order, order_line, payment_plan,
    payment_request, pool_move, price_list, price_list_item, private_note, product, quote,
    quote_line, receipt, receipt_allocation, routing_rule, schedule, schedule_run, setting,
    stage_change, subscription, tag, target, ticket, todo,
};
use millrace_operations::resource::{Field, Kind, Resource};
use millrace_operations::{Actor, Caller, Result, Unit};
use sea_orm::{ActiveModelTrait, IdenStatic, Iterable, Value};
use serde_json::json;

use super::marks::{Mark, text_of};
use crate::app::{Answer, App};

/// A resource and an id.
pub(crate) type Record = (&'static str, i64);

/// Which record has which marks.
pub(crate) struct Planted {
    records: BTreeMap<(usize, usize), Record>,
    numbers: BTreeMap<String, Record>,
}

/// Accounts; of all else there is one for each, and deals twice as many.
const ACCOUNTS: usize = 10;
/// What stands there already, from the first start and the people.
const THERE: [&str; 5] = ["user", "team", "role", "pipeline", "stage"];

/// Words that are not free: no marks.
pub(crate) fn is_plain(entity: &str, field: &str) -> bool {
    matches!(
        (entity, field),
        (
            _,
            "currency" | "number" | "sha256" | "media_type" | "unit" | "language"
        ) | ("attachment", "entity" | "object_key")
    ) || THERE.contains(&entity)
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}

struct Planting<'a> {
    dice: Dice,
    people: &'a [Caller],
    teams: &'a [i64],
    ids: BTreeMap<&'static str, Vec<i64>>,
}

/// The cells of a new row.
type Cells = BTreeMap<&'static str, Value>;

impl Planting<'_> {
    /// The record of that resource that goes with the n-th.
    fn beside(&self, entity: &str, n: usize) -> Option<i64> {
        let ids = self.ids.get(entity).filter(|ids| !ids.is_empty())?;
        Some(ids[n % ids.len()])
    }

    fn cells(&mut self, unit: &Unit, resource: &'static Resource, n: usize) -> Cells {
        let mut cells = Cells::new();
        let has = |name: &str| resource.field(name).is_some();
        let person = self.people[self.dice.below(self.people.len())].clone();
        let unowned = ["account", "opportunity", "ticket", "todo"].contains(&resource.name)
            && self.dice.below(3) == 0;
        let routed =
            (self.dice.below(2) == 0).then(|| self.teams[self.dice.below(self.teams.len())]);
        for field in resource.fields {
            if let Some(value) = self.value(unit, resource, field, n) {
                cells.insert(field.name, value);
            }
        }
        if has("owner_id") {
            cells.insert("owner_id", (!unowned).then_some(person.user_id).into());
            let team = if unowned { routed } else { person.team_id };
            cells.insert("team_id", team.into());
        }
        if resource.name == "account" {
            let state = if unowned { "pooled" } else { "owned" };
            cells.insert("pool_state", state.into());
        }
        cells
    }

    fn value(
        &mut self,
        unit: &Unit,
        resource: &'static Resource,
        field: &'static Field,
        n: usize,
    ) -> Option<Value> {
        let mark = Mark::of(resource, n, field.name);
        let decided = n.is_multiple_of(2);
        match (resource.name, field.name) {
            (_, "id" | "recorded_at" | "updated_at" | "deleted_at" | "version" | "number") => {
                return None;
            }
            (_, "currency") => return Some("CNY".into()),
            (_, "unit") => return Some("台".into()),
            ("attachment", "entity") => return Some("account".into()),
            ("attachment", "record_id") => return self.beside("account", n).map(Into::into),
            ("attachment", "media_type") => return Some("text/plain".into()),
            ("attachment", "object_key") => return Some(format!("planted/{n}").into()),
            ("attachment", "bytes") => return Some(4_i64.into()),
            (_, "sha256") => return Some("0".repeat(64).into()),
            (_, "pipeline_id" | "stage_id") => return Some(1_i64.into()),
            ("quote", "outcome") => {
                return Some(if decided { "accepted" } else { "sent" }.into());
            }
            ("quote", "accepted_amount") if !decided => return None,
            ("opportunity" | "stage_change", "outcome") => return Some("open".into()),
            ("payment_plan", "received_amount") => return Some(0_i64.into()),
            ("quote", "quote_version") => return Some(1_i64.into()),
            (_, "position") => return Some(i64::try_from(n + 1).unwrap().into()),
            (
                _,
                "parent_id" | "continues_id" | "duplicate_of_id" | "framework_id" | "renews_id"
                | "corrects_id" | "from_stage_id",
            ) => return None,
            // a target is of the company, a team or a person, and of money or of something else
            ("target", "value") => return None,
            ("target", "team_id") if !n.is_multiple_of(3) => return None,
            ("target", "user_id") if n % 3 != 1 => return None,
            ("schedule" | "subscription", "rule") => return Some("daily 02:00".into()),
            ("schedule" | "subscription", "zone") | ("dispatch", "sent_at") => return None,
            ("subscription", "recipients") => {
                let person = self.people[self.dice.below(self.people.len())].user_id;
                return Some(json!([person]).into());
            }
            ("dispatch", "state") => return Some("given_up".into()),
            ("routing_rule", "enabled") => return Some(false.into()),
            (_, "enabled" | "standard") => return Some(true.into()),
            ("todo", "completed_at" | "snoozed_until")
            | ("opportunity", "closed_at" | "won_at" | "completed_at") => return None,
            _ => {}
        }
        Some(match field.kind {
            Kind::Text if is_plain(resource.name, field.name) => return None,
            Kind::Text => mark.word().into(),
            Kind::Choice(words) => words[0].into(),
            Kind::Money | Kind::UnitPrice => mark.amount().into(),
            Kind::Quantity => 2_000_i64.into(),
            Kind::BasisPoints => 1_300_i64.into(),
            Kind::Rate => 1_000_000_i64.into(),
            Kind::Integer => field.least.unwrap_or(1).max(1).into(),
            Kind::Flag => false.into(),
            Kind::Time if field.nullable && !field.name.ends_with("sent_at") => return None,
            Kind::Time => unit.now().into(),
            Kind::Date => unit.today().into(),
            Kind::Json => json!({"k": mark.word()}).into(),
            Kind::Reference("user") => self.people[self.dice.below(self.people.len())]
                .user_id
                .into(),
            Kind::Reference("team") => self.teams[self.dice.below(self.teams.len())].into(),
            Kind::Reference(target) => return self.beside(target, n).map(Into::into),
        })
    }
}

/// Adds a row to the table of whichever resource it is.
macro_rules! insert_any {
    ($unit:ident, $resource:ident, $cells:ident; $($module:ident),+ $(,)?) => {
        $(if $resource.name == $module::RESOURCE.name {
            let mut draft = <$module::ActiveModel as Default>::default();
            for column in $module::Column::iter() {
                if let Some(value) = $cells.get(column.as_str()) {
                    draft.set(column, value.clone());
                }
            }
            return Ok($unit.insert::<$module::Model>(draft).await?.id);
        })+
    };
}

async fn insert(unit: &Unit, resource: &'static Resource, cells: &Cells) -> Result<i64> {
    insert_any!(unit, resource, cells;
        account, account_tag, attachment, contact, contract, delivery, handover, interaction,
        invoice_application, month_close, opportunity, order, order_line, payment_plan, payment_request,
        pool_move, price_list, price_list_item, private_note, product, quote, quote_line, receipt,
        receipt_allocation, routing_rule, schedule, schedule_run, setting, stage_change, subscription, dispatch, tag,
        target, ticket, todo,
    );
    panic!("plant {}, too", resource.name)
}

/// Records of every resource, spread over people and teams.
pub(crate) async fn plant(app: &App, seed: u64, people: &[Caller], teams: &[i64]) -> Planted {
    let planted = app
        .store
        .write(&Actor::system("world"), async |unit| {
            let mut planting = Planting {
                dice: Dice(seed),
                people,
                teams,
                ids: BTreeMap::new(),
            };
            let mut records = BTreeMap::new();
            for (entity, resource) in RESOURCES.iter().enumerate() {
                if THERE.contains(&resource.name) {
                    continue;
                }
                let count = match resource.name {
                    "opportunity" => ACCOUNTS * 2,
                    // a month is closed once at a time
                    "month_close" => 1,
                    "tag" | "price_list" | "routing_rule" | "setting" => 2,
                    _ => ACCOUNTS,
                };
                for n in 0..count {
                    let cells = planting.cells(&unit, resource, n);
                    let id = insert(&unit, resource, &cells).await?;
                    planting.ids.entry(resource.name).or_default().push(id);
                    records.insert((entity, n), (resource.name, id));
                }
            }
            Ok(records)
        })
        .await
        .unwrap();
    let numbers = app.numbers().await;
    Planted {
        records: planted,
        numbers,
    }
}

impl Planted {
    pub(crate) fn record(&self, mark: &Mark) -> Option<Record> {
        self.records.get(&(mark.entity, mark.number)).copied()
    }

    /// The planted records of a resource, with their number among them.
    pub(crate) fn of(&self, entity: &'static str) -> impl Iterator<Item = (usize, Record)> {
        let own = self
            .records
            .iter()
            .filter(move |(_, record)| record.0 == entity);
        own.map(|((_, n), record)| (*n, *record))
    }

    /// The records whose human numbers stand in an answer.
    pub(crate) fn numbered(&self, answer: &Answer) -> Vec<Record> {
        let text = text_of(answer);
        let named = self
            .numbers
            .iter()
            .filter(|(number, _)| text.contains(number.as_str()));
        named.map(|(_, record)| *record).collect()
    }
}
