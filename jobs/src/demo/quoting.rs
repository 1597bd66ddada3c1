//! Quotes: drafted in versions, approved where the discount asks for it, sent, decided.

use chrono::NaiveDate;
use millrace_operations::service::pricing::NewLine;
use millrace_operations::service::quote::{self, For, NewQuote};
use millrace_operations::service::quote_decision::{Decision, decide, send, withdraw};
use millrace_operations::service::{approval, quote::lines_of};
use millrace_operations::{Result, Unit};

use super::catalog::{MANAGERS, PRODUCTS};
use super::company::Segment;
use super::days::{MINUTES, Stamp, days_after};
use super::deals::{Deal, End, QUOTATION, SIGNING};
use super::firm::{Event, Firm};
use super::people::{DIRECTOR, leader};
use super::random::{Dice, index_of, rounded};

/// The highest discount that a rep gives alone, in basis points, and those of who leads them.
const LIMITS: [i64; 3] = [500, 1_000, 1_500];

/// What becomes of a quote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fate {
    Accepted,
    Partial,
    Declined,
    Withdrawn,
    /// Nothing is said; it expires by time.
    #[default]
    Unanswered,
}

/// A version of a quote.
#[derive(Debug, Clone, Copy)]
struct Version {
    sent: Stamp,
    /// In basis points.
    discount: i64,
    /// For how many days it holds.
    days: i64,
    /// Whether its approval is refused at first.
    refused: bool,
    id: Option<i64>,
    is_sent: bool,
}

/// The quotes of a deal.
#[derive(Debug, Default)]
pub(super) struct Quoting {
    versions: Vec<Version>,
    fate: Fate,
    decided: Stamp,
    /// Products and whole pieces.
    lines: Vec<(usize, i64)>,
    /// An alternative is offered beside the first version.
    has_alternative: bool,
    alternative: Option<i64>,
}

impl Quoting {
    /// The last version that was sent.
    pub(super) fn sent(&self) -> Option<i64> {
        let sent = self.versions.iter().rev().find(|version| version.is_sent);
        sent.and_then(|version| version.id)
    }

    /// When the first version is sent.
    pub(super) fn first_sent(&self) -> Option<Stamp> {
        self.versions.first().map(|version| version.sent)
    }

    /// Whether anything was drafted.
    pub(super) fn has_begun(&self) -> bool {
        self.versions.iter().any(|version| version.id.is_some())
    }
}

/// From when a deal that is worked on from a time can be quoted: not as a lead, and not while its
/// project is put off, when it is lost or shelved.
fn quotable_from(deal: &Deal, from: Stamp) -> Stamp {
    let lead = deal.visits.first().map(|lead| lead.to);
    let back = deal.pause.map(|(_, back)| back);
    [lead, back].into_iter().flatten().fold(from, Stamp::max)
}

