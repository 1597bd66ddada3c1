//! `millrace subscription`: what people subscribed to, and what became of each copy.

use std::sync::Arc;

use millrace_models::clock::Clock;
use millrace_operations::entity::dispatch;
use millrace_operations::service::month_close::people;
use millrace_operations::service::{dispatch as outbox, subscription};
use millrace_operations::{Actor, Store, Unit};
use serde_json::{Value, json};

use crate::arguments::{SubscriptionArguments, SubscriptionCommand};
use crate::commands::init;
use crate::commands::schedule::rows;
use crate::commands::serve::{by_itself, state};
use crate::failure::Failure;
use crate::output::value;
use crate::settings::Context;

/// Lists, or plans copies now.
///
/// # Errors
///
/// When there is no such subscription, or the database cannot be read or written.
pub(crate) async fn run(
    context: &Context,
    options: SubscriptionArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    match options.about {
        SubscriptionCommand::List => {
            let store = context.store(Arc::new(clock)).await?;
            list(context, &store).await?;
            store.close().await?;
        }
        SubscriptionCommand::Send { id, wait } => {
            let made = init::create(context, Arc::new(clock)).await?;
            let actor = Actor::system("millrace subscription");
            let work = async |unit: Unit| {
                subscription::send_now(&unit, None, id, subscription::To::All).await
            };
            let copies = made.store.write(&actor, work).await?;
            let at = copies.first().map(|copy| copy.planned_at);
            if wait {
                let (_, outbox) = by_itself(context, &made, &state(context, &made, None));
                Box::pin(outbox.round()).await?;
            }
            let copies = match at {
                Some(at) => outbox::receipts(&made.store, id, Some(at)).await?,
                None => Vec::new(),
            };
            receipts(context, &made.store, &copies).await?;
            made.store.close().await?;
            let came = |copy: &dispatch::Model| copy.state == "sent";
            if wait && !copies.iter().all(came) {
                return Err(anyhow::anyhow!("not all copies came").into());
            }
        }
    }
    Ok(())
}

async fn receipts(
    context: &Context,
    store: &Store,
    copies: &[dispatch::Model],
) -> Result<(), Failure> {
    const COLUMNS: [&str; 8] = [
        "id",
        "recipient",
        "channel",
        "address",
        "state",
        "sent_at",
        "reason",
        "message_id",
    ];
    let people = people(store.reader()).await?;
    let shown = |copy: &dispatch::Model| {
        json!({
            "id": copy.id,
            "recipient": people.get(&copy.recipient_id),
            "channel": copy.channel,
            "address": copy.address,
            "state": copy.state,
            "sent_at": copy.sent_at.map(|at| value::time(at, context.company.zone)),
            "reason": copy.reason,
            "message_id": copy.message_id,
        })
    };
    rows(
        context,
        &COLUMNS,
        &copies.iter().map(shown).collect::<Vec<_>>(),
    )
}

async fn list(context: &Context, store: &Store) -> Result<(), Failure> {
    const COLUMNS: [&str; 11] = [
        "id",
        "name",
        "owner",
        "kind",
        "rule",
        "channel",
        "recipients",
        "enabled",
        "next",
        "last",
        "last_states",
    ];
    let people = people(store.reader()).await?;
    let time = |at| value::time(at, context.company.zone);
    let mut shown: Vec<Value> = Vec::new();
    for own in subscription::all(store).await? {
        let next = subscription::next_of(store, &own, 1)?;
        let last = outbox::receipts(store, own.id, None).await?;
        let at = last.first().map(|copy| copy.planned_at);
        let states = last.iter().filter(|copy| Some(copy.planned_at) == at);
        let mut states: Vec<&str> = states.map(|copy| copy.state.as_str()).collect();
        states.sort_unstable();
        states.dedup();
        shown.push(json!({
            "id": own.id,
            "name": own.name,
            "owner": people.get(&own.owner_id),
            "kind": own.kind,
            "rule": own.rule,
            "channel": own.channel,
            "recipients": own.recipients.as_array().map_or(0, Vec::len),
            "enabled": own.enabled,
            "next": next.first().map(|at| time(*at)),
            "last": at.map(time),
            "last_states": states.join(", "),
        }));
    }
    rows(context, &COLUMNS, &shown)
}
