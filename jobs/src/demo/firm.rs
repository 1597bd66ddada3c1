//! The firm at work: what is planned happens in the order of time, each act by the service that the
//! pages use, in the name of who does it.
//!
//! Acts wait in a queue by their time; an act may bring others about. Those of one day are one
//! transaction. Nothing is drawn from the order in which things happen: each thing has a stream of
//! chance of its own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use millrace_models::config::Company;
use millrace_operations::files::Files;
use millrace_operations::service::quote_decision::expire_due;
use millrace_operations::{Actor, Caller, Result, Unit};

use super::collecting::Payment;
use super::company::{Account, Rep, Span};
use super::days::Stamp;
use super::deals::Deal;
use super::fulfilment::Sale;
use super::quoting::Quoting;
use super::service::Desk;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A rep joins.
    Join(usize),
    /// A rep leaves and hands everything over.
    Leave(usize),
    /// An account is entered.
    Account(usize),
    /// An account is claimed from the pool.
    Claim(usize),
    /// An account is given back to the pool.
    Release(usize),
    /// A yearly framework contract begins.
    Framework(usize),
    /// An account orders on its own.
    Repeat(usize),
    /// A deal is entered.
    Open(usize),
    /// A lead is claimed.
    ClaimLead(usize),
    /// The opening of a deal that was entered late is corrected.
    Correct(usize),
    /// A deal enters the stage of one of its visits.
    Enter(usize, usize),
    /// The customer's requirements are attached.
    Specify(usize),
    /// A deal is given up for a while.
    Pause(usize),
    /// It is taken up again.
    Resume(usize),
    /// A version of a quote is drafted.
    Draft(usize, usize),
    /// Its approval is answered.
    Answer(usize, usize),
    /// It is sent.
    Send(usize, usize),
    /// The customer decides.
    Decide(usize),
    /// A contract is drafted.
    Contract(usize),
    /// It is signed.
    Sign(usize),
    /// A deal that was kept in the head is entered on the day it is won.
    EnterAtOnce(usize),
    /// A deal ends otherwise than by winning.
    End(usize),
    /// All of a deal is delivered and paid.
    Complete(usize),
    /// A sale is ordered.
    Order(usize),
    /// Its delivery is planned.
    Promise(usize),
    /// Its goods are sent.
    Ship(usize),
    /// They arrive.
    Deliver(usize),
    /// The customer accepts them.
    Accept(usize),
    /// Some come back.
    Return(usize),
    /// An invoice is applied for.
    Apply(usize),
    /// It is issued.
    Issue(usize),
    /// An instalment is asked for.
    Request(usize, usize),
    /// Money comes in.
    Pay(usize),
    /// What money was for is found out.
    Allocate(usize),
    /// A contract is done.
    Close(usize),
    /// Somebody talks to a customer about a deal.
    Meet(usize),
    /// Somebody looks after an account.
    Care(usize),
    /// A ticket comes in.
    Ticket(usize),
    /// A ticket goes on.
    Progress(usize),
    /// A rep notes something to be done.
    Note(usize),
    /// A rep does it.
    Done(usize),
}

/// What is known by id of the records that were made.
#[derive(Default)]
pub(super) struct AccountRecord {
    pub(super) id: i64,
    pub(super) owner: Option<usize>,
    pub(super) contacts: Vec<i64>,
    pub(super) active: bool,
    pub(super) last_order: Option<NaiveDate>,
    /// The framework contract that runs, its last day, and what can still be called off.
    pub(super) framework: Option<(i64, NaiveDate, i64)>,
    pub(super) last_framework: Option<i64>,
}

/// The same of a deal.
#[derive(Default)]
pub(super) struct DealRecord {
    pub(super) id: i64,
    pub(super) owner: Option<usize>,
    pub(super) quoting: Quoting,
    /// The id of the contract that wins it.
    pub(super) contract: Option<i64>,
    pub(super) sale: Option<usize>,
}

