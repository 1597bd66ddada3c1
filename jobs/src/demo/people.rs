//! The people of the firm, its teams, and what they sell.

use std::collections::BTreeMap;
use std::sync::Arc;

use millrace_operations::entity::{
    price_list, price_list_item, product, role, routing_rule, stage, tag, team, user,
};
use millrace_operations::service::assign::{assign, assign_lead};
use millrace_operations::service::handover::{Moved, Rule, hand_over};
use millrace_operations::service::user::{self as users, UserChange};
use millrace_operations::{Caller, OperationsError, Result, Unit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::catalog::{
    INDUSTRIES, MANAGERS, Name, PRODUCTS, REGIONS, SECOND_TEAM_INDUSTRIES, TEAMS,
};
use super::days::Stamp;
use super::firm::{Event, Firm};
use super::random::{Dice, rounded};

/// The people beside those who sell: name, role, team.
const OTHERS: [(Name, &str, &str); 11] = [
    (("han.weidong", "韩卫东"), "general_manager", "总经办"),
    (("zhou.mingyuan", "周明远"), "director", "销售中心"),
    (("feng.min", "冯敏"), "finance", "财务部"),
    (("dong.li", "董丽"), "finance", "财务部"),
    (("pan.yue", "潘越"), "project_manager", "华东大区"),
    (("gong.hao", "龚浩"), "project_manager", "销售中心"),
    (("xu.zhiming", "许志明"), "engineering", "技术部"),
    (("ding.lei", "丁磊"), "engineering", "技术部"),
    (("wei.dong", "魏东"), "engineering", "技术部"),
    (("ye.qing", "叶青"), "customer_success", "客户成功部"),
    (("su.wen", "苏文"), "customer_success", "客户成功部"),
];
pub(super) const DIRECTOR: &str = "zhou.mingyuan";
pub(super) const FINANCE: [&str; 2] = ["feng.min", "dong.li"];
pub(super) const ENGINEERS: [&str; 3] = ["xu.zhiming", "ding.lei", "wei.dong"];
pub(super) const SUCCESS: [&str; 2] = ["ye.qing", "su.wen"];
/// Who plans deliveries: the project manager of the east, and that of all.
const PROJECTS: [&str; 2] = ["pan.yue", "gong.hao"];
/// Accounts that fit the limits of the default roles.
const USUAL_ACCOUNTS: i64 = 1_500;
/// The most that a limit may be.
const MOST_ALLOWED: i64 = 1_000_000;
/// Who set the system up.
pub(super) const ADMINISTRATOR: &str = "admin";

/// The tags that accounts carry.
pub(super) const TAGS: [(&str, &str); 4] = [
    ("重点客户", "level"),
    ("框架客户", "contract"),
    ("设计院渠道", "source"),
    ("新能源", "industry"),
];

/// Finds the ids of roles while people are entered.
struct Office<'a> {
    unit: &'a Unit,
    roles: BTreeMap<String, i64>,
    teams: BTreeMap<&'static str, i64>,
}

impl Office<'_> {
    async fn team(
        &mut self,
        name: &'static str,
        parent: Option<&str>,
        region: Option<&str>,
    ) -> Result<i64> {
        let draft = team::ActiveModel {
            name: Set(name.to_owned()),
            parent_id: Set(parent.and_then(|parent| self.teams.get(parent).copied())),
            region: Set(region.map(ToOwned::to_owned)),
            ..Default::default()
        };
        let made = self.unit.insert::<team::Model>(draft).await?.id;
        self.teams.insert(name, made);
        Ok(made)
    }

    async fn hire(
        &self,
        (username, name): Name,
        role: &str,
        team: &str,
        region: Option<&str>,
        manager_id: Option<i64>,
    ) -> Result<Arc<Caller>> {
        let draft = user::ActiveModel {
            username: Set(username.to_owned()),
            name: Set(name.to_owned()),
            email: Set(Some(format!("{username}@millrace.example"))),
            role_id: Set(self.roles.get(role).copied().unwrap_or_default()),
            team_id: Set(self.teams.get(team).copied()),
            manager_id: Set(manager_id),
            region: Set(region.map(ToOwned::to_owned)),
            ..Default::default()
        };
        let made = self.unit.insert::<user::Model>(draft).await?;
        Ok(Arc::new(Caller::load(self.unit, made.id).await?))
    }

    async fn lead(&self, team: &str, leader: i64) -> Result<()> {
        let Some(id) = self.teams.get(team) else {
            return Ok(());
        };
        let read = self.unit.get::<team::Model>(*id).await?;
        let change = team::ActiveModel {
            leader_id: Set(Some(leader)),
            ..Default::default()
        };
        self.unit.update(&read, change).await?;
        Ok(())
    }
}