impl Firm {
    /// Plans the quotes of a deal: one to three versions in the first stay in quotation, one in later
    /// ones.
    pub(super) fn plan_quoting(&mut self, index: usize, from: Stamp) {
        let mut dice = Dice::of(self.seed, "quotes", index);
        let deal = &self.deals[index];
        let sent = sendings(&mut dice, deal);
        if sent.is_empty() {
            return;
        }
        let account = &self.accounts[deal.account];
        let generous = self.reps[account.owner(deal.opened)].discount;
        let (fate, decided) = fate(&mut dice, deal);
        let base = base_discount(&mut dice, generous);
        let mut versions = Vec::new();
        for (place, (at, _)) in sent.iter().enumerate() {
            let more = 180 * i64::try_from(place).unwrap_or(0);
            // Not within a hair of a limit: rounding the lines must not decide who approves.
            let discount = match (base + more).min(2_400) {
                close if LIMITS.iter().any(|limit| (close - limit).abs() < 15) => close - 30,
                other => other,
            };
            versions.push(Version {
                sent: *at,
                discount,
                days: dice.choose(&[(30, 0.62), (15, 0.22), (45, 0.08), (60, 0.08)]),
                refused: discount > LIMITS[0] && dice.chance(0.07),
                id: None,
                is_sent: false,
            });
        }
        // What was accepted is the deal's: a partly accepted quote was larger than that.
        let share = if fate == Fate::Partial {
            dice.between(0.6, 0.9)
        } else {
            1.0
        };
        let newest = versions.last().map_or(0, |version| version.discount);
        let list = deal.amount as f64 / 100.0 / share / (1.0 - newest as f64 / 10_000.0);
        let trade = if account.segment == Segment::Distributor {
            0.85
        } else {
            1.0
        };
        let count = if fate == Fate::Partial {
            3
        } else {
            dice.choose(&[(1, 0.4), (2, 0.35), (3, 0.25)])
        };
        let mut lines = Vec::new();
        let mut left = list;
        for place in 0..count {
            let product = if place == 0 {
                deal.product
            } else {
                index_of(dice.unit() * PRODUCTS.len() as f64, PRODUCTS.len())
            };
            let part = if place + 1 == count {
                left
            } else {
                left * dice.between(0.5, 0.75)
            };
            left -= part;
            let price = PRODUCTS[product].3 as f64 * trade;
            lines.push((product, rounded(part / price).max(1)));
        }
        let has_alternative = dice.chance(0.11);
        let mut before = quotable_from(&self.deals[index], from);
        let mut kept = 0;
        for (place, (_, limit)) in sent.iter().enumerate() {
            let version = &mut versions[kept];
            let needs = version.discount > LIMITS[0];
            let lag = if needs {
                dice.whole(120, 900)
            } else {
                dice.whole(20, 200)
            };
            let draft = (version.sent - lag).max(before + 1);
            version.sent = version.sent.max(draft + 4);
            if place > 0 && version.sent > *limit {
                // There is no time for another version.
                versions.remove(kept);
                continue;
            }
            version.sent = version.sent.min(*limit);
            let draft = draft.min(version.sent - 4);
            before = version.sent;
            let (place, sent) = (kept, version.sent);
            kept += 1;
            if self.deals[index].entered_at_end {
                continue;
            }
            self.queue_version(index, place, draft, sent, needs);
        }
        let quoting = &mut self.deal_records[index].quoting;
        quoting.decided = decided.max(before + 2);
        let (at, answered) = (quoting.decided, fate != Fate::Unanswered);
        (quoting.versions, quoting.fate, quoting.lines) = (versions, fate, lines);
        quoting.has_alternative = has_alternative;
        if answered && !self.deals[index].entered_at_end {
            self.plan(at, Event::Decide(index));
        }
    }

    fn queue_version(
        &mut self,
        index: usize,
        place: usize,
        draft: Stamp,
        sent: Stamp,
        needs: bool,
    ) {
        self.plan(draft, Event::Draft(index, place));
        if needs {
            self.plan(draft + (sent - draft) * 4 / 5, Event::Answer(index, place));
        }
        self.plan(sent, Event::Send(index, place));
    }

    /// What a version says.
    fn input(&self, index: usize, place: usize, discount: i64, today: NaiveDate) -> NewQuote {
        let record = &self.deal_records[index];
        let quoting = &record.quoting;
        let account = self.deals[index].account;
        let known = &self.account_records[account];
        let distributor = self.accounts[account].segment == Segment::Distributor;
        let version = &quoting.versions[place];
        let mut until = days_after(today.max(self.span.days.date(version.sent)), version.days);
        let signing = self.deals[index]
            .visits
            .iter()
            .any(|visit| visit.stage == SIGNING);
        if signing {
            // An answer that comes later was waited for.
            until = until.max(
                self.span
                    .days
                    .date(self.deals[index].ended.max(quoting.decided)),
            );
        }
        let lines = quoting.lines.iter().map(|(product, pieces)| NewLine {
            product_id: Some(self.products[*product]),
            quantity: pieces * 1_000,
            discount: Some(discount),
            ..NewLine::default()
        });
        NewQuote {
            contact_id: known
                .contacts
                .first()
                .copied()
                .filter(|_| known.owner == record.owner),
            price_list_id: distributor.then_some(self.trade_prices),
            valid_until: Some(until),
            payment_terms: Some(
                if self.accounts[account].segment == Segment::Project {
                    "预付 30%，发货后 15 天付 60%，质保金 10%"
                } else {
                    "预付 30%，发货后付清"
                }
                .to_owned(),
            ),
            delivery_terms: Some("含运费，客户现场交货".to_owned()),
            risk_note: (discount > LIMITS[1]).then(|| "竞品报价更低，折扣超出主管权限".to_owned()),
            lines: lines.collect(),
            ..NewQuote::default()
        }
    }

