//! Tickets (工单): taken or assigned, answered, paused, resolved, closed with how satisfied the asker
//! was.
//!
//! Until when a ticket is due goes by its severity, in working hours (工作小时) after it was opened; the
//! hours are the setting `tickets`. The clock stands while it is paused, and while it rests as resolved
//! before it is reopened: the due time moves by the working time of that. So it was answered in time
//! exactly when its working hours without pauses are within those of its severity.
//!
//! Who answers it works on it, and who may assign it. Who asked may close, cancel and reopen it. How
//! satisfied the asker was is not for the one who answered to say.

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::scope::{Action, Rights};
use sea_orm::{ConnectionTrait, Set};
use serde::{Deserialize, Serialize};

use super::settings::{self, within};
use super::{assign, release};
use crate::caller::Caller;
use crate::entity::{role, ticket, user};
use crate::error::{OperationsError, Result, Rule};
use crate::row::{Row, integer};
use crate::unit::{Target, Unit};

/// How tickets stand that are not done.
const UNDER_WAY: &[&str] = &["open", "in_progress", "paused"];

/// Until when tickets are due: the setting `tickets`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TicketRules {
    /// The working hours that each severity has.
    pub due_working_hours: DueHours,
}

/// Working hours by severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DueHours {
    /// Of a low one.
    pub low: i64,
    /// Of a normal one.
    pub normal: i64,
    /// Of a high one.
    pub high: i64,
    /// Of an urgent one.
    pub urgent: i64,
}

impl Default for DueHours {
    fn default() -> Self {
        Self {
            low: 40,
            normal: 24,
            high: 8,
            urgent: 4,
        }
    }
}

impl TicketRules {
    async fn load<C: ConnectionTrait>(connection: &C) -> Result<Self> {
        settings::load(connection, settings::TICKETS).await
    }

    pub(super) fn check(&self) -> Result<()> {
        let hours = &self.due_working_hours;
        for (severity, hours) in [
            ("due_working_hours.low", hours.low),
            ("due_working_hours.normal", hours.normal),
            ("due_working_hours.high", hours.high),
            ("due_working_hours.urgent", hours.urgent),
        ] {
            within(severity, hours, 1, 2_000)?;
        }
        Ok(())
    }

    fn hours(&self, severity: &str) -> TimeDelta {
        let hours = &self.due_working_hours;
        TimeDelta::hours(match severity {
            "low" => hours.low,
            "high" => hours.high,
            "urgent" => hours.urgent,
            _ => hours.normal,
        })
    }
}

/// Until when a ticket of that severity is due that is opened now.
pub(crate) async fn due_at(unit: &Unit, severity: Option<&str>) -> Result<DateTime<Utc>> {
    let rules = TicketRules::load(unit).await?;
    let hours = rules.hours(severity.unwrap_or("normal"));
    Ok(unit.calendar().after_working_time(unit.now(), hours))
}

/// The severity of a ticket was changed: it is due at another time.
pub(crate) async fn severity_changed(unit: &Unit, row: &Row) -> Result<()> {
    let id = integer(row, "id").unwrap_or_default();
    let read: ticket::Model = unit.get(id).await?;
    if !UNDER_WAY.contains(&read.status.as_str()) {
        return Ok(());
    }
    let rules = TicketRules::load(unit).await?;
    let rested = TimeDelta::seconds(read.paused_working_seconds);
    let hours = rules.hours(&read.severity) + rested;
    let due_at = unit.calendar().after_working_time(read.opened_at, hours);
    let change = ticket::ActiveModel {
        due_at: Set(Some(due_at)),
        ..Default::default()
    };
    unit.update(&read, change).await?;
    Ok(())
}

/// Makes the caller the one who answers a ticket that nobody answers.
///
/// # Errors
///
/// [`OperationsError::AlreadyClaimed`] when somebody does; when it is done.
pub async fn take(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    stands(&read, UNDER_WAY)?;
    match read.owner_id {
        Some(owner) if owner == caller.user_id => Ok(read),
        Some(owner_id) => {
            let owner: user::Model = unit.get(owner_id).await?;
            Err(OperationsError::AlreadyClaimed {
                entity: ticket::RESOURCE.name,
                id: read.id,
                owner_id,
                owner: owner.name,
            })
        }
        None => give(unit, &read, caller.user_id, caller.team_id).await,
    }
}

