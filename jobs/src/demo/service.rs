//! Interactions with accounts and their tickets.

use super::catalog::{CONTACTS, SEVERITIES, TICKET_KINDS};
use super::company::{Account, Rep, Segment, Span};
use super::days::Stamp;
use super::deals::Deal;
use super::random::{Dice, rounded};

/// The rows of the interactions, by time: those that move deals and those that keep an account.
pub(super) fn interactions(
    seed: u64,
    span: &Span,
    deals: &[Deal],
    accounts: &[Account],
    reps: &[Rep],
) -> Vec<Vec<String>> {
    let mut dice = Dice::new(seed, "interactions");
    let mut found: Vec<(Stamp, usize, bool)> = Vec::new();
    for deal in deals {
        for visit in &deal.visits {
            let length = (visit.to.min(span.close) - visit.from).max(0);
            let count = rounded(length as f64 / 450.0 / 4.5 * dice.between(0.3, 1.4)).clamp(0, 6);
            for _ in 0..count {
                let at = visit.from + rounded(length as f64 * dice.unit());
                found.push((at, deal.account, dice.chance(0.78)));
            }
        }
    }
    for (index, account) in accounts.iter().enumerate() {
        let usual = match account.segment {
            Segment::Project => 75.0,
            Segment::Repeat => 46.0,
            Segment::Distributor => 32.0,
        };
        let mut at = span
            .days
            .later(account.created.max(span.open), usual * dice.unit());
        while span.seen(at) {
            let quiet = if account.sinking(at) { 2.4 } else { 1.0 };
            found.push((
                at,
                index,
                dice.chance(if quiet > 1.0 { 0.45 } else { 0.72 }),
            ));
            at = span.days.later(at, usual * quiet * dice.factor(0.4));
        }
    }
    found.retain(|(at, ..)| (span.open..span.close).contains(at));
    found.sort_unstable();
    found
        .into_iter()
        .map(|(at, index, two_way)| {
            let account = &accounts[index];
            vec![
                account.id.clone(),
                span.days.time(at).to_string(),
                (dice.choose(&CONTACTS)).to_string(),
                reps[account.owner(at)].id.clone(),
                two_way.to_string(),
            ]
        })
        .collect()
}

/// The rows of the tickets, by opening. Their clock is that of working hours.
pub(super) fn tickets(seed: u64, span: &Span, accounts: &[Account]) -> Vec<Vec<String>> {
    let mut dice = Dice::new(seed, "tickets");
    let mut found: Vec<(Stamp, usize)> = Vec::new();
    for (index, account) in accounts.iter().enumerate() {
        let usual = 270.0 / account.weight.clamp(0.5, 3.0);
        let mut at = span
            .days
            .later(account.created.max(span.open), usual * dice.unit() * 1.5);
        while span.seen(at) {
            found.push((at, index));
            let trouble = account
                .sinks
                .is_some_and(|from| (at - from).abs() < 90 * 450);
            at = span.days.later(
                at,
                usual * dice.factor(0.8) / if trouble { 2.5 } else { 1.0 },
            );
        }
    }
    found.sort_unstable();
    let mut rows = Vec::new();
    for (number, (at, index)) in found.into_iter().enumerate() {
        let account = &accounts[index];
        let trouble = account.sinks.is_some_and(|from| at > from - 60 * 450);
        let kind = if trouble && dice.chance(0.3) {
            "质量投诉"
        } else {
            dice.choose(&TICKET_KINDS)
        };
        let (severity, hours) = dice.choose(&SEVERITIES);
        let allowed = hours * 60;
        let response = at + rounded((allowed as f64 * 0.12 * dice.factor(0.7)).max(4.0));
        let effort = if trouble { 0.72 } else { 0.54 };
        let solved = at + rounded(allowed as f64 * effort * dice.factor(0.62));
        let solved = solved.max(response + 5);
        let time = |stamp: Stamp| span.days.time(stamp).to_string();
        let when = |stamp: Stamp| {
            if span.seen(stamp) {
                time(stamp)
            } else {
                String::new()
            }
        };
        let late = solved > at + allowed;
        let liked = if late || trouble {
            [0.1, 0.2, 0.35, 0.25, 0.1]
        } else {
            [0.01, 0.03, 0.12, 0.38, 0.46]
        };
        let rated = dice.chance(0.62) && span.seen(solved);
        let stars = dice.weighted(&liked) + 1;
        rows.push(vec![
            format!("GD{}-{:05}", span.days.date(at).format("%y%m"), number + 1),
            account.id.clone(),
            kind.into(),
            severity.into(),
            time(at),
            when(response),
            when(solved),
            time(at + allowed),
            if rated {
                stars.to_string()
            } else {
                String::new()
            },
        ]);
    }
    rows
}
