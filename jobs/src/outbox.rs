//! The outbox: copies of subscriptions, each rendered by its recipient's own rights and handed over to
//! the mail server or to the address of a webhook.
//!
//! One process at a time sends, under a lease. Before a copy leaves it is marked so, and after it what
//! came of it; what was being sent when its sender ended is not known to have come, and is not sent
//! again by itself. So nobody gets a copy twice, and no receipt says more than is known.

mod letter;
mod signature;
mod smtp;
mod webhook;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use millrace_models::config::DeliverySettings;
use millrace_models::subscription::{Standing, Subject};
use millrace_operations::entity::{dispatch, subscription, user};
use millrace_operations::lease::{Lease, holder};
use millrace_operations::service::dispatch::{
    self as outbox, Outcome, Written, due, has_sending, left_behind, next_attempt,
};
use millrace_operations::service::subscription::{next_due, plan, standing};
use millrace_operations::{Actor, Caller, OperationsError, Store, Unit};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use crate::lease::{Slot, Under, under_lease_of};
use crate::mail::Content;
use crate::numbers::Language;
use crate::schedules::{Scheduler, Slots, Trouble, is_overtaken, rest};
pub use signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use smtp::Server;

/// What the lease of who sends is called.
const LEASE: &str = "dispatches";

/// A copy that is to be written.
#[derive(Debug)]
pub struct Order<'a> {
    /// Of which subscription.
    pub subscription: &'a subscription::Model,
    /// Its content.
    pub subject: &'a Subject,
    /// Which moment it is for, and for whom.
    pub copy: &'a dispatch::Model,
    /// By whose rights: the recipient's, of a webhook its owner's.
    pub caller: &'a Caller,
    /// In which language.
    pub language: Language,
    /// The present moment.
    pub now: DateTime<Utc>,
}

/// A copy that was written.
#[derive(Debug)]
pub enum Rendered {
    /// What it says.
    Message(Box<Message>),
    /// There is nothing to tell, and why.
    Quiet(String),
}

/// What a copy says.
#[derive(Debug)]
pub struct Message {
    /// As a mail.
    pub content: Content,
    /// As data, for a webhook.
    pub data: Value,
    /// The number that a threshold is about; none where there is none, or it is about something else.
    pub value: Option<f64>,
}

/// Why a copy was not written.
#[derive(Debug)]
pub enum RenderError {
    /// Its recipient may not see it, or it asks for what is not there: it would fail again.
    Refused(String),
    /// It may be written later.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for RenderError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// What writes copies.
pub trait Renders: Send + Sync {
    /// Writes a copy within what its recipient may see.
    fn render<'a>(&'a self, order: &'a Order<'a>) -> BoxFuture<'a, Result<Rendered, RenderError>>;
}

/// Plans, writes and sends copies. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    settings: DeliverySettings,
    renders: Arc<dyn Renders>,
}

fn actor() -> Actor {
    Actor::system("outbox")
}

/// What is kept from one copy to the next within a round.
struct Round {
    lease: Lease,
    server: Server,
    sent: u64,
}

/// A copy that can leave.
struct Ready {
    subscription: subscription::Model,
    written: Written,
    /// As a mail; a webhook gets the data.
    mail: Option<letter::Letter>,
    data: Value,
    now: DateTime<Utc>,
}

/// Why a copy does not leave now.
enum Stop {
    /// It never will, and what its receipt says.
    Settled {
        state: &'static str,
        reason: String,
        standing: Option<Standing>,
    },
    /// It is tried again.
    Later(String),
    Broken(anyhow::Error),
}

impl Stop {
    fn withheld(reason: impl Into<String>) -> Self {
        Self::Settled {
            state: "withheld",
            reason: reason.into(),
            standing: None,
        }
    }

