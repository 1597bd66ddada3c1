//! Money: what is asked for, what comes in and when, what it pays.

use chrono::NaiveDate;
use millrace_operations::service::payment_request;
use millrace_operations::service::receipt::{Allocation, NewReceipt, allocate, receive};
use millrace_operations::{Result, Unit};

use super::days::{MINUTES, Stamp, days_after};
use super::firm::{Event, Firm};
use super::fulfilment::Sale;
use super::people::FINANCE;
use super::random::{Dice, rounded};

/// Money that comes in.
#[derive(Debug)]
pub(super) struct Payment {
    sale: usize,
    plan: i64,
    amount: i64,
    /// Whether the bank line says what it is for.
    known: bool,
    receipt: i64,
}

/// An instalment: its id, what makes it due, days of credit, its amount.
type Plan = (i64, String, i64, i64);

impl Firm {
    pub(super) fn plan_payment(&mut self, sale: usize, plan: &Plan, at: Stamp, amount: i64) {
        let deposit = self.sales[sale].deposit && self.sales[sale].plans[0].0 == plan.0;
        let index = self.payments.len();
        let mut dice = Dice::of(self.seed, "bank line", index);
        self.payments.push(Payment {
            sale,
            plan: plan.0,
            amount,
            known: deposit || !dice.chance(0.04),
            receipt: 0,
        });
        self.plan(at, Event::Pay(index));
    }

    /// Plans when the instalments of a sale are paid, and when all is done.
    pub(super) fn plan_payments(&mut self, dice: &mut Dice, signed: Stamp, sale: usize) {
        let Sale {
            plans,
            deposit,
            shipped,
            accepted,
            account,
            deal,
            ..
        } = &self.sales[sale];
        let (plans, deposit, shipped, accepted) = (plans.clone(), *deposit, *shipped, *accepted);
        let (account, deal) = (*account, *deal);
        // All but what is kept back until long after the acceptance.
        let mut done = Some(accepted);
        let mut retained = false;
        for (place, plan) in plans.iter().enumerate() {
            if deposit && place == 0 {
                continue;
            }
            let from = match plan.1.as_str() {
                "signing" => signed,
                "acceptance" => accepted,
                _ => shipped,
            };
            let begin = self.span.days.date(from);
            let due = days_after(begin, plan.2);
            let parts = self.parts(dice, account, (begin, due), plan.3);
            if plan.1 == "acceptance" {
                retained = true;
            } else {
                let last = parts.iter().map(|part| part.0).max();
                let paid: i64 = parts.iter().map(|part| part.1).sum();
                done = match (done, last) {
                    (Some(done), Some(last)) if paid == plan.3 => Some(done.max(last)),
                    _ => None,
                };
            }
            if plan.1 != "signing" && dice.chance(0.34) {
                let asked = self.span.days.start_of(days_after(due, -dice.whole(1, 8)));
                self.plan(
                    asked.max(from + 60) + dice.whole(1, 300),
                    Event::Request(sale, place),
                );
            }
            for (at, amount) in parts {
                self.plan_payment(sale, plan, at.max(from + 30), amount);
            }
        }
        let Some(done) = done else { return };
        let after = done + dice.whole(60, 4 * MINUTES);
        if let Some(deal) = deal {
            self.plan(after, Event::Complete(deal));
        }
        if !retained {
            self.plan(after + dice.whole(30, 900), Event::Close(sale));
        }
    }

    /// How an instalment is paid: in time, late, in two parts, or not at all.
    fn parts(
        &self,
        dice: &mut Dice,
        account: usize,
        (begin, due): (NaiveDate, NaiveDate),
        amount: i64,
    ) -> Vec<(Stamp, i64)> {
        let weights = match self.accounts[account].payer {
            0 => [0.915, 0.055, 0.022, 0.008],
            1 => [0.64, 0.25, 0.09, 0.02],
            _ => [0.25, 0.35, 0.2, 0.2],
        };
        let days = &self.span.days;
        let early = days
            .around(days_after(due, -dice.whole(0, 6)).max(begin))
            .1
            .max(begin);
        let time = dice.whole(10, 430);
        let early = days.start_of(early) + time;
        let late = |wait: i64| days.start_of(days_after(due, wait)) + time;
        match dice.weighted(&weights) {
            0 => vec![(early, amount)],
            1 => vec![(late(dice.whole(3, 12) * dice.whole(1, 6)), amount)],
            2 => {
                let first = rounded(amount as f64 * dice.between(0.4, 0.8) / 10_000.0) * 10_000;
                if first <= 0 || first >= amount {
                    return vec![(early, amount)];
                }
                vec![(early, first), (late(dice.whole(20, 75)), amount - first)]
            }
            _ => Vec::new(),
        }
    }

    pub(super) async fn request(
        &mut self,
        unit: &Unit,
        at: Stamp,
        sale: usize,
        place: usize,
    ) -> Result<()> {
        let caller = self.back_office(self.sales[sale].rep)?;
        let acting = self.act(unit, &caller, at);
        let plan = self.sales[sale].plans[place].0;
        let read = acting
            .get::<millrace_operations::entity::payment_plan::Model>(plan)
            .await?;
        if read.status == "paid" {
            return Ok(());
        }
        let note = Some("请按合同约定安排付款".to_owned());
        let made = payment_request::draft(&acting, &caller, plan, None, note).await?;
        payment_request::send(&acting, &caller, made.id, None).await?;
        Ok(())
    }

    pub(super) async fn pay(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.one_of(&FINANCE, index)?;
        let acting = self.act(unit, &caller, at);
        let payment = &self.payments[index];
        let (sale, plan, amount, known) =
            (payment.sale, payment.plan, payment.amount, payment.known);
        let first = self.sales[sale].plans.first().map(|first| first.0);
        let deposit = self.sales[sale].deposit && first == Some(plan);
        let allocation = Allocation {
            payment_plan_id: plan,
            amount,
            on: None,
        };
        let receipt = NewReceipt {
            account_id: self.account_records[self.sales[sale].account].id,
            kind: Some(if deposit { "advance" } else { "payment" }.to_owned()),
            method: Some(["银行转账", "银行承兑汇票", "银行转账"][index % 3].to_owned()),
            reference: Some(format!("{:012}", 88_000_000 + index)),
            original_amount: amount,
            allocations: if known { vec![allocation] } else { Vec::new() },
            ..NewReceipt::default()
        };
        let received = receive(&acting, &caller, receipt).await?;
        self.payments[index].receipt = received.id;
        if deposit {
            self.fulfil(unit, at, sale).await?;
        } else if !known {
            let mut dice = Dice::of(self.seed, "clearing", index);
            if dice.chance(0.7) {
                self.plan(at + dice.whole(5, 18) * MINUTES, Event::Allocate(index));
            }
        }
        Ok(())
    }

    /// Finance finds out what money was for.
    pub(super) async fn allocate(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.one_of(&FINANCE, index)?;
        let acting = self.act(unit, &caller, at);
        let payment = &self.payments[index];
        let allocation = Allocation {
            payment_plan_id: payment.plan,
            amount: payment.amount,
            on: None,
        };
        allocate(&acting, &caller, payment.receipt, &[allocation]).await?;
        Ok(())
    }
}
