//! From the contract to the goods: contracts of deals, frameworks and repeat orders, orders,
//! deliveries, invoices.

use chrono::NaiveDate;
use millrace_operations::entity::{contract, delivery, payment_plan, quote};
use millrace_operations::resources::{create_in, update_in};
use millrace_operations::service::contract::{self as contracts, Terms, sign};
use millrace_operations::service::contract_draft::{self, Kind, Party, Worth};
use millrace_operations::service::instalment::NewInstalment;
use millrace_operations::service::invoice::{self, Answer, Application};
use millrace_operations::service::order::{self as orders, NewOrder, Status};
use millrace_operations::service::pricing::NewLine;
use millrace_operations::service::{money, quote::lines_of};
use millrace_operations::{Result, Unit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::catalog::PRODUCTS;
use super::company::Segment;
use super::customers::{id_of, row};
use super::days::{MINUTES, Stamp, days_after, season};
use super::firm::{Event, Firm};
use super::people::FINANCE;
use super::random::{Dice, index_of, rounded};
use super::selling::short;

/// The tax rate of goods.
const TAX: i64 = 1_300;

/// What is sold on one line: the product, thousandths, the price of one, the amount.
#[derive(Debug, Clone, Copy)]
struct Line {
    product_id: i64,
    quantity: i64,
    unit_price: i64,
    amount: i64,
}

/// A contract and what follows from it.
#[derive(Debug)]
pub(super) struct Sale {
    pub(super) account: usize,
    pub(super) deal: Option<usize>,
    /// The rep whose it is.
    pub(super) rep: usize,
    pub(super) contract: i64,
    pub(super) amount: i64,
    lines: Vec<Line>,
    /// The instalments: id, what makes it due, days of credit, amount.
    pub(super) plans: Vec<(i64, String, i64, i64)>,
    pub(super) deposit: bool,
    order: i64,
    delivery: i64,
    invoice: i64,
    promised: NaiveDate,
    /// When goods are sent, arrive and are accepted.
    pub(super) shipped: Stamp,
    delivered: Stamp,
    pub(super) accepted: Stamp,
}

fn instalment(kind: &str, due_by: &str, credit_days: i64, share: i64) -> NewInstalment {
    NewInstalment {
        kind: kind.to_owned(),
        due_by: due_by.to_owned(),
        credit_days,
        share: Some(share),
        ..NewInstalment::default()
    }
}

impl Firm {
    /// Plans what an account orders on its own, and its yearly framework contract.
    pub(super) fn plan_orders(&mut self, index: usize) {
        let mut dice = Dice::of(self.seed, "repeats", index);
        let account = &self.accounts[index];
        let share = match account.segment {
            Segment::Project => 0.03,
            Segment::Repeat => 0.3,
            Segment::Distributor => 0.5,
        };
        let begin = account.owned_from().max(self.span.begin);
        if dice.chance(share) {
            let from = self.span.days.later(begin, dice.between(10.0, 330.0));
            self.plan(from, Event::Framework(index));
        }
        // Old customers order from the first day, new ones after their first deal.
        let old = self.accounts[index].created < self.span.open && dice.chance(0.8);
        if let Some(rhythm) = self.accounts[index].rhythm.filter(|_| old) {
            let first = self
                .span
                .days
                .later(begin.max(self.span.open), rhythm * dice.unit());
            self.plan(first, Event::Repeat(index));
        }
    }

    fn lines_worth(
        &self,
        dice: &mut Dice,
        yuan: f64,
        discount: f64,
        first: usize,
        count: usize,
    ) -> Result<Vec<Line>> {
        let mut left = yuan;
        let mut lines = Vec::new();
        for place in 0..count {
            let product = if place == 0 {
                first
            } else {
                index_of(dice.unit() * PRODUCTS.len() as f64, PRODUCTS.len())
            };
            let part = if place + 1 == count {
                left
            } else {
                left * dice.between(0.45, 0.7)
            };
            left -= part;
            let price = rounded(PRODUCTS[product].3 as f64 * (1.0 - discount) * 100.0) * 10_000;
            let quantity = rounded(part * 1_000_000.0 / price as f64).max(1) * 1_000;
            let amount = money::amount_of(quantity, price)?;
            lines.push(Line {
                product_id: self.products[product],
                quantity,
                unit_price: price,
                amount,
            });
        }
        Ok(lines)
    }

    /// The contract of a deal whose quote was accepted.
    pub(super) async fn contract(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let Some(quote) = self.deal_records[index].quoting.sent() else {
            return Ok(());
        };
        let mut dice = Dice::of(self.seed, "contract", index);
        let rep = self.deal_records[index].owner.unwrap_or_default();
        let caller = self.back_office(rep)?;
        let acting = self.act(unit, &caller, at);
        let account = self.deals[index].account;
        let project = self.accounts[account].segment == Segment::Project;
        let late = self.deals[index].entered_at_end;
        let deposit = !late && dice.chance(if project { 0.6 } else { 0.2 });
        let read = acting.get::<quote::Model>(quote).await?;
        let worth = read.accepted_amount.or(read.amount).unwrap_or_default();
        let credit = self.accounts[account].credit;
        let instalments = if project {
            vec![
                instalment("advance", "signing", 7, 3_000),
                instalment("delivery", "shipment", 15, 6_000),
                instalment("retention", "acceptance", 180, 1_000),
            ]
        } else {
            vec![
                instalment("advance", "signing", 7, 3_000),
                instalment("delivery", "shipment", credit.min(45), 7_000),
            ]
        };
        let terms = Terms {
            deposit_amount: deposit.then(|| money::spread(worth, &[3_000, 7_000])[0]),
            instalments,
            ..Terms::default()
        };
        let made = contract_draft::from_quote(&acting, &caller, quote, terms).await?;
        let lines = lines_of(&acting, quote).await?;
        let lines = lines.iter().filter(|line| line.accepted == Some(true));
        let lines = lines.map(|line| Line {
            product_id: line.product_id.unwrap_or_default(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            amount: line.amount,
        });
        let sale = Sale {
            lines: lines.collect(),
            deal: Some(index),
            deposit,
            ..self.sale(account, rep, &made)
        };
        self.deal_records[index].contract = Some(made.id);
        self.deal_records[index].sale = Some(self.sales.len());
        self.sales.push(sale);
        let ended = self.deals[index].ended;
        let signed = if deposit {
            at + (ended - at) / 2
        } else {
            ended
        };
        self.plan(signed.max(at + 3), Event::Sign(index));
        Ok(())
    }

    fn sale(&self, account: usize, rep: usize, made: &contract::Model) -> Sale {
        Sale {
            account,
            deal: None,
            rep,
            contract: made.id,
            amount: made.amount.unwrap_or_default(),
            lines: Vec::new(),
            plans: Vec::new(),
            deposit: false,
            order: 0,
            delivery: 0,
            invoice: 0,
            promised: self.span.end,
            shipped: 0,
            delivered: 0,
            accepted: 0,
        }
    }

    pub(super) async fn sign(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let Some(sale) = self.deal_records[index].sale else {
            return Ok(());
        };
        let caller = self.back_office(self.sales[sale].rep)?;
        let acting = self.act(unit, &caller, at);
        let account = self.sales[sale].account;
        let (contract, amount) = (self.sales[sale].contract, self.sales[sale].amount);
        let text = format!(
            "销售合同（签字盖章件）\n\n买方：{}\n合同总价：{}.{:02} 元（含税）\n签订日期：{}\n",
            self.accounts[account].name,
            amount / 100,
            amount % 100,
            acting.today(),
        );
        self.attach(
            &acting,
            &caller,
            ("contract", contract),
            "signed_contract",
            text,
        )
        .await?;
        let today = acting.today();
        sign(&acting, &caller, contract, today, None).await?;
        self.plans_of(&acting, sale).await?;
        if self.sales[sale].deposit {
            let deposit = self.sales[sale].plans[0].clone();
            let ended = self.deals[index].ended.max(at + 5);
            self.plan_payment(sale, &deposit, ended, deposit.3);
        } else {
            self.fulfil(unit, at, sale).await?;
        }
        Ok(())
    }

    async fn plans_of(&mut self, unit: &Unit, sale: usize) -> Result<()> {
        let plans = payment_plan::Entity::find()
            .filter(payment_plan::Column::ContractId.eq(self.sales[sale].contract))
            .filter(payment_plan::Column::DeletedAt.is_null())
            .order_by_asc(payment_plan::Column::Position)
            .all(unit)
            .await?;
        self.sales[sale].plans = plans
            .into_iter()
            .map(|plan| (plan.id, plan.due_by, plan.credit_days, plan.amount))
            .collect();
        Ok(())
    }

    /// The contract took effect: goods are ordered, made, sent and paid.
    pub(super) async fn fulfil(&mut self, unit: &Unit, at: Stamp, sale: usize) -> Result<()> {
        let mut dice = Dice::of(self.seed, "fulfilment", sale);
        let days = &self.span.days;
        let project = self.sales[sale].deal.is_some();
        let ordered = at + dice.whole(10, if project { 700 } else { 60 });
        let date = days.date(ordered);
        let lead = if project {
            dice.whole(18, 50)
        } else {
            dice.whole(6, 20)
        };
        let promised = days.around(days_after(date, lead)).0;
        let slip = if dice.chance(0.87) {
            -dice.whole(0, 3)
        } else {
            dice.whole(1, 16)
        };
        let delivered = days
            .around(days_after(promised, slip).max(days_after(date, 3)))
            .0;
        let shipped = days
            .around(days_after(delivered, -dice.whole(1, 3)).max(days_after(date, 1)))
            .0;
        let segment = self.accounts[self.sales[sale].account].segment;
        let trial = if segment == Segment::Project && project {
            dice.whole(5, 25)
        } else {
            dice.whole(0, 2)
        };
        let accepted = days.around(days_after(delivered, trial)).0;
        let shipped = (days.start_of(shipped) + dice.whole(60, 200)).max(ordered + 100);
        let delivered = (days.start_of(delivered) + dice.whole(210, 330)).max(shipped + 60);
        let accepted = (days.start_of(accepted) + dice.whole(335, 440)).max(delivered + 1);
        let record = &mut self.sales[sale];
        record.promised = promised;
        (record.shipped, record.delivered, record.accepted) = (shipped, delivered, accepted);
        self.plan(ordered, Event::Order(sale));
        self.plan(ordered + dice.whole(20, 90), Event::Promise(sale));
        self.plan(shipped, Event::Ship(sale));
        self.plan(delivered, Event::Deliver(sale));
        self.plan(accepted, Event::Accept(sale));
        if dice.chance(0.034) {
            let at = accepted + dice.whole(3, 30) * MINUTES;
            self.plan(at, Event::Return(sale));
        }
        if dice.chance(0.45) {
            self.plan(shipped + dice.whole(20, 90), Event::Apply(sale));
        }
        let account = self.sales[sale].account;
        self.activate(unit, at, account).await?;
        self.plan_payments(&mut dice, at, sale);
        // A new customer begins to order by itself after the first deal.
        if project && let Some(rhythm) = self.accounts[account].rhythm {
            let old = self.accounts[account].created < self.span.open;
            let first = self
                .sales
                .iter()
                .take(sale)
                .all(|other| other.account != account);
            if first && !old {
                let next = self
                    .span
                    .days
                    .later(accepted, rhythm * dice.between(0.3, 1.2));
                self.plan(next, Event::Repeat(account));
            }
        }
        Ok(())
    }

    /// A yearly framework contract, most of which are renewed.
    pub(super) async fn framework(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let Some(rep) = self.account_records[index].owner else {
            return Ok(());
        };
        let mut dice = Dice::of(self.seed, "framework", index);
        let caller = self.back_office(rep)?;
        let acting = self.act(unit, &caller, at);
        let from = acting.today();
        let to = days_after(from, 364);
        let ceiling = rounded(self.accounts[index].weight.min(4.0) * 46.0 + 30.0) * 1_000_000;
        let worth = Worth {
            original_amount: ceiling,
            tax_rate: TAX,
            ..Worth::default()
        };
        let name = short(&self.accounts[index].name);
        let terms = Terms {
            name: Some(format!("{name} {} 年度框架协议", from.format("%Y"))),
            expires_on: Some(to),
            renews_id: self.account_records[index].last_framework,
            ..Terms::default()
        };
        let party = Party {
            account_id: self.account_records[index].id,
            opportunity_id: None,
        };
        let made =
            contract_draft::draft(&acting, &caller, Kind::Framework, party, Some(worth), terms)
                .await?;
        sign(&acting, &caller, made.id, from, None).await?;
        let record = &mut self.account_records[index];
        record.framework = Some((made.id, to, ceiling));
        record.last_framework = Some(made.id);
        let end = self.span.days.start_of(to);
        let renewed = if self.accounts[index].sinking(end) {
            0.28
        } else {
            0.83
        };
        if dice.chance(renewed) {
            let next = self.span.days.start_of(days_after(to, dice.whole(-12, 45)));
            self.plan(next + dice.whole(0, 400), Event::Framework(index));
        }
        Ok(())
    }

    /// An account orders on its own: by its framework contract, where one runs.
    pub(super) async fn repeat(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let (Some(rep), Some(rhythm)) = (
            self.account_records[index].owner,
            self.accounts[index].rhythm,
        ) else {
            return Ok(());
        };
        let mut dice = Dice::of(self.seed ^ at.unsigned_abs(), "repeat", index);
        let account = &self.accounts[index];
        let date = self.span.days.date(at);
        let usual =
            17_000.0 * account.scale * account.weight.clamp(0.4, 2.5) * (rhythm / 50.0).sqrt();
        let yuan =
            (usual * dice.factor(0.45) * season(date).clamp(0.85, 1.15)).clamp(1_200.0, 300_000.0);
        let favourite = index * 7 % PRODUCTS.len();
        let product = if dice.chance(0.6) {
            favourite
        } else {
            index_of(dice.unit() * PRODUCTS.len() as f64, PRODUCTS.len())
        };
        let count = dice.choose(&[(1, 0.6), (2, 0.28), (3, 0.12)]);
        let discount = if account.segment == Segment::Distributor {
            0.18
        } else {
            0.09
        };
        let lines = self.lines_worth(&mut dice, yuan, discount, product, count)?;
        let amount = money::sum(lines.iter().map(|line| line.amount))?;
        let caller = self.back_office(rep)?;
        let acting = self.act(unit, &caller, at);
        let worth = Worth {
            original_amount: amount,
            tax_rate: TAX,
            ..Worth::default()
        };
        let terms = Terms {
            name: Some(format!(
                "{} {}补货",
                short(&account.name),
                PRODUCTS[product].2
            )),
            instalments: vec![instalment("delivery", "shipment", account.credit, 10_000)],
            ..Terms::default()
        };
        let runs = self.account_records[index].framework;
        let made = if let Some((framework, last, left)) =
            runs.filter(|(_, last, left)| date <= *last && amount <= *left)
        {
            self.account_records[index].framework = Some((framework, last, left - amount));
            contract_draft::call_off(&acting, &caller, framework, None, worth, terms).await?
        } else {
            let party = Party {
                account_id: self.account_records[index].id,
                opportunity_id: None,
            };
            contract_draft::draft(&acting, &caller, Kind::Sale, party, Some(worth), terms).await?
        };
        let today = acting.today();
        sign(&acting, &caller, made.id, today, None).await?;
        let sale = self.sales.len();
        self.sales.push(Sale {
            lines,
            ..self.sale(index, rep, &made)
        });
        self.plans_of(&acting, sale).await?;
        self.fulfil(unit, at, sale).await?;
        let sunk = self.accounts[index].sinks.filter(|from| at >= *from);
        let fading = sunk.map_or(1.0, |from| {
            1.7 + (at - from) as f64 / (120 * MINUTES) as f64
        });
        let busy = 1.0 / season(date).clamp(0.8, 1.2);
        let wait = (rhythm * fading * dice.factor(0.33) * busy).clamp(4.0, 500.0);
        let next = self.span.days.later(at, wait).max(at + 30);
        self.plan(next, Event::Repeat(index));
        Ok(())
    }

    pub(super) async fn order(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.back_office(self.sales[index].rep)?;
        let acting = self.act(unit, &caller, at);
        let sale = &self.sales[index];
        let lines = sale.lines.iter().map(|line| NewLine {
            product_id: Some(line.product_id),
            quantity: line.quantity,
            unit_price: Some(line.unit_price),
            ..NewLine::default()
        });
        let input = NewOrder {
            account_id: self.account_records[sale.account].id,
            contract_id: Some(sale.contract),
            promised_on: Some(sale.promised),
            lines: lines.collect(),
            ..NewOrder::default()
        };
        let placed = orders::place(&acting, &caller, input).await?;
        self.sales[index].order = placed.id;
        Ok(())
    }

    async fn set_order(&self, unit: &Unit, at: Stamp, index: usize, status: Status) -> Result<()> {
        let caller = self.back_office(self.sales[index].rep)?;
        let acting = self.act(unit, &caller, at);
        orders::set_status(&acting, &caller, self.sales[index].order, status).await?;
        Ok(())
    }

    pub(super) async fn promise(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.project_manager(self.sales[index].rep)?;
        let acting = self.act(unit, &caller, at);
        let sale = &self.sales[index];
        let fields = row! {
            "account_id": self.account_records[sale.account].id,
            "order_id": sale.order,
            "promised_on": sale.promised.to_string(),
        };
        let made = create_in(&acting, &caller, &delivery::RESOURCE, &fields).await?;
        self.sales[index].delivery = id_of(&made);
        Ok(())
    }

    pub(super) async fn ship(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.project_manager(self.sales[index].rep)?;
        let acting = self.act(unit, &caller, at);
        let carrier = ["德邦快运", "安能物流", "顺丰重货"][index % 3];
        let fields = row! {
            "shipped_on": acting.today().to_string(),
            "carrier": carrier,
            "tracking_number": format!("{}{:07}", ["DB", "AN", "SF"][index % 3], index * 7919 % 10_000_000),
        };
        let id = self.sales[index].delivery;
        update_in(&acting, &caller, &delivery::RESOURCE, id.into(), &fields).await?;
        Ok(())
    }

    pub(super) async fn deliver(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.project_manager(self.sales[index].rep)?;
        let acting = self.act(unit, &caller, at);
        let fields = row! {"delivered_on": acting.today().to_string()};
        let id = self.sales[index].delivery;
        update_in(&acting, &caller, &delivery::RESOURCE, id.into(), &fields).await?;
        self.set_order(unit, at, index, Status::Delivered).await
    }

    pub(super) async fn accept(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.project_manager(self.sales[index].rep)?;
        let acting = self.act(unit, &caller, at);
        let fields = row! {"accepted_on": acting.today().to_string()};
        let id = self.sales[index].delivery;
        update_in(&acting, &caller, &delivery::RESOURCE, id.into(), &fields).await?;
        self.set_order(unit, at, index, Status::Accepted).await
    }

    /// Some goods come back, a few orders get a credit. Amounts are positive; the kind says which
    /// way they count.
    pub(super) async fn take_back(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let mut dice = Dice::of(self.seed, "returns", index);
        let caller = self.person(FINANCE[1])?;
        let acting = self.act(unit, &caller, at);
        let Some(line) = self.sales[index].lines.last().copied() else {
            return Ok(());
        };
        let (kind, quantity, price) = if dice.chance(0.74) {
            let pieces = (line.quantity / 1_000 * dice.whole(10, 60) / 100).max(1);
            (orders::Kind::Return, pieces * 1_000, line.unit_price)
        } else {
            let credit = line.unit_price / 100 * dice.whole(3, 10);
            (orders::Kind::Credit, line.quantity, credit)
        };
        let input = NewOrder {
            account_id: self.account_records[self.sales[index].account].id,
            contract_id: Some(self.sales[index].contract),
            kind,
            reverses_id: Some(self.sales[index].order),
            lines: vec![NewLine {
                product_id: Some(line.product_id),
                quantity,
                unit_price: Some(price),
                ..NewLine::default()
            }],
            ..NewOrder::default()
        };
        orders::place(&acting, &caller, input).await?;
        Ok(())
    }

    pub(super) async fn apply(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.back_office(self.sales[index].rep)?;
        let acting = self.act(unit, &caller, at);
        let application = Application {
            contract_id: self.sales[index].contract,
            payment_plan_id: None,
            title: None,
            credit_code: None,
            kind: "special".to_owned(),
            tax_rate: None,
            amount: Some(self.sales[index].amount),
        };
        let made = invoice::apply(&acting, &caller, application).await?;
        self.sales[index].invoice = made.id;
        let mut dice = Dice::of(self.seed, "invoice", index);
        self.plan(at + dice.whole(60, 800), Event::Issue(index));
        Ok(())
    }

    pub(super) async fn issue(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.one_of(&FINANCE, index)?;
        let acting = self.act(unit, &caller, at);
        let answer = if index % 37 == 5 {
            Answer::Reject
        } else {
            Answer::Issue {
                invoice_number: format!("2532{:016}", 10_000_000 + index),
                issued_on: None,
            }
        };
        invoice::answer(&acting, &caller, self.sales[index].invoice, answer).await?;
        Ok(())
    }

    /// A contract that is delivered and paid is done.
    pub(super) async fn close(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.one_of(&FINANCE, index)?;
        let acting = self.act(unit, &caller, at);
        let how = contracts::Close::Completed;
        contracts::close(&acting, &caller, self.sales[index].contract, how).await?;
        Ok(())
    }
}