    pub(super) async fn draft(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
        place: usize,
    ) -> Result<()> {
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        let discount = self.deal_records[index].quoting.versions[place].discount;
        let input = self.input(index, place, discount, acting.today());
        let before = place
            .checked_sub(1)
            .and_then(|before| self.deal_records[index].quoting.versions[before].id);
        let made = if let Some(before) = before {
            quote::revise(&acting, &caller, before, input).await?
        } else {
            let whose = For::Opportunity(self.deal_records[index].id);
            quote::draft(&acting, &caller, whose, input).await?
        };
        if discount > LIMITS[0] {
            approval::request(&acting, &caller, made.id).await?;
        }
        if place == 0 && self.deal_records[index].quoting.has_alternative {
            let mut other = self.input(index, place, 400, acting.today());
            for line in &mut other.lines {
                line.quantity += 1_000;
            }
            let made = quote::alternative(&acting, &caller, made.id, "B".to_owned(), other).await?;
            self.deal_records[index].quoting.alternative = Some(made.id);
        }
        self.deal_records[index].quoting.versions[place].id = Some(made.id);
        Ok(())
    }

    pub(super) async fn answer(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
        place: usize,
    ) -> Result<()> {
        let version = self.deal_records[index].quoting.versions[place];
        let Some(id) = version.id else { return Ok(()) };
        let rep = self.deal_records[index].owner.unwrap_or_default();
        let approver = match version.discount {
            small if small <= LIMITS[1] => leader(self.reps[rep].team),
            medium if medium <= LIMITS[2] => MANAGERS[self.reps[rep].region].0,
            _ => DIRECTOR,
        };
        let approver = self.person(approver)?;
        let acting = self.act(unit, &approver, at);
        approval::answer(&acting, &approver, id, !version.refused).await?;
        if version.refused {
            let caller = self.keeper(index, at)?;
            let acting = self.act(unit, &caller, at);
            let input = self.input(index, place, 470, acting.today());
            quote::rewrite(&acting, &caller, id, input).await?;
        }
        Ok(())
    }

    pub(super) async fn send(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
        place: usize,
    ) -> Result<()> {
        let Some(id) = self.deal_records[index].quoting.versions[place].id else {
            return Ok(());
        };
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        send(&acting, &caller, id, None).await?;
        let quoting = &mut self.deal_records[index].quoting;
        quoting.versions[place].is_sent = true;
        if let Some(other) = quoting.alternative.filter(|_| place == 0) {
            send(&acting, &caller, other, None).await?;
        }
        Ok(())
    }

    pub(super) async fn decide(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let Some(id) = self.deal_records[index].quoting.sent() else {
            return Ok(());
        };
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        let quoting = &self.deal_records[index].quoting;
        let single = quoting.versions.len() == 1;
        let other = quoting.alternative.filter(|_| single);
        match quoting.fate {
            Fate::Accepted => {
                decide(&acting, &caller, id, Decision::Accept, None).await?;
            }
            Fate::Partial => {
                let lines = lines_of(&acting, id).await?;
                let taken = lines.iter().take(2).map(|line| line.id).collect();
                decide(&acting, &caller, id, Decision::AcceptLines(taken), None).await?;
            }
            Fate::Declined => {
                let reason = self.deals[index].loss.map_or("价格偏高", |loss| loss.0);
                for id in [Some(id), other].into_iter().flatten() {
                    let read = acting
                        .get::<millrace_operations::entity::quote::Model>(id)
                        .await?;
                    // One that has expired in the meantime is not answered any more.
                    if read.outcome == "sent" {
                        let decision = Decision::Decline {
                            reason: reason.to_owned(),
                        };
                        decide(&acting, &caller, id, decision, None).await?;
                    }
                }
            }
            Fate::Withdrawn => {
                for id in [Some(id), other].into_iter().flatten() {
                    let read = acting
                        .get::<millrace_operations::entity::quote::Model>(id)
                        .await?;
                    if read.outcome == "sent" {
                        withdraw(&acting, &caller, id).await?;
                    }
                }
            }
            Fate::Unanswered => {}
        }
        Ok(())
    }