/// The firm.
pub(super) struct Firm {
    pub(super) seed: u64,
    pub(super) company: Company,
    pub(super) span: Span,
    pub(super) reps: Vec<Rep>,
    pub(super) accounts: Vec<Account>,
    pub(super) deals: Vec<Deal>,
    /// Until when accounts are not returned to the pool.
    pub(super) grace: DateTime<Utc>,
    /// Everybody by the name they sign in with.
    pub(super) people: BTreeMap<&'static str, Arc<Caller>>,
    pub(super) team_ids: Vec<i64>,
    /// The stages of the pipeline in their order.
    pub(super) stages: Vec<i64>,
    /// The ids of the products, in the order of the catalogue.
    pub(super) products: Vec<i64>,
    /// The price list of distributors.
    pub(super) trade_prices: i64,
    pub(super) tags: BTreeMap<&'static str, i64>,
    pub(super) account_records: Vec<AccountRecord>,
    pub(super) deal_records: Vec<DealRecord>,
    pub(super) sales: Vec<Sale>,
    pub(super) payments: Vec<Payment>,
    pub(super) desk: Desk,
    /// The last deal of each rep, and the talks that wait.
    pub(super) last_deal: BTreeMap<usize, usize>,
    pub(super) meetings: Vec<(usize, usize)>,
    pub(super) notes: Vec<super::care::Note>,
    pub(super) files: Files,
    /// The year whose targets were set last.
    pub(super) targets_of: Option<i32>,
    queue: BinaryHeap<Reverse<(Stamp, u64, Event)>>,
    queued: u64,
}

impl Firm {
    /// The firm before its first day.
    pub(super) fn new(
        seed: u64,
        company: &Company,
        files: Files,
        span: Span,
        reps: Vec<Rep>,
        accounts: Vec<Account>,
        deals: Vec<Deal>,
    ) -> Self {
        Self {
            seed,
            company: company.clone(),
            grace: DateTime::default(),
            people: BTreeMap::new(),
            team_ids: Vec::new(),
            stages: Vec::new(),
            products: Vec::new(),
            trade_prices: 0,
            tags: BTreeMap::new(),
            account_records: accounts.iter().map(|_| AccountRecord::default()).collect(),
            deal_records: deals.iter().map(|_| DealRecord::default()).collect(),
            sales: Vec::new(),
            payments: Vec::new(),
            desk: Desk::default(),
            last_deal: BTreeMap::new(),
            meetings: Vec::new(),
            notes: Vec::new(),
            files,
            targets_of: None,
            queue: BinaryHeap::new(),
            queued: 0,
            span,
            reps,
            accounts,
            deals,
        }
    }

    /// Has something happen, if that is before the end.
    pub(super) fn plan(&mut self, at: Stamp, event: Event) {
        if self.span.seen(at) {
            self.queued += 1;
            self.queue.push(Reverse((at, self.queued, event)));
        }
    }

    /// The moment of a local time.
    pub(super) fn utc(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let zone = self.company.zone;
        // A time that a change of the clocks skips is that of an hour later.
        let found = zone.from_local_datetime(&local).earliest();
        found
            .or_else(|| {
                zone.from_local_datetime(&(local + TimeDelta::hours(1)))
                    .earliest()
            })
            .map(|at| at.to_utc())
            .unwrap_or_default()
    }

    /// The moment of a stamp.
    pub(super) fn moment(&self, at: Stamp) -> DateTime<Utc> {
        self.utc(self.span.days.time(at))
    }

    /// The beginning of a day and some minutes.
    pub(super) fn morning(&self, day: NaiveDate, minutes: i64) -> DateTime<Utc> {
        self.utc(day.and_time(NaiveTime::MIN) + TimeDelta::minutes(minutes))
    }

    /// The caller that a person is.
    pub(super) fn person(&self, username: &str) -> Result<Arc<Caller>> {
        let known = self.people.get(username).cloned();
        known.ok_or(millrace_operations::OperationsError::Unauthenticated)
    }

    /// The caller that a rep is.
    pub(super) fn rep(&self, rep: usize) -> Result<Arc<Caller>> {
        self.person(self.reps[rep].name.0)
    }

    /// The unit of work in the name of a person at a time.
    pub(super) fn act(&self, unit: &Unit, caller: &Caller, at: Stamp) -> Unit {
        unit.acting(caller.actor(), self.moment(at))
    }

