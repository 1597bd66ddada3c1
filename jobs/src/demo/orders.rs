//! Contracts, orders with their returns and deliveries, instalments and receipts.

use chrono::NaiveDate;

use super::catalog::PRODUCTS;
use super::company::{Account, Segment, Span};
use super::days::{Stamp, days_after, season};
use super::deals::{Deal, End};
use super::files::yuan;
use super::random::{Dice, rounded};

/// The rows of everything that follows a deal, and when each account ordered last.
pub(super) struct Books {
    pub(super) contracts: Vec<Vec<String>>,
    pub(super) orders: Vec<Vec<String>>,
    pub(super) deliveries: Vec<Vec<String>>,
    pub(super) plans: Vec<Vec<String>>,
    pub(super) receipts: Vec<Vec<String>>,
    pub(super) last_order: Vec<Option<NaiveDate>>,
}

/// An order before it is written.
struct Order {
    account: usize,
    at: Stamp,
    amount: i64,
    product: usize,
    lines: usize,
    contract: Option<String>,
    /// Whether it comes from a deal and is paid in instalments.
    project: Option<Segment>,
}

/// Writes the books of the firm.
pub(super) fn books(seed: u64, span: &Span, deals: &[Deal], accounts: &[Account]) -> Books {
    let mut books = Books {
        contracts: Vec::new(),
        orders: Vec::new(),
        deliveries: Vec::new(),
        plans: Vec::new(),
        receipts: Vec::new(),
        last_order: vec![None; accounts.len()],
    };
    let frames = books.frameworks(seed, span, accounts);
    let mut orders = books.signed(seed, span, deals, accounts);
    orders.extend(repeats(seed, span, deals, accounts, &frames));
    orders.sort_by_key(|order| (order.at, order.account));
    let mut dice = Dice::new(seed, "orders");
    for (index, order) in orders.iter().enumerate() {
        let id = format!(
            "DD{}{:05}",
            span.days.date(order.at).format("%y%m"),
            index + 1
        );
        books.order(&mut dice, span, &accounts[order.account], order, &id);
    }
    books
}

/// A framework agreement: account, from, to, contract.
type Frame = (usize, NaiveDate, NaiveDate, String);

impl Books {
    /// Yearly framework agreements with regular buyers, most of them renewed.
    fn frameworks(&mut self, seed: u64, span: &Span, accounts: &[Account]) -> Vec<Frame> {
        let mut dice = Dice::new(seed, "frameworks");
        let mut frames: Vec<Frame> = Vec::new();
        for (index, account) in accounts.iter().enumerate() {
            let share = match account.segment {
                Segment::Project => 0.04,
                Segment::Repeat => 0.36,
                Segment::Distributor => 0.62,
            };
            if !dice.chance(share) {
                continue;
            }
            let begin = span.days.later(account.created, dice.between(10.0, 330.0));
            let mut from = span.days.date(begin);
            let mut renews = String::new();
            while from < span.end {
                let to = days_after(from, 364);
                let id = format!("KJ{}-{:04}", from.format("%y%m"), frames.len() + 1);
                let amount = rounded(account.weight.min(4.0) * 26.0 + 8.0) * 1_000_000;
                self.contracts.push(vec![
                    id.clone(),
                    account.id.clone(),
                    String::new(),
                    from.to_string(),
                    to.to_string(),
                    renews,
                    yuan(amount),
                    "框架协议".into(),
                ]);
                frames.push((index, from, to, id.clone()));
                let sinking = account.sinking(span.days.start_of(to));
                if !dice.chance(if sinking { 0.28 } else { 0.83 }) {
                    break;
                }
                from = span.days.around(days_after(to, dice.whole(-12, 45))).0;
                renews = id;
            }
        }
        frames
    }

    /// The contract of each won deal, and the order that comes with it.
    fn signed(
        &mut self,
        seed: u64,
        span: &Span,
        deals: &[Deal],
        accounts: &[Account],
    ) -> Vec<Order> {
        let mut dice = Dice::new(seed, "contracts");
        let mut orders = Vec::new();
        for deal in deals.iter().filter(|deal| deal.outcome(span) == End::Won) {
            let date = span.days.date(deal.ended);
            let account = &accounts[deal.account];
            let contract = format!("HT{}", deal.id.trim_start_matches("SJ"));
            self.contracts.push(vec![
                contract.clone(),
                account.id.clone(),
                deal.id.clone(),
                date.to_string(),
                String::new(),
                String::new(),
                yuan(deal.amount),
                "销售合同".into(),
            ]);
            orders.push(Order {
                account: deal.account,
                at: deal.ended + dice.whole(10, 900),
                amount: deal.amount,
                product: deal.product,
                lines: dice.choose(&[(1, 0.5), (2, 0.3), (3, 0.2)]),
                contract: Some(contract),
                project: Some(account.segment),
            });
        }
        orders.retain(|order| span.seen(order.at));
        orders
    }