/// Gives a ticket to somebody who may answer tickets: who answers it passes it on to anybody at work,
/// others assign it in their teams.
///
/// # Errors
///
/// When the caller may not, or there is no such person; when it is done.
pub async fn assign(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    user_id: i64,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    stands(&read, UNDER_WAY)?;
    let person = if read.owner_id == Some(caller.user_id) {
        assign::at_work(unit, user_id).await?
    } else {
        unit.check(caller, &ticket::RESOURCE, Action::Assign, read.id)
            .await?;
        assign::person(unit, caller, &ticket::RESOURCE, user_id).await?
    };
    let role: role::Model = unit.get(person.role_id).await?;
    let rights: Rights = serde_json::from_value(role.rights).unwrap_or_default();
    if rights
        .scope(ticket::RESOURCE.name, Action::Update)
        .is_none()
    {
        let fault = format!("{} may not answer tickets", person.name);
        return Err(OperationsError::field("user_id", fault));
    }
    if read.owner_id == Some(person.id) {
        return Ok(read);
    }
    give(unit, &read, person.id, person.team_id).await
}

/// Enters the first answer to who asked.
///
/// # Errors
///
/// When the caller does not answer it, it was answered before, or is done.
pub async fn respond(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    response: String,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    theirs(unit, caller, &read).await?;
    stands(&read, UNDER_WAY)?;
    if read.first_response_at.is_some() {
        return Err(state(&read, "answered", UNDER_WAY));
    }
    said("response", &response)?;
    let change = ticket::ActiveModel {
        first_response_at: Set(Some(unit.now())),
        response: Set(Some(response)),
        ..Default::default()
    };
    unit.update_given(&read, change).await
}

/// Stops the clock of a ticket, as while the customer is waited for.
///
/// # Errors
///
/// When the caller does not answer it, there is no reason, or it is paused or done.
pub async fn pause(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    reason: &str,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    theirs(unit, caller, &read).await?;
    stands(&read, &["open", "in_progress"])?;
    release::given(reason)?;
    let change = ticket::ActiveModel {
        status: Set("paused".to_owned()),
        status_reason: Set(Some(reason.trim().to_owned())),
        paused_at: Set(Some(unit.now())),
        ..Default::default()
    };
    unit.update_given(&read, change).await
}

/// Lets the clock of a paused ticket run again.
///
/// # Errors
///
/// When the caller does not answer it, or it is not paused.
pub async fn resume(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    theirs(unit, caller, &read).await?;
    stands(&read, &["paused"])?;
    let change = ticket::ActiveModel {
        status: Set("in_progress".to_owned()),
        status_reason: Set(None),
        ..rested(unit, &read, read.paused_at)
    };
    unit.update(&read, change).await
}

/// Says what resolved a ticket. That is an answer too.
///
/// # Errors
///
/// When the caller does not answer it, nothing is said, or it is done.
pub async fn resolve(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    resolution: String,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    theirs(unit, caller, &read).await?;
    stands(&read, UNDER_WAY)?;
    said("resolution", &resolution)?;
    let change = ticket::ActiveModel {
        status: Set("resolved".to_owned()),
        status_reason: Set(None),
        resolution: Set(Some(resolution)),
        resolved_at: Set(Some(unit.now())),
        first_response_at: Set(read.first_response_at.or(Some(unit.now()))),
        ..rested(unit, &read, read.paused_at)
    };
    unit.update_given(&read, change).await
}

/// Closes a resolved ticket, with how satisfied the asker was, from 1 to 5.
///
/// # Errors
///
/// When the caller neither asked nor answers it, or it is not resolved; [`Rule::OwnWork`].
pub async fn close(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    satisfaction: Option<i64>,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    concerned(unit, caller, &read).await?;
    stands(&read, &["resolved"])?;
    if satisfaction.is_some() && read.owner_id == Some(caller.user_id) {
        return Err(refused(&read, Rule::OwnWork));
    }
    let change = ticket::ActiveModel {
        status: Set("closed".to_owned()),
        closed_at: Set(Some(unit.now())),
        satisfaction: Set(satisfaction),
        ..Default::default()
    };
    unit.update_given(&read, change).await
}