    /// The quote of a deal that is entered afterwards: written now, sent then.
    pub(super) async fn quote_at_once(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
        sent: Option<Stamp>,
    ) -> Result<()> {
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        let last = self.deal_records[index].quoting.versions.len() - 1;
        let version = &mut self.deal_records[index].quoting.versions;
        version.swap(0, last);
        version.truncate(1);
        let input = self.input(index, 0, 450, acting.today());
        let whose = For::Opportunity(self.deal_records[index].id);
        let made = quote::draft(&acting, &caller, whose, input).await?;
        let sent_at = sent.filter(|sent| *sent < at).map(|sent| self.moment(sent));
        send(&acting, &caller, made.id, sent_at).await?;
        let quoting = &mut self.deal_records[index].quoting;
        quoting.versions[0].id = Some(made.id);
        quoting.versions[0].is_sent = true;
        Ok(())
    }
}

/// The discount that the first version begins with, in basis points.
fn base_discount(dice: &mut Dice, generous: f64) -> i64 {
    let (low, high) = dice.choose(&[
        ((150.0, 460.0), 0.5),
        ((520.0, 940.0), 0.27),
        ((1_030.0, 1_430.0), 0.16),
        ((1_540.0, 2_200.0), 0.07),
    ]);
    rounded((dice.between(low, high) * (0.9 + generous * 0.1)).clamp(low, high))
}

/// When the versions are sent, and until when they must be.
fn sendings(dice: &mut Dice, deal: &Deal) -> Vec<(Stamp, Stamp)> {
    let mut sent: Vec<(Stamp, Stamp)> = Vec::new();
    for visit in deal.visits.iter().filter(|visit| visit.stage == QUOTATION) {
        let count = if sent.is_empty() {
            dice.choose(&[(1, 0.58), (2, 0.29), (3, 0.13)])
        } else {
            1
        };
        // Where nothing happens any more, the last version went out early.
        let length = (visit.to - visit.from).min(20 * MINUTES);
        for version in 0..count {
            let share = (f64::from(version) + dice.between(0.15, 0.6)) / (f64::from(count) + 0.3);
            let at = visit.from + rounded(length as f64 * share);
            let at = sent.last().map_or(at, |last| at.max(last.0 + 5));
            sent.push((at, visit.to - 6));
        }
    }
    sent
}

fn fate(dice: &mut Dice, deal: &Deal) -> (Fate, Stamp) {
    let last = deal
        .visits
        .iter()
        .rev()
        .find(|visit| visit.stage == QUOTATION);
    let left = last.map_or(deal.ended, |visit| visit.to);
    let signed = deal
        .visits
        .last()
        .is_some_and(|visit| visit.stage > QUOTATION);
    let fate = match deal.end {
        End::Won => dice.choose(&[(Fate::Accepted, 0.94), (Fate::Partial, 0.06)]),
        End::Lost if signed => dice.choose(&[(Fate::Accepted, 0.1), (Fate::Declined, 0.9)]),
        End::Lost => dice.choose(&[(Fate::Declined, 0.78), (Fate::Unanswered, 0.22)]),
        End::Shelved => dice.choose(&[(Fate::Withdrawn, 0.4), (Fate::Unanswered, 0.6)]),
        _ => Fate::Unanswered,
    };
    let late = deal.end == End::Lost && signed && fate == Fate::Declined;
    (fate, if late { deal.ended } else { left } - 3)
}