    fn order(&mut self, dice: &mut Dice, span: &Span, account: &Account, order: &Order, id: &str) {
        let calendar = &span.days;
        let date = calendar.date(order.at);
        let cancelled = order.contract.is_none() && dice.chance(0.004);
        let kind = if cancelled { "cancel" } else { "sale" };
        let recorded = order.at
            + if dice.chance(0.04) {
                dice.whole(1500, 3600)
            } else {
                dice.whole(0, 60)
            };
        let recorded = if span.seen(recorded) {
            recorded
        } else {
            order.at
        };
        let mut left = order.amount;
        for line in 0..order.lines {
            let product = if line == 0 {
                order.product
            } else {
                index(dice, PRODUCTS.len())
            };
            let amount = if line + 1 == order.lines {
                left
            } else {
                rounded(left as f64 * dice.between(0.45, 0.7) / 1000.0) * 1000
            };
            left -= amount;
            self.orders.push(vec![
                account.id.clone(),
                calendar.time(order.at).to_string(),
                yuan(amount),
                quantity(product, amount).to_string(),
                id.to_string(),
                PRODUCTS[product].0.into(),
                kind.into(),
                calendar.time(recorded).to_string(),
            ]);
        }
        if cancelled {
            return;
        }
        let last = &mut self.last_order[order.account];
        *last = (*last).max(Some(date));

        let lead = if order.project.is_some() {
            dice.whole(18, 50)
        } else {
            dice.whole(6, 20)
        };
        let promised = calendar.around(days_after(date, lead)).0;
        let slip = if dice.chance(0.87) {
            -dice.whole(0, 3)
        } else {
            dice.whole(1, 16)
        };
        let delivered = calendar
            .around(days_after(promised, slip).max(days_after(date, 1)))
            .0;
        let arrived = delivered < span.end;
        self.deliveries.push(vec![
            format!("FH{}", &id[2..]),
            id.to_string(),
            account.id.clone(),
            promised.to_string(),
            if arrived {
                delivered.to_string()
            } else {
                String::new()
            },
        ]);
        self.returned(dice, span, account, order, id, delivered);
        self.dues(dice, span, account, order, (date, delivered), id);
    }

    /// Some goods come back, a few orders get a credit. Amounts are positive; the kind says which
    /// way they count.
    fn returned(
        &mut self,
        dice: &mut Dice,
        span: &Span,
        account: &Account,
        order: &Order,
        id: &str,
        delivered: NaiveDate,
    ) {
        let (kind, prefix, share) = match dice.weighted(&[0.966, 0.025, 0.009]) {
            0 => return,
            1 => ("return", "TH", dice.between(0.1, 0.6)),
            _ => ("credit", "ZR", dice.between(0.03, 0.1)),
        };
        let at = span.days.start_of(days_after(delivered, dice.whole(3, 40))) + dice.whole(0, 449);
        if !span.seen(at) {
            return;
        }
        let amount =
            rounded(order.amount as f64 / order.lines as f64 * share / 1000.0).max(1) * 1000;
        let quantity = if kind == "return" {
            quantity(order.product, amount)
        } else {
            0
        };
        self.orders.push(vec![
            account.id.clone(),
            span.days.time(at).to_string(),
            yuan(amount),
            quantity.to_string(),
            format!("{prefix}{}", &id[2..]),
            PRODUCTS[order.product].0.into(),
            kind.into(),
            span.days.time(at).to_string(),
        ]);
    }

    /// The instalments of an order: 30 % ahead, 60 % after delivery and a retention for projects,
    /// the whole on credit for repeat orders.
    fn dues(
        &mut self,
        dice: &mut Dice,
        span: &Span,
        account: &Account,
        order: &Order,
        (date, delivered): (NaiveDate, NaiveDate),
        id: &str,
    ) {
        let credit = account.credit;
        let terms: Vec<(i64, NaiveDate)> = match order.project {
            Some(Segment::Project) => vec![
                (30, days_after(date, 7)),
                (60, days_after(delivered, 15)),
                (10, days_after(delivered, 180)),
            ],
            Some(_) => vec![
                (30, days_after(date, 7)),
                (70, days_after(delivered, credit.min(45))),
            ],
            None => vec![(100, days_after(delivered, credit))],
        };
        let mut left = order.amount;
        let count = terms.len();
        for (place, (percent, due)) in terms.into_iter().enumerate() {
            let amount = if place + 1 == count {
                left
            } else {
                order.amount * percent / 100
            };
            left -= amount;
            let plan = format!("HK{}-{}", &id[2..], place + 1);
            self.plans.push(vec![
                plan.clone(),
                account.id.clone(),
                order.contract.clone().unwrap_or_default(),
                due.to_string(),
                yuan(amount),
            ]);
            self.paid(dice, span, account, &plan, (date, due), amount);
        }
    }