/// Gives a ticket up that needs no answer any more.
///
/// # Errors
///
/// When the caller neither asked nor answers it, there is no reason, or it is done.
pub async fn cancel(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    reason: &str,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    concerned(unit, caller, &read).await?;
    stands(&read, UNDER_WAY)?;
    release::given(reason)?;
    let change = ticket::ActiveModel {
        status: Set("cancelled".to_owned()),
        status_reason: Set(Some(reason.trim().to_owned())),
        closed_at: Set(Some(unit.now())),
        ..rested(unit, &read, read.paused_at)
    };
    unit.update_given(&read, change).await
}

/// Takes a ticket up again that was not resolved after all.
///
/// # Errors
///
/// When the caller neither asked nor answers it, there is no reason, or it was not resolved.
pub async fn reopen(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    reason: &str,
) -> Result<ticket::Model> {
    let read: ticket::Model = unit.take(caller, Action::Update, target.into()).await?;
    concerned(unit, caller, &read).await?;
    stands(&read, &["resolved", "closed"])?;
    release::given(reason)?;
    let status = if read.owner_id.is_some() {
        "in_progress"
    } else {
        "open"
    };
    let change = ticket::ActiveModel {
        status: Set(status.to_owned()),
        status_reason: Set(Some(reason.trim().to_owned())),
        resolved_at: Set(None),
        closed_at: Set(None),
        satisfaction: Set(None),
        ..rested(unit, &read, read.resolved_at)
    };
    unit.update_given(&read, change).await
}

async fn give(
    unit: &Unit,
    read: &ticket::Model,
    owner_id: i64,
    team_id: Option<i64>,
) -> Result<ticket::Model> {
    let mut change = ticket::ActiveModel {
        owner_id: Set(Some(owner_id)),
        team_id: Set(team_id),
        ..Default::default()
    };
    if read.status == "open" {
        change.status = Set("in_progress".to_owned());
    }
    unit.update(read, change).await
}

/// What changes when a rest that began then ends now.
fn rested(unit: &Unit, read: &ticket::Model, since: Option<DateTime<Utc>>) -> ticket::ActiveModel {
    let Some(since) = since else {
        return ticket::ActiveModel::default();
    };
    let calendar = unit.calendar();
    let rest = calendar.working_time(since, unit.now());
    let due_at = read
        .due_at
        .map(|due_at| calendar.after_working_time(due_at, rest));
    ticket::ActiveModel {
        paused_at: Set(None),
        paused_working_seconds: Set(read.paused_working_seconds + rest.num_seconds()),
        due_at: Set(due_at),
        ..Default::default()
    }
}

/// That the caller answers the ticket, or may assign it.
async fn theirs(unit: &Unit, caller: &Caller, read: &ticket::Model) -> Result<()> {
    let resource = &ticket::RESOURCE;
    let leads = match caller.condition(resource, Action::Assign) {
        Ok(condition) => unit.exists(resource, read.id, condition).await?,
        Err(_) => false,
    };
    if leads || read.owner_id == Some(caller.user_id) {
        return Ok(());
    }
    Err(refused(read, Rule::NotYours))
}

/// That the caller asked, answers the ticket, or may assign it.
async fn concerned(unit: &Unit, caller: &Caller, read: &ticket::Model) -> Result<()> {
    if read.requester_id == Some(caller.user_id) {
        return Ok(());
    }
    theirs(unit, caller, read).await
}

fn said(field: &'static str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(OperationsError::field(field, "must not be empty"));
    }
    Ok(())
}

fn stands(read: &ticket::Model, needs: &'static [&'static str]) -> Result<()> {
    if needs.contains(&read.status.as_str()) {
        return Ok(());
    }
    Err(state(read, &read.status, needs))
}

fn state(read: &ticket::Model, state: &str, needs: &'static [&'static str]) -> OperationsError {
    OperationsError::State {
        entity: ticket::RESOURCE.name,
        id: read.id,
        state: state.to_owned(),
        needs,
    }
}

fn refused(read: &ticket::Model, rule: Rule) -> OperationsError {
    OperationsError::Refused {
        entity: ticket::RESOURCE.name,
        id: read.id,
        rule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_that_is_not_set_keeps_its_hours() {
        let rules: TicketRules =
            serde_json::from_str(r#"{"due_working_hours": {"urgent": 2}}"#).unwrap();
        assert_eq!(rules.hours("urgent"), TimeDelta::hours(2));
        assert_eq!(rules.hours("low"), TimeDelta::hours(40));
        rules.check().unwrap();
    }
}