impl Firm {
    /// Sets up teams, people, products, price lists, tags and routing.
    pub(super) async fn set_up(&mut self, unit: &Unit) -> Result<()> {
        let roles = role::Entity::find().all(unit).await?;
        self.allow(unit, &roles).await?;
        let mut office = Office {
            unit,
            roles: roles.into_iter().map(|role| (role.code, role.id)).collect(),
            teams: BTreeMap::new(),
        };
        office.team("总经办", None, None).await?;
        office.team("销售中心", Some("总经办"), None).await?;
        for (region, team) in REGIONS
            .iter()
            .zip(["华东大区", "华南大区", "华北大区", "西部大区"])
        {
            office
                .team(team, Some("销售中心"), Some(region.name))
                .await?;
        }
        for team in TEAMS.iter().filter(|team| team.lead.is_some()) {
            let region = REGIONS[team.region].name;
            office
                .team(team.name, Some("华东大区"), Some(region))
                .await?;
        }
        for name in ["财务部", "技术部", "客户成功部"] {
            office.team(name, Some("总经办"), None).await?;
        }
        let mut above = BTreeMap::new();
        for (name, role, team) in OTHERS {
            let superior = match role {
                "general_manager" => None,
                _ => above.get("han.weidong").copied(),
            };
            let caller = office.hire(name, role, team, None, superior).await?;
            above.insert(name.0, caller.user_id);
            self.people.insert(name.0, caller);
        }
        let director = above.get(DIRECTOR).copied();
        for (region, (name, team)) in REGIONS.iter().zip(MANAGERS.iter().zip([
            "华东大区",
            "华南大区",
            "华北大区",
            "西部大区",
        ])) {
            let role = "regional_manager";
            let caller = office
                .hire(*name, role, team, Some(region.name), director)
                .await?;
            office.lead(team, caller.user_id).await?;
            self.people.insert(name.0, caller);
        }
        for team in &TEAMS {
            let region = Some(REGIONS[team.region].name);
            let manager = self.person(MANAGERS[team.region].0)?.user_id;
            if let Some(name) = team.lead {
                let caller = office
                    .hire(name, "team_lead", team.name, region, Some(manager))
                    .await?;
                office.lead(team.name, caller.user_id).await?;
                self.people.insert(name.0, caller);
            }
            if let Some(name) = team.assistant {
                let role = "sales_assistant";
                let caller = office
                    .hire(name, role, team.name, region, Some(manager))
                    .await?;
                self.people.insert(name.0, caller);
            }
            self.team_ids
                .push(office.teams.get(team.name).copied().unwrap_or_default());
        }
        for (team, leader) in [
            ("总经办", "han.weidong"),
            ("销售中心", DIRECTOR),
            ("财务部", FINANCE[0]),
            ("技术部", ENGINEERS[0]),
            ("客户成功部", SUCCESS[0]),
        ] {
            office.lead(team, self.person(leader)?.user_id).await?;
        }
        for rep in 0..self.reps.len() {
            match self.reps[rep].from {
                Some(from) => self.plan(from, Event::Join(rep)),
                None => self.hire_rep(unit, rep).await?,
            }
            if let Some(until) = self.reps[rep].until {
                self.plan(until, Event::Leave(rep));
            }
        }
        self.administrator(unit).await?;
        self.stock(unit).await?;
        self.route(unit).await
    }

    /// The administrator of the first start, by a name in the firm's language.
    async fn administrator(&mut self, unit: &Unit) -> Result<()> {
        let found = user::Entity::find()
            .filter(user::Column::Username.eq(ADMINISTRATOR))
            .one(unit)
            .await?;
        let read = found.ok_or(OperationsError::NotFound {
            entity: "user",
            id: 0,
        })?;
        let change = user::ActiveModel {
            name: Set("系统管理员".to_owned()),
            ..Default::default()
        };
        let named = unit.update(&read, change).await?;
        let caller = Caller::load(unit, named.id).await?;
        self.people.insert(ADMINISTRATOR, Arc::new(caller));
        Ok(())
    }

    /// A firm with more customers than its reps may hold by default lets them hold more, and claim more.
    async fn allow(&self, unit: &Unit, roles: &[role::Model]) -> Result<()> {
        let accounts = i64::try_from(self.accounts.len()).unwrap_or(i64::MAX);
        if accounts <= USUAL_ACCOUNTS {
            return Ok(());
        }
        let more = |limit: Option<i64>| {
            limit.map(|limit| (limit.saturating_mul(accounts) / USUAL_ACCOUNTS).min(MOST_ALLOWED))
        };
        for role in roles {
            let change = role::ActiveModel {
                pool_capacity: Set(more(role.pool_capacity)),
                daily_claims: Set(more(role.daily_claims)),
                ..Default::default()
            };
            if role.pool_capacity.is_some() || role.daily_claims.is_some_and(|claims| claims > 0) {
                unit.update(role, change).await?;
            }
        }
        Ok(())
    }

