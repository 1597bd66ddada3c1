//! Accounts and their contacts: entered, claimed from the pool, given back.

use millrace_operations::entity::{account, account_tag, contact};
use millrace_operations::resources::{create_in, update_in};
use millrace_operations::row::Row;
use millrace_operations::service::{claim, release};
use millrace_operations::{Caller, Result, Unit};
use sea_orm::Set;
use serde_json::json;

use super::catalog::{INDUSTRIES, REGIONS, TEAMS};
use super::company::{Entry, Segment};
use super::days::{Stamp, days_after};
use super::firm::{Event, Firm};
use super::names::{FAMILY, GIVEN, TITLES};
use super::people::ENGINEERS;
use super::random::Dice;

/// What JSON object a record is made from.
macro_rules! row {
    ($($json:tt)*) => {
        match serde_json::json!({ $($json)* }) {
            serde_json::Value::Object(row) => row,
            _ => millrace_operations::row::Row::new(),
        }
    };
}
pub(super) use row;

/// The id of a row.
pub(super) fn id_of(row: &Row) -> i64 {
    row.get("id")
        .and_then(serde_json::Value::as_i64)
        .unwrap_or_default()
}

/// The characters of a unified social credit code, each standing for its place.
const CODE: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A unified social credit code whose last character checks the others.
fn credit_code(dice: &mut Dice) -> String {
    let mut code = String::from("91");
    let (mut weight, mut sum) = (9, 9 + 3);
    for place in 2..17 {
        weight = if place == 2 { 9 } else { weight * 3 % 31 };
        let digits = if place < 8 { 10 } else { 31 };
        let value = super::random::index_of(dice.unit() * digits as f64, digits);
        code.push(char::from(CODE[value]));
        sum += value * weight;
    }
    code.push(char::from(CODE[(31 - sum % 31) % 31]));
    code
}

/// A mobile number.
fn mobile(dice: &mut Dice) -> String {
    let prefix = *dice.pick(&["138", "139", "136", "158", "186", "177"]);
    format!("{prefix}{:08}", dice.whole(0, 99_999_999))
}

impl Firm {
    /// Plans when accounts come, who is asked for by the pool, and what they order on their own.
    pub(super) fn plan_accounts(&mut self) {
        for index in 0..self.accounts.len() {
            let account = &self.accounts[index];
            let (created, entry) = (account.created, account.entry);
            let first = created.max(self.span.begin);
            self.plan(first, Event::Account(index));
            if let Entry::Pool(claimed) = entry {
                self.plan(claimed, Event::Claim(index));
            }
            self.plan_orders(index);
            self.plan_care(index);
            self.plan_tickets(index);
        }
        self.plan_complaints();
        self.plan_releases();
    }

    /// Reps give some accounts back with which nothing has come of it.
    fn plan_releases(&mut self) {
        let quiet = self.span.days.later(self.span.close, -70.0);
        let mut dice = Dice::new(self.seed, "releases");
        for index in 0..self.accounts.len() {
            let account = &self.accounts[index];
            let busy = account.rhythm.is_some() || account.segment == Segment::Distributor;
            let late = account.owned_from() > quiet || account.key;
            let dealing = |deal: &super::deals::Deal| {
                deal.account == index
                    && (deal.ended > quiet || deal.end == super::deals::End::Stuck)
            };
            if busy || late || self.deals.iter().any(dealing) || !dice.chance(0.35) {
                continue;
            }
            let at = self.span.days.later(quiet, dice.between(8.0, 66.0));
            self.plan(at, Event::Release(index));
        }
    }

