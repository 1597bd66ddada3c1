//! Quotes: versions, discounts, alternatives, and what became of them.

use super::company::{Account, Rep, Segment, Span};
use super::days::{Stamp, days_after};
use super::deals::{Deal, End, QUOTATION};
use super::files::yuan;
use super::random::{Dice, rounded};

/// What became of the last version of a quote, were there no last day.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Accepted,
    Partial,
    Declined,
    Expired,
    Withdrawn,
    Unanswered,
}

impl Fate {
    fn code(self) -> &'static str {
        match self {
            Fate::Accepted => "accepted",
            Fate::Partial => "partial",
            Fate::Declined => "declined",
            Fate::Expired => "expired",
            Fate::Withdrawn => "withdrawn",
            Fate::Unanswered => "sent",
        }
    }
}

/// The rows of the quotes, by number and version.
pub(super) fn rows(
    seed: u64,
    span: &Span,
    deals: &[Deal],
    accounts: &[Account],
    reps: &[Rep],
) -> Vec<Vec<String>> {
    let mut dice = Dice::new(seed, "quotes");
    let mut rows = Vec::new();
    let mut number = 0;
    for deal in deals {
        let sent = sendings(&mut dice, span, deal);
        let Some(first) = sent.first().copied().filter(|first| span.seen(*first)) else {
            continue;
        };
        let account = &accounts[deal.account];
        let generous = reps[account.owner(first)].discount;
        let (fate, decided) = fate(&mut dice, deal);
        number += 1;
        let name = format!("BJ{}-{number:05}", span.days.date(first).format("%y%m"));
        let quote = Quote {
            span,
            deal,
            account: &account.id,
            number: &name,
        };
        let discount = base(&mut dice, account, generous);
        quote.versions(&mut dice, &sent, fate, decided, discount, &mut rows);

        if dice.chance(0.11) {
            // A second proposal beside the first; the one that is not chosen is taken back.
            let name = format!("{name}B");
            let at = first + dice.whole(2, 40);
            if span.seen(at) {
                let quote = Quote {
                    span,
                    deal,
                    account: &account.id,
                    number: &name,
                };
                let list = rounded(deal.amount as f64 * dice.between(1.15, 1.6));
                let (fate, until) = (Fate::Withdrawn, decided.max(at + 30));
                quote.version(
                    1,
                    at,
                    fate,
                    Some(until),
                    list,
                    dice.between(0.05, 0.14),
                    30,
                    &mut rows,
                );
            }
        }
    }
    rows
}

/// The discount that the first version begins with.
fn base(dice: &mut Dice, account: &Account, generous: f64) -> f64 {
    let usual = match account.segment {
        Segment::Project => 0.09,
        Segment::Repeat => 0.11,
        Segment::Distributor => 0.2,
    };
    usual * generous * dice.between(0.7, 1.2)
}

/// When the versions were sent: one to three in the first stay in quotation, one in later ones.
fn sendings(dice: &mut Dice, span: &Span, deal: &Deal) -> Vec<Stamp> {
    let mut sent: Vec<Stamp> = Vec::new();
    for visit in deal.visits.iter().filter(|visit| visit.stage == QUOTATION) {
        let count = if sent.is_empty() {
            dice.choose(&[(1, 0.58), (2, 0.29), (3, 0.13)])
        } else {
            1
        };
        // Where nothing happens any more, the last version went out early.
        let length = (visit.to - visit.from).min(20 * 450);
        for version in 0..count {
            let share = (f64::from(version) + dice.between(0.15, 0.6)) / (f64::from(count) + 0.3);
            let at = visit.from + rounded(length as f64 * share);
            sent.push(sent.last().map_or(at, |last| at.max(last + 5)));
        }
    }
    sent.retain(|at| span.seen(*at));
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
        End::Lost => dice.choose(&[
            (Fate::Declined, 0.78),
            (Fate::Expired, 0.12),
            (Fate::Unanswered, 0.1),
        ]),
        End::Shelved => dice.choose(&[(Fate::Withdrawn, 0.4), (Fate::Unanswered, 0.6)]),
        _ => Fate::Unanswered,
    };
    let late = deal.end == End::Lost && signed && fate == Fate::Declined;
    (fate, if late { deal.ended } else { left })
}