    /// The day of the next event.
    pub(super) fn next_day(&self) -> Option<NaiveDate> {
        let Reverse((at, ..)) = self.queue.peek()?;
        Some(self.span.days.date(*at))
    }

    /// Lives through a day: quotes that hold no longer expire in the night, on the first of a year its
    /// targets are set in the morning, then all that is planned.
    pub(super) async fn day(&mut self, unit: &Unit, day: NaiveDate) -> Result<()> {
        let night = unit.acting(Actor::system("quotes"), self.morning(day, 5));
        expire_due(&night, 10_000).await?;
        self.set_targets(unit, day).await?;
        while let Some(Reverse((at, ..))) = self.queue.peek() {
            if self.span.days.date(*at) > day {
                break;
            }
            let Some(Reverse((at, _, event))) = self.queue.pop() else {
                break;
            };
            Box::pin(self.happen(unit, at, event))
                .await
                .map_err(|error| {
                    tracing::error!(?event, %error, "the demo's plan was refused");
                    error
                })?;
        }
        Ok(())
    }

    async fn happen(&mut self, unit: &Unit, at: Stamp, event: Event) -> Result<()> {
        match event {
            Event::Join(rep) => self.join(unit, at, rep).await,
            Event::Leave(rep) => self.leave(unit, at, rep).await,
            Event::Account(index) => self.enter_account(unit, at, index).await,
            Event::Claim(index) => self.claim_account(unit, at, index).await,
            Event::Release(index) => self.release_account(unit, at, index).await,
            Event::Framework(index) => self.framework(unit, at, index).await,
            Event::Repeat(index) => self.repeat(unit, at, index).await,
            Event::Open(deal) => self.open(unit, at, deal).await,
            Event::ClaimLead(deal) => self.claim_lead(unit, at, deal).await,
            Event::Correct(deal) => self.correct(unit, at, deal).await,
            Event::Enter(deal, visit) => self.enter(unit, at, deal, visit).await,
            Event::Specify(deal) => self.specify(unit, at, deal).await,
            Event::Pause(deal) => self.pause(unit, at, deal).await,
            Event::Resume(deal) => self.resume(unit, at, deal).await,
            Event::Draft(deal, version) => self.draft(unit, at, deal, version).await,
            Event::Answer(deal, version) => self.answer(unit, at, deal, version).await,
            Event::Send(deal, version) => self.send(unit, at, deal, version).await,
            Event::Decide(deal) => self.decide(unit, at, deal).await,
            Event::Contract(deal) => self.contract(unit, at, deal).await,
            Event::Sign(deal) => self.sign(unit, at, deal).await,
            Event::EnterAtOnce(deal) => self.enter_at_once(unit, at, deal).await,
            Event::End(deal) => self.end(unit, at, deal).await,
            Event::Complete(deal) => self.complete(unit, at, deal).await,
            Event::Order(sale) => self.order(unit, at, sale).await,
            Event::Promise(sale) => self.promise(unit, at, sale).await,
            Event::Ship(sale) => self.ship(unit, at, sale).await,
            Event::Deliver(sale) => self.deliver(unit, at, sale).await,
            Event::Accept(sale) => self.accept(unit, at, sale).await,
            Event::Return(sale) => self.take_back(unit, at, sale).await,
            Event::Apply(sale) => self.apply(unit, at, sale).await,
            Event::Issue(sale) => self.issue(unit, at, sale).await,
            Event::Request(sale, plan) => self.request(unit, at, sale, plan).await,
            Event::Pay(payment) => self.pay(unit, at, payment).await,
            Event::Allocate(payment) => self.allocate(unit, at, payment).await,
            Event::Close(sale) => self.close(unit, at, sale).await,
            Event::Meet(meeting) => self.meet(unit, at, meeting).await,
            Event::Care(index) => self.care(unit, at, index).await,
            Event::Ticket(ticket) => self.ticket(unit, at, ticket).await,
            Event::Progress(ticket) => self.progress(unit, at, ticket).await,
            Event::Note(note) => self.note(unit, at, note).await,
            Event::Done(note) => self.done(unit, at, note).await,
        }
    }
}