    fn account_fields(&self, index: usize, dice: &mut Dice) -> Row {
        let account = &self.accounts[index];
        let parent = account.parent.map(|parent| self.account_records[parent].id);
        let road = *dice.pick(&["工业园路", "创业大道", "滨江路", "开发区大道", "兴业路"]);
        let address = format!(
            "{}{}{road}{}号",
            account.place.0,
            account.city,
            dice.whole(1, 399)
        );
        let level = match account.weight {
            weight if weight > 2.2 => "A",
            weight if weight > 0.8 => "B",
            _ => "C",
        };
        let mut fields = row! {
            "name": account.name,
            "credit_code": credit_code(dice),
            "region": REGIONS[account.region].name,
            "industry": INDUSTRIES[account.industry].0,
            "size": account.size,
            "segment": account.segment.name(),
            "level": level,
            "source": account.source,
            "phone": format!("0{}-{:08}", dice.whole(10, 899), dice.whole(20_000_000, 89_999_999)),
            "address": address,
            "delivery_address": address,
            "credit_days": account.credit,
        };
        // A record in ten lacks something.
        for (field, missing) in [
            ("credit_code", 0.12),
            ("size", 0.06),
            ("website", 0.0),
            ("phone", 0.05),
        ] {
            if dice.chance(missing) {
                fields.remove(field);
            }
        }
        if let Some(parent) = parent.filter(|parent| *parent > 0) {
            fields.insert("parent_id".to_owned(), json!(parent));
        }
        fields
    }

    pub(super) async fn enter_account(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
    ) -> Result<()> {
        let mut dice = Dice::of(self.seed, "account", index);
        let fields = self.account_fields(index, &mut dice);
        let owner = self.accounts[index].owner;
        let (by, is_owned) = match self.accounts[index].entry {
            Entry::Pool(_) => (self.marketing(index)?, false),
            Entry::Stock | Entry::Rep => (self.rep(owner)?, true),
        };
        let acting = self.act(unit, &by, at);
        let id = if self.accounts[index].entry == Entry::Stock {
            self.stock_account(&acting, &by, index, fields).await?
        } else {
            // A company of a group that belongs to others is not referred to.
            let mut fields = fields;
            fields.remove("parent_id");
            let made = create_in(&acting, &by, &account::RESOURCE, &fields).await?;
            id_of(&made)
        };
        let record = &mut self.account_records[index];
        record.id = id;
        record.owner = is_owned.then_some(owner);
        if is_owned {
            self.introduce(unit, at, index).await?;
        }
        Ok(())
    }

    /// What was known before the system came in is entered as it was, as an import does.
    async fn stock_account(
        &self,
        unit: &Unit,
        owner: &Caller,
        index: usize,
        fields: Row,
    ) -> Result<i64> {
        let number = |name: &str| fields.get(name).and_then(serde_json::Value::as_i64);
        let text = |name: &str| {
            fields
                .get(name)
                .and_then(|text| text.as_str())
                .map(ToOwned::to_owned)
        };
        let name = self.accounts[index].name.clone();
        let draft = account::ActiveModel {
            normalised_name: Set(millrace_operations::names::normalise(&name)),
            name: Set(name),
            credit_code: Set(text("credit_code")),
            parent_id: Set(number("parent_id")),
            region: Set(text("region")),
            industry: Set(text("industry")),
            size: Set(text("size")),
            segment: Set(text("segment")),
            level: Set(text("level")),
            source: Set(text("source")),
            phone: Set(text("phone")),
            address: Set(text("address")),
            delivery_address: Set(text("delivery_address")),
            credit_days: Set(number("credit_days")),
            pool_state: Set("owned".to_owned()),
            owner_id: Set(Some(owner.user_id)),
            team_id: Set(owner.team_id),
            claimed_at: Set(Some(unit.now())),
            created_at: Set(self.moment(self.accounts[index].created)),
            protected_until: Set(Some(self.grace)),
            ..Default::default()
        };
        Ok(unit.insert::<account::Model>(draft).await?.id)
    }

    /// The assistant who enters what trade fairs and the web site bring.
    fn marketing(&self, index: usize) -> Result<std::sync::Arc<Caller>> {
        let assistants: Vec<&str> = TEAMS
            .iter()
            .filter_map(|team| team.assistant.map(|name| name.0))
            .collect();
        self.person(assistants[index % assistants.len()])
    }