/// One quote number.
struct Quote<'a> {
    span: &'a Span,
    deal: &'a Deal,
    account: &'a str,
    number: &'a str,
}

impl Quote<'_> {
    fn versions(
        &self,
        dice: &mut Dice,
        sent: &[Stamp],
        fate: Fate,
        decided: Stamp,
        base: f64,
        rows: &mut Vec<Vec<String>>,
    ) {
        // The last version's amount is the deal's: a partly accepted quote was larger than that.
        let share = if fate == Fate::Partial {
            dice.between(0.55, 0.9)
        } else {
            1.0
        };
        let newest = sent.len() - 1;
        let discount = |version: usize| (base + 0.035 * version as f64).min(0.38);
        let list = rounded(self.deal.amount as f64 / share / (1.0 - discount(newest)));
        for (version, at) in sent.iter().enumerate() {
            let days = dice.choose(&[(30, 0.62), (15, 0.22), (45, 0.08), (60, 0.08)]);
            if let Some(next) = sent.get(version + 1) {
                self.superseded(version + 1, *at, *next, list, discount(version), days, rows);
            } else {
                let decided = decided.max(at + 12);
                let answer = Some(decided).filter(|_| fate != Fate::Unanswered);
                self.version(
                    version + 1,
                    *at,
                    fate,
                    answer,
                    list,
                    discount(version),
                    days,
                    rows,
                );
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row")]
    fn superseded(
        &self,
        version: usize,
        at: Stamp,
        next: Stamp,
        list: i64,
        discount: f64,
        days: i64,
        rows: &mut Vec<Vec<String>>,
    ) {
        let until = days_after(self.span.days.date(at), days);
        let amount = rounded(list as f64 * (1.0 - discount));
        let decided = self.span.days.time(next).to_string();
        rows.push(self.row(
            version,
            at,
            until.to_string(),
            decided,
            "superseded",
            amount,
            list,
            0,
            discount,
        ));
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row")]
    fn version(
        &self,
        version: usize,
        at: Stamp,
        fate: Fate,
        decided: Option<Stamp>,
        list: i64,
        discount: f64,
        days: i64,
        rows: &mut Vec<Vec<String>>,
    ) {
        let calendar = &self.span.days;
        let mut until = days_after(calendar.date(at), days);
        let mut decided = decided;
        if fate == Fate::Expired {
            decided = Some(calendar.start_of(days_after(until, 1)));
        } else if let (Fate::Accepted | Fate::Partial, Some(decided)) = (fate, decided) {
            // An answer that comes later was waited for.
            until = until.max(calendar.date(decided));
        }
        let decided = decided.filter(|decided| self.span.seen(*decided));
        let outcome = if decided.is_some() {
            fate
        } else {
            Fate::Unanswered
        };
        let amount = rounded(list as f64 * (1.0 - discount));
        let accepted = match outcome {
            Fate::Accepted => amount,
            Fate::Partial => self.deal.amount.min(amount),
            _ => 0,
        };
        let decided = decided
            .map(|decided| calendar.time(decided).to_string())
            .unwrap_or_default();
        let row = self.row(
            version,
            at,
            until.to_string(),
            decided,
            outcome.code(),
            amount,
            list,
            accepted,
            discount,
        );
        rows.push(row);
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row")]
    fn row(
        &self,
        version: usize,
        at: Stamp,
        until: String,
        decided: String,
        outcome: &str,
        amount: i64,
        list: i64,
        accepted: i64,
        discount: f64,
    ) -> Vec<String> {
        // The margin that a list price holds differs by product.
        let margin = 0.3 + (self.deal.product % 5) as f64 * 0.03;
        let margin = 1.0 - (1.0 - margin) / (1.0 - discount);
        vec![
            format!("{}-V{version}", self.number),
            self.number.to_string(),
            version.to_string(),
            self.deal.id.clone(),
            self.account.to_string(),
            self.span.days.time(at).to_string(),
            until,
            decided,
            outcome.to_string(),
            yuan(amount),
            yuan(list),
            if accepted > 0 {
                yuan(accepted)
            } else {
                String::new()
            },
            format!("{margin:.4}"),
        ]
    }
}