    async fn hire_rep(&mut self, unit: &Unit, rep: usize) -> Result<()> {
        let of = &self.reps[rep];
        let team = &TEAMS[of.team];
        let role = role::Entity::find()
            .filter(role::Column::Code.eq("rep"))
            .one(unit)
            .await?;
        let draft = user::ActiveModel {
            username: Set(of.name.0.to_owned()),
            name: Set(of.name.1.to_owned()),
            email: Set(Some(format!("{}@millrace.example", of.name.0))),
            role_id: Set(role.map(|role| role.id).unwrap_or_default()),
            team_id: Set(Some(self.team_ids[of.team])),
            manager_id: Set(Some(self.person(leader(of.team))?.user_id)),
            region: Set(Some(REGIONS[team.region].name.to_owned())),
            ..Default::default()
        };
        let made = unit.insert::<user::Model>(draft).await?;
        let caller = Caller::load(unit, made.id).await?;
        self.people.insert(of.name.0, Arc::new(caller));
        Ok(())
    }

    async fn stock(&mut self, unit: &Unit) -> Result<()> {
        let found = stage::Entity::find().order_by_asc(stage::Column::Position);
        self.stages = found
            .all(unit)
            .await?
            .into_iter()
            .map(|stage| stage.id)
            .collect();
        let begin = unit.today();
        let list = |name: &str, segment: Option<&str>| price_list::ActiveModel {
            name: Set(name.to_owned()),
            segment: Set(segment.map(ToOwned::to_owned)),
            valid_from: Set(begin),
            ..Default::default()
        };
        unit.insert::<price_list::Model>(list("标准目录价", None))
            .await?;
        let trade = list("经销商价目表", Some("经销商"));
        self.trade_prices = unit.insert::<price_list::Model>(trade).await?.id;
        let mut dice = Dice::new(self.seed, "costs");
        for (code, name, series, price, material) in PRODUCTS {
            let price = price * 1_000_000;
            // Costs are without tax; what a list price leaves differs by product.
            let cost = price as f64 / 1.13 * dice.between(0.55, 0.68);
            let draft = product::ActiveModel {
                code: Set(code.to_owned()),
                name: Set(format!("{name} {material}")),
                series: Set(Some(series.to_owned())),
                unit: Set(if series == "管件" { "套" } else { "台" }.to_owned()),
                list_price: Set(Some(price)),
                cost: Set(Some(rounded(cost / 10_000.0) * 10_000)),
                ..Default::default()
            };
            let id = unit.insert::<product::Model>(draft).await?.id;
            for (from, share) in [(0, 85), (50_000, 82)] {
                let item = price_list_item::ActiveModel {
                    price_list_id: Set(self.trade_prices),
                    product_id: Set(id),
                    minimum_quantity: Set(from),
                    unit_price: Set(price / 100 * share),
                    ..Default::default()
                };
                unit.insert::<price_list_item::Model>(item).await?;
            }
            self.products.push(id);
        }
        for (name, kind) in TAGS {
            let draft = tag::ActiveModel {
                name: Set(name.to_owned()),
                kind: Set(kind.to_owned()),
                ..Default::default()
            };
            let id = unit.insert::<tag::Model>(draft).await?.id;
            self.tags.insert(name, id);
        }
        Ok(())
    }

    /// The rules by which the pool routes: some industries of the east to its second team, all else
    /// by region.
    async fn route(&self, unit: &Unit) -> Result<()> {
        let second = SECOND_TEAM_INDUSTRIES.map(|industry| (0, Some(INDUSTRIES[industry].0), 1));
        let regions = [(0, None, 0), (1, None, 2), (2, None, 3), (3, None, 4)];
        let rules = second.into_iter().chain(regions);
        for (position, (region, industry, team)) in (1_i64..).zip(rules) {
            let rule = routing_rule::ActiveModel {
                position: Set(position * 10),
                region: Set(Some(REGIONS[region].name.to_owned())),
                industry: Set(industry.map(ToOwned::to_owned)),
                team_id: Set(self.team_ids[team]),
                ..Default::default()
            };
            unit.insert::<routing_rule::Model>(rule).await?;
        }
        Ok(())
    }

