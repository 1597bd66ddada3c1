//! Deals as a system shows them on the last day: opportunities and their stage changes.

use super::catalog::PRODUCTS;
use super::company::{Account, Rep, Span};
use super::days::{MINUTES, Stamp};
use super::deals::{DELIVERED, DELIVERY, Deal, End, STAGES};
use super::files::yuan;
use super::random::{Dice, rounded};

/// The rows of the opportunities and of their stage changes.
pub(super) fn rows(
    seed: u64,
    span: &Span,
    deals: &[Deal],
    accounts: &[Account],
    reps: &[Rep],
) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let mut dice = Dice::new(seed, "entry");
    let mut delivery = Dice::new(seed, "delivery");
    let mut opportunities = Vec::new();
    let mut changes = Vec::new();
    for deal in deals {
        let account = &accounts[deal.account];
        let outcome = deal.outcome(span);
        let won = outcome == End::Won;
        let closed = if outcome == End::Stuck {
            None
        } else {
            Some(deal.ended)
        };
        let mut moves: Vec<(&str, Stamp)> = deal
            .visits
            .iter()
            .filter(|visit| span.seen(visit.from))
            .map(|visit| (STAGES[visit.stage], visit.from))
            .collect();
        // A deal that never ends stays in its last stage; the others leave it when they end.
        if let Some(closed) = closed {
            moves.push((if won { DELIVERY } else { outcome.code() }, closed));
        }
        // goods made and sent, and the last instalment paid
        let completed = deal.ended + rounded(46.0 * delivery.factor(0.4)) * MINUTES;
        let delivered = won && span.seen(completed);
        if delivered {
            moves.push((DELIVERED, completed));
        }
        let mut opening_recorded = deal.opened;
        for (place, (stage, at)) in moves.iter().enumerate() {
            let rep = &reps[account.owner(*at)];
            let recorded = recorded(&mut dice, span, deal, rep.late, *at);
            if place == 0 {
                opening_recorded = recorded;
            }
            changes.push((
                *at,
                vec![
                    deal.id.clone(),
                    (*stage).to_string(),
                    span.days.time(*at).to_string(),
                    rep.id.clone(),
                    span.days.time(recorded).to_string(),
                ],
            ));
        }
        let stage = deal.visits.iter().rev().find(|visit| span.seen(visit.from));
        let stage = stage.map_or(STAGES[0], |visit| STAGES[visit.stage]);
        // Nobody knows the amount of a bare lead.
        let estimated = stage != STAGES[0] || dice.chance(0.4);
        let time = |stamp: Stamp| span.days.time(stamp).to_string();
        let loss = if outcome == End::Lost {
            deal.loss
        } else {
            None
        };
        opportunities.push(vec![
            deal.id.clone(),
            account.id.clone(),
            reps[account.owner(closed.unwrap_or(span.close))].id.clone(),
            PRODUCTS[deal.product].0.into(),
            time(deal.opened),
            if won { time(deal.ended) } else { String::new() },
            closed.map(time).unwrap_or_default(),
            time(opening_recorded),
            match (won, delivered) {
                (true, true) => DELIVERED,
                (true, false) => DELIVERY,
                _ => stage,
            }
            .to_string(),
            outcome.code().to_string(),
            if estimated {
                yuan(deal.amount)
            } else {
                String::new()
            },
            if outcome == End::Lost && estimated {
                yuan(deal.amount)
            } else {
                String::new()
            },
            loss.and_then(|loss| loss.1).unwrap_or_default().into(),
            loss.map(|loss| loss.0).unwrap_or_default().into(),
            deal.source.into(),
            span.days.date(deal.opened + deal.expected).to_string(),
        ]);
    }
    changes.sort_by_key(|change| change.0);
    (
        opportunities,
        changes.into_iter().map(|change| change.1).collect(),
    )
}

/// When a move was entered: mostly within the hour, sometimes days later, never after the end.
fn recorded(dice: &mut Dice, span: &Span, deal: &Deal, late: f64, at: Stamp) -> Stamp {
    let prompt = at + dice.whole(0, 45);
    let entered = if deal.entered_at_end && span.seen(deal.ended) {
        deal.ended.max(at) + dice.whole(5, 20)
    } else if dice.chance(late) {
        at + dice.whole(3 * MINUTES, 11 * MINUTES)
    } else {
        prompt
    };
    [entered, prompt]
        .into_iter()
        .find(|stamp| span.seen(*stamp))
        .unwrap_or(at)
}