    fn quiet(reason: String, standing: Option<Standing>) -> Self {
        Self::Settled {
            state: "quiet",
            reason,
            standing,
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Where a copy goes.
fn address(
    copy: &dispatch::Model,
    own: &subscription::Model,
    person: Option<&user::Model>,
) -> Result<String, Stop> {
    if copy.channel == "webhook" {
        return Ok(own.url.clone().unwrap_or_default());
    }
    let email = person.and_then(|person| person.email.clone());
    email
        .filter(|email| !email.trim().is_empty())
        .ok_or_else(|| Stop::withheld("the recipient has no mail address"))
}

impl Outbox {
    /// With the records, how copies leave, and what writes them.
    pub fn new(store: Store, settings: DeliverySettings, renders: Arc<dyn Renders>) -> Self {
        Self {
            store,
            settings,
            renders,
        }
    }

    /// Plans the copies that have come due; gives how many.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn plan(&self) -> anyhow::Result<u64> {
        let now = self.store.now();
        if next_due(&self.store).await?.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let work = async |unit: Unit| plan(&unit).await;
        Ok(self.store.write(&actor(), work).await?)
    }

    /// Plans what has come due and sends what waits, each once; gives how many copies were taken over.
    /// Nothing while another process sends.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn round(&self) -> anyhow::Result<u64> {
        self.round_in(&Slot::default()).await
    }

    async fn round_in(&self, slot: &Slot) -> anyhow::Result<u64> {
        self.plan().await?;
        let waits = !due(&self.store).await?.is_empty() || has_sending(&self.store).await?;
        if !waits || holder(&self.store, LEASE).await?.is_some() {
            return Ok(0);
        }
        let work = async |under: Under| self.send_due(under.lease).await;
        match under_lease_of(&self.store, slot, LEASE, work).await {
            Ok(sent) => Ok(sent.unwrap_or_default()),
            Err(error) if is_overtaken(&error) => {
                tracing::warn!("another process took over the outbox");
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }

    async fn send_due(&self, lease: Lease) -> anyhow::Result<u64> {
        let left = self
            .store
            .write(&actor(), async |unit: Unit| {
                left_behind(&unit, &lease).await
            })
            .await?;
        if left > 0 {
            tracing::warn!(left, "copies were on their way when their sender ended");
        }
        let mut round = Round {
            server: Server::new(self.settings.mail.clone()),
            lease,
            sent: 0,
        };
        let mut seen = BTreeSet::new();
        loop {
            let mut copies = due(&self.store).await?;
            copies.retain(|copy| seen.insert(copy.id));
            if copies.is_empty() {
                break;
            }
            for copy in copies {
                Box::pin(self.send(&mut round, &copy)).await?;
            }
        }
        round.server.quit().await;
        Ok(round.sent)
    }

    /// A copy does not leave, and why.
    async fn keep(
        &self,
        round: &Round,
        copy: &dispatch::Model,
        state: &'static str,
        reason: &str,
        standing: Option<Standing>,
    ) -> anyhow::Result<()> {
        let lease = &round.lease;
        let work =
            async |unit: Unit| outbox::kept(&unit, lease, copy, state, reason, standing).await;
        Ok(self.store.write(&actor(), work).await?)
    }

    async fn fail(
        &self,
        round: &Round,
        copy: &dispatch::Model,
        reason: &str,
    ) -> anyhow::Result<()> {
        let lease = &round.lease;
        let work = async |unit: Unit| outbox::failed(&unit, lease, copy, reason).await;
        Ok(self.store.write(&actor(), work).await?)
    }

    async fn send(&self, round: &mut Round, copy: &dispatch::Model) -> anyhow::Result<()> {
        match self.prepare(round, copy).await {
            Ok(ready) => self.hand_over(round, copy, ready).await,
            Err(Stop::Settled {
                state,
                reason,
                standing,
            }) => self.keep(round, copy, state, &reason, standing).await,
            Err(Stop::Later(reason)) => self.fail(round, copy, &reason).await,
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    /// Whom a copy goes to, and its content by what they may see.
    async fn prepare(&self, round: &mut Round, copy: &dispatch::Model) -> Result<Ready, Stop> {
        let reader = self.store.reader();
        let own = subscription::Entity::find_by_id(copy.subscription_id)
            .one(reader)
            .await?;
        let Some(own) = own.filter(|own| own.deleted_at.is_none()) else {
            return Err(Stop::withheld("there is no such subscription any more"));
        };
        if !own.enabled && !copy.manual {
            return Err(Stop::withheld("the subscription rests"));
        }
        let caller = match self.store.caller(copy.recipient_id).await {
            Ok(caller) => caller,
            Err(OperationsError::Unauthenticated) => {
                let reason = "the recipient may not sign in, and so gets nothing";
                return Err(Stop::withheld(reason));
            }
            Err(error) => return Err(error.into()),
        };
        let person = user::Entity::find_by_id(copy.recipient_id)
            .one(reader)
            .await?;
        let address = address(copy, &own, person.as_ref())?;
        let is_mail = copy.channel == "mail";
        if is_mail {
            round.server.connect().await.map_err(Stop::Later)?;
        }
        let spoken = own
            .language
            .clone()
            .or_else(|| person.map(|person| person.language));
        let subject = Subject::parse(&own.kind, &own.content).map_err(Stop::withheld)?;
        let now = self.store.now();
        let order = Order {
            subscription: &own,
            subject: &subject,
            copy,
            caller: &caller,
            language: Language::of_code(spoken.as_deref().unwrap_or_default()),
            now,
        };
        let message = match self.renders.render(&order).await {
            Ok(Rendered::Message(message)) => message,
            Ok(Rendered::Quiet(reason)) => return Err(Stop::quiet(reason, None)),
            Err(RenderError::Refused(reason)) => return Err(Stop::withheld(reason)),
            Err(RenderError::Failed(error)) => return Err(Stop::Later(format!("{error:#}"))),
        };
        let standing = self.judged(&order, &message).await?;
        let from = self.settings.mail.as_ref().map_or("", |mail| &mail.from);
        let message_id = message_id(copy, from);
        let mail = if is_mail {
            let to = letter::Recipient {
                name: &caller.name,
                address: &address,
            };
            let built = letter::build(&message.content, from, to, &message_id, now);
            Some(built.map_err(Stop::withheld)?)
        } else {
            None
        };
        Ok(Ready {
            written: Written {
                address,
                subject: match subject {
                    // its title says the number, and the receipt is read by the owner, too
                    Subject::Threshold(_) => own.name.clone(),
                    _ => message.content.subject,
                },
                message_id,
                standing,
            },
            data: message.data,
            subscription: own,
            mail,
            now,
        })
    }

    /// What is remembered of the number of a threshold, if it is told: judged once, so that a copy that is
    /// tried again is told whatever was remembered of it.
    async fn judged(&self, order: &Order<'_>, message: &Message) -> Result<Option<Standing>, Stop> {
        let Subject::Threshold(threshold) = order.subject else {
            return Ok(None);
        };
        let copy = order.copy;
        if copy.rendered_at.is_some() || copy.manual {
            return Ok(None);
        }
        let reader = self.store.reader();
        let before = standing(reader, copy.subscription_id, copy.recipient_id).await?;
        let (tell, after) = threshold.judge(before, message.value, order.now);
        if tell {
            return Ok(Some(after));
        }
        let reason = quiet_reason(message.value, after);
        Err(Stop::quiet(reason.to_owned(), Some(after)))
    }

    async fn hand_over(
        &self,
        round: &mut Round,
        copy: &dispatch::Model,
        ready: Ready,
    ) -> anyhow::Result<()> {
        let lease = &round.lease;
        let work = async |unit: Unit| outbox::begin(&unit, lease, copy, &ready.written).await;
        let Some(begun) = self.store.write(&actor(), work).await? else {
            return Ok(());
        };
        let outcome = if let Some(mail) = &ready.mail {
            round.server.hand_over(mail).await
        } else {
            let secret = ready.subscription.secret.as_deref().unwrap_or_default();
            let call = webhook::Call {
                url: &ready.written.address,
                secret,
                id: begun.id,
                allow_private: self.settings.allow_private,
                now: ready.now,
            };
            webhook::call(&call, &body(&ready, &begun)).await
        };
        if let Outcome::Sent(_) = outcome {
            round.sent += 1;
        } else {
            tracing::warn!(copy = begun.id, ?outcome, "a copy did not come");
        }
        let work = async |unit: Unit| outbox::end(&unit, &begun, &outcome).await;
        if !self.store.write(&actor(), work).await? {
            tracing::warn!(
                copy = begun.id,
                "its receipt was written by another process"
            );
        }
        Ok(())
    }

    async fn rounds(&self, held: &Slots) {
        let mut written = self.store.written();
        let mut trouble = Trouble::default();
        loop {
            written.borrow_and_update();
            let done = Box::pin(self.round_in(&held.slot(LEASE))).await;
            trouble.note("subscriptions", done.err());
            let next = [
                next_due(&self.store).await.ok().flatten(),
                next_attempt(&self.store).await.ok().flatten(),
            ];
            rest(&self.store, &mut written, next.into_iter().flatten().min()).await;
        }
    }
}

/// Without the number: the receipt is read by the owner, too, who may see less than the recipient.
fn quiet_reason(value: Option<f64>, after: Standing) -> &'static str {
    match value {
        None => "there is no such number now",
        Some(_) if after.beyond => "it is beyond the limit, and that was told before",
        Some(_) => "it is within the limit",
    }
}

/// What a mail is known by: the same however often it is sent, so that mail programs that look show it
/// once.
fn message_id(copy: &dispatch::Model, from: &str) -> String {
    let domain = from
        .rsplit_once('@')
        .map_or("millrace.invalid", |(_, domain)| {
            domain.trim_end_matches('>')
        });
    format!(
        "<millrace.{}.{}.{}@{domain}>",
        copy.subscription_id,
        copy.planned_at.timestamp_micros(),
        copy.recipient_id
    )
}

/// The body that a webhook is called with.
fn body(ready: &Ready, copy: &dispatch::Model) -> String {
    let own = &ready.subscription;
    json!({
        "id": copy.id,
        "subscription": {"id": own.id, "name": own.name, "kind": own.kind},
        "planned_at": copy.planned_at,
        "sent_at": ready.now,
        "data": ready.data,
    })
    .to_string()
}

/// Does what is due by itself and sends what people subscribed to, until `stop` is done. What is under
/// way then is dropped, as by a kill, and done by whoever comes next.
pub async fn keep_schedules(
    scheduler: &Scheduler,
    outbox: &Outbox,
    stop: impl Future<Output = ()>,
) {
    let held = Slots::default();
    tokio::select! {
        () = stop => {}
        () = scheduler.rounds(&held) => {}
        () = outbox.rounds(&held) => {}
    }
    held.give_up(&outbox.store).await;
}