    /// A rep joins, and takes over accounts of the team.
    pub(super) async fn join(&mut self, unit: &Unit, at: Stamp, rep: usize) -> Result<()> {
        let administrator = self.person(ADMINISTRATOR)?;
        let hiring = self.act(unit, &administrator, at);
        self.hire_rep(&hiring, rep).await?;
        let leader = self.person(leader(self.reps[rep].team))?;
        let handing = self.act(unit, &leader, at);
        let new = self.rep(rep)?.user_id;
        for account in 0..self.accounts.len() {
            let taken = self.accounts[account]
                .handover
                .is_some_and(|(_, to)| to == rep);
            let Some(old) = self.account_records[account].owner.filter(|_| taken) else {
                continue;
            };
            let id = self.account_records[account].id;
            assign(&handing, &leader, id, new, "新同事接手").await?;
            self.account_records[account].owner = Some(rep);
            for deal in 0..self.deals.len() {
                let record = &mut self.deal_records[deal];
                let open = self.deals[deal].account == account && record.owner == Some(old);
                if !open || self.deals[deal].ended < at || record.quoting.has_begun() {
                    continue;
                }
                let read = handing
                    .get::<millrace_operations::entity::opportunity::Model>(record.id)
                    .await?;
                if read.outcome == "open" {
                    assign_lead(&handing, &leader, record.id, new, "随客户移交").await?;
                    record.owner = Some(rep);
                }
            }
        }
        Ok(())
    }

    /// A rep leaves: all that they work on goes to the others of the team, in turn.
    pub(super) async fn leave(&mut self, unit: &Unit, at: Stamp, rep: usize) -> Result<()> {
        let manager = self.person(MANAGERS[self.reps[rep].region].0)?;
        let handing = self.act(unit, &manager, at);
        let from = self.rep(rep)?.user_id;
        let team = self.reps[rep].team;
        let others: Vec<usize> = (0..self.reps.len())
            .filter(|other| *other != rep && self.reps[*other].team == team)
            .collect();
        let mut successors = BTreeMap::new();
        for other in others {
            if let Ok(caller) = self.rep(other) {
                successors.insert(caller.user_id, other);
            }
        }
        let rule = Rule::RoundRobin {
            successors: successors.keys().copied().collect(),
        };
        let receipt = hand_over(&handing, &manager, from, &rule, "离职交接").await?;
        let moved: Vec<Moved> = serde_json::from_value(receipt.moved).unwrap_or_default();
        let to: BTreeMap<(&str, i64), usize> = moved
            .iter()
            .filter_map(|one| {
                let rep = successors.get(&one.to_user_id)?;
                Some(((one.entity.as_str(), one.id), *rep))
            })
            .collect();
        for record in &mut self.account_records {
            if let Some(rep) = to.get(&("account", record.id)) {
                record.owner = Some(*rep);
            }
        }
        for record in &mut self.deal_records {
            if let Some(rep) = to.get(&("opportunity", record.id)) {
                record.owner = Some(*rep);
            }
        }
        self.hand_notes(rep, &to);
        let administrator = self.person(ADMINISTRATOR)?;
        let leaving = self.act(unit, &administrator, at);
        let change = UserChange {
            left_on: Some(Some(leaving.today())),
            ..UserChange::default()
        };
        users::change(&leaving, &administrator, from, change).await?;
        users::disable(&leaving, &administrator, from).await?;
        Ok(())
    }

    /// Whether somebody is not there any more.
    pub(super) fn has_left(&self, caller: &Caller, at: Stamp) -> bool {
        self.reps.iter().any(|rep| {
            let is_them = self.rep_is(rep.name.0, caller);
            is_them && rep.until.is_some_and(|until| until <= at)
        })
    }

    fn rep_is(&self, username: &str, caller: &Caller) -> bool {
        let known = self.people.get(username);
        known.is_some_and(|known| known.user_id == caller.user_id)
    }

    /// Who makes contracts and takes orders for a rep: the assistant of the team, or finance.
    pub(super) fn back_office(&self, rep: usize) -> Result<Arc<Caller>> {
        let assistant = TEAMS[self.reps[rep].team].assistant;
        self.person(assistant.map_or(FINANCE[0], |name| name.0))
    }

    /// Who plans the deliveries of a rep's customers.
    pub(super) fn project_manager(&self, rep: usize) -> Result<Arc<Caller>> {
        self.person(PROJECTS[usize::from(self.reps[rep].region != 0)])
    }

    /// One of those who share a desk.
    pub(super) fn one_of(&self, names: &[&'static str], index: usize) -> Result<Arc<Caller>> {
        self.person(names[index % names.len()])
    }
}

/// Who leads a team.
pub(super) fn leader(team: usize) -> &'static str {
    let team = &TEAMS[team];
    team.lead.map_or(MANAGERS[team.region].0, |name| name.0)
}