    /// The owner gets to know the people of an account, and tags it.
    async fn introduce(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let Some(owner) = self.account_records[index].owner else {
            return Ok(());
        };
        let caller = self.rep(owner)?;
        let acting = self.act(unit, &caller, at);
        let mut dice = Dice::of(self.seed, "contacts", index);
        let id = self.account_records[index].id;
        for place in 0..dice.choose(&[(1, 0.55), (2, 0.35), (3, 0.1)]) {
            let (title, department, part) = TITLES[super::random::index_of(dice.unit() * 6.0, 6)];
            let fields = row! {
                "account_id": id,
                "name": format!("{}{}", dice.pick(&FAMILY), dice.pick(&GIVEN)),
                "title": title,
                "department": department,
                "decision_role": part,
                "primary_contact": place == 0,
                "mobile": mobile(&mut dice),
                "email": format!("c{index}.{place}@customer.example"),
            };
            let made = create_in(&acting, &caller, &contact::RESOURCE, &fields).await?;
            self.account_records[index].contacts.push(id_of(&made));
        }
        let account = &self.accounts[index];
        let carried = [
            ("重点客户", account.key),
            ("新能源", account.industry == 7),
            ("设计院渠道", account.source == "设计院推荐"),
        ];
        for (tag, _) in carried.into_iter().filter(|(_, carries)| *carries) {
            let fields = row! {"account_id": id, "tag_id": self.tags.get(tag)};
            create_in(&acting, &caller, &account_tag::RESOURCE, &fields).await?;
        }
        Ok(())
    }

    pub(super) async fn claim_account(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
    ) -> Result<()> {
        let owner = self.accounts[index].owner;
        let caller = self.rep(owner)?;
        let acting = self.act(unit, &caller, at);
        claim::claim(&acting, &caller, self.account_records[index].id).await?;
        self.account_records[index].owner = Some(owner);
        self.introduce(unit, at, index).await
    }

    pub(super) async fn release_account(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
    ) -> Result<()> {
        let Some(owner) = self.account_records[index].owner.take() else {
            return Ok(());
        };
        let caller = self.rep(owner)?;
        let acting = self.act(unit, &caller, at);
        let reason = ["近期无采购计划", "暂无合适产品", "联系人已离职"][index % 3];
        release::release(&acting, &caller, self.account_records[index].id, reason).await?;
        Ok(())
    }

    /// An account that has ordered for the first time is a customer.
    pub(super) async fn activate(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let record = &mut self.account_records[index];
        record.last_order = Some(self.span.days.date(at));
        if record.active {
            return Ok(());
        }
        record.active = true;
        self.set_status(unit, at, index, "active").await
    }

    async fn set_status(&self, unit: &Unit, at: Stamp, index: usize, status: &str) -> Result<()> {
        let Some(owner) = self.account_records[index].owner else {
            return Ok(());
        };
        let caller = self.rep(owner)?;
        let acting = self.act(unit, &caller, at);
        let id = self.account_records[index].id;
        update_in(
            &acting,
            &caller,
            &account::RESOURCE,
            id.into(),
            &row! {"status": status},
        )
        .await?;
        Ok(())
    }

    /// The last evening: who has not ordered for half a year is dormant; what arrived by the demo is
    /// not returned to the pool for a while, but for what was claimed from it in the last weeks.
    pub(super) async fn close_books(&mut self, unit: &Unit) -> Result<()> {
        let at = self.span.close - 1;
        let half_a_year_ago = days_after(self.span.end, -180);
        let lately = self.span.days.later(self.span.close, -42.0);
        for index in 0..self.accounts.len() {
            let record = &self.account_records[index];
            if record.id == 0 {
                continue;
            }
            if record.last_order.is_some_and(|date| date < half_a_year_ago) {
                self.set_status(unit, at, index, "dormant").await?;
            }
            let claimed =
                matches!(self.accounts[index].entry, Entry::Pool(claimed) if claimed > lately);
            let id = self.account_records[index].id;
            let read = unit.get::<account::Model>(id).await?;
            if read.owner_id.is_none() || read.protected_until.is_some() || claimed {
                continue;
            }
            let change = account::ActiveModel {
                protected_until: Set(Some(self.grace)),
                ..Default::default()
            };
            let system = millrace_operations::Actor::system("demo");
            unit.acting(system, self.moment(at))
                .update(&read, change)
                .await?;
        }
        Ok(())
    }

    /// Whether an engineer or somebody of customer success is behind a name.
    pub(super) fn engineer(&self, index: usize) -> Result<std::sync::Arc<Caller>> {
        self.one_of(&ENGINEERS, index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_codes_check() {
        let mut dice = Dice::new(1, "codes");
        for _ in 0..200 {
            let code = credit_code(&mut dice);
            assert_eq!(millrace_operations::credit_code::parse(&code), Some(code));
        }
    }
}