    /// How an instalment is paid: in time, late, in two parts, or not at all.
    fn paid(
        &mut self,
        dice: &mut Dice,
        span: &Span,
        account: &Account,
        plan: &str,
        (ordered, due): (NaiveDate, NaiveDate),
        amount: i64,
    ) {
        let weights = match account.payer {
            0 => [0.915, 0.055, 0.022, 0.008],
            1 => [0.64, 0.25, 0.09, 0.02],
            _ => [0.25, 0.35, 0.2, 0.2],
        };
        let early = span
            .days
            .around(days_after(due, -dice.whole(0, 6)).max(ordered))
            .1
            .max(ordered);
        let late = |days: i64| span.days.around(days_after(due, days)).0;
        let parts = match dice.weighted(&weights) {
            0 => vec![(early, amount)],
            1 => vec![(late(dice.whole(3, 12) * dice.whole(1, 6)), amount)],
            2 => {
                let first = rounded(amount as f64 * dice.between(0.4, 0.8) / 10_000.0) * 10_000;
                vec![(early, first), (late(dice.whole(20, 75)), amount - first)]
            }
            _ => Vec::new(),
        };
        for (part, (date, amount)) in parts.into_iter().enumerate() {
            if date < span.end && amount > 0 {
                // Now and then the bank line does not say what it is for.
                let known = !dice.chance(0.06);
                self.receipts.push(vec![
                    format!("SK{}-{}", &plan[2..], part + 1),
                    account.id.clone(),
                    date.to_string(),
                    yuan(amount),
                    if known {
                        plan.to_string()
                    } else {
                        String::new()
                    },
                ]);
            }
        }
    }
}

/// What accounts order on their own, each in its rhythm, until it sinks.
fn repeats(
    seed: u64,
    span: &Span,
    deals: &[Deal],
    accounts: &[Account],
    frames: &[Frame],
) -> Vec<Order> {
    let mut dice = Dice::new(seed, "repeats");
    let mut first_won: Vec<Option<Stamp>> = vec![None; accounts.len()];
    for deal in deals.iter().filter(|deal| deal.end == End::Won) {
        let first = &mut first_won[deal.account];
        *first = Some(first.map_or(deal.ended, |stamp| stamp.min(deal.ended)));
    }
    let mut orders = Vec::new();
    for (place, account) in accounts.iter().enumerate() {
        let Some(rhythm) = account.rhythm else {
            continue;
        };
        let usual =
            15_000.0 * account.scale * account.weight.clamp(0.4, 2.5) * (rhythm / 50.0).sqrt();
        // Old customers order from the first day, new ones after their first deal.
        let begin = if account.created < span.open && dice.chance(0.8) {
            span.open
        } else {
            match first_won[place] {
                Some(won) => won.max(span.open),
                None => continue,
            }
        };
        let favourite = index(&mut dice, PRODUCTS.len());
        let mut at = span.days.later(begin, rhythm * dice.unit());
        let mut fading = 1.0;
        while span.seen(at) {
            let date = span.days.date(at);
            let frame = frames
                .iter()
                .find(|frame| frame.0 == place && frame.1 <= date && date <= frame.2);
            let yuan = usual * dice.factor(0.45) * season(date).clamp(0.85, 1.15);
            orders.push(Order {
                account: place,
                at,
                amount: rounded(yuan.clamp(800.0, 300_000.0) / 10.0) * 1000,
                product: if dice.chance(0.6) {
                    favourite
                } else {
                    index(&mut dice, PRODUCTS.len())
                },
                lines: dice.choose(&[(1, 0.6), (2, 0.28), (3, 0.12)]),
                contract: frame.map(|frame| frame.3.clone()),
                project: None,
            });
            if account.sinking(at) {
                fading *= 1.7;
            }
            let busy = 1.0 / season(date).clamp(0.8, 1.2);
            at = span.days.later(
                at,
                (rhythm * fading * dice.factor(0.33) * busy).clamp(2.0, 400.0),
            );
        }
    }
    orders
}

fn index(dice: &mut Dice, length: usize) -> usize {
    super::random::index_of(dice.unit() * length as f64, length)
}

/// How many pieces an amount buys at the usual discount.
fn quantity(product: usize, fen: i64) -> i64 {
    rounded(fen as f64 / 100.0 / (PRODUCTS[product].3 as f64 * 0.87)).max(1)
}
