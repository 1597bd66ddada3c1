//! What operations refuse, as problems: each with a code of its own and typed members.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use millrace_operations::{ErrorKind, FieldError, OperationsError};

use super::Problem;

pub(super) fn status(error: &OperationsError) -> StatusCode {
    match error.kind() {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Limited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What the caller is told in words.
pub(super) fn detail(error: &OperationsError) -> String {
    match error {
        // The name of the constraint is ours to know.
        OperationsError::Constraint { .. } => "the values do not fit each other".to_owned(),
        error if error.is_public() => error.to_string(),
        _ => "the server could not do this; its log says why".to_owned(),
    }
}

pub(super) fn code_and_title(error: &OperationsError) -> (&'static str, &'static str) {
    match error {
        OperationsError::Invalid { .. } => ("invalid", "Some values are wrong"),
        OperationsError::Cursor => ("cursor", "The cursor does not fit the list"),
        OperationsError::WeakPassword { .. } => ("weak-password", "The password is too weak"),
        OperationsError::KeyReused => ("idempotency-key", "The key was used for another request"),
        OperationsError::Unauthenticated => ("unauthenticated", "Nobody is signed in"),
        OperationsError::Credentials => ("credentials", "The name or the password is wrong"),
        OperationsError::Forbidden { .. } => ("forbidden", "The role does not allow it"),
        OperationsError::PasswordExpired => ("password-expired", "The password must be changed"),
        OperationsError::RoutedElsewhere { .. } => {
            ("routed-elsewhere", "The record is routed to another team")
        }
        OperationsError::NotFound { .. } => ("not-found", "There is no such record"),
        OperationsError::Taken { .. } => ("taken", "Another record has the value"),
        OperationsError::Constraint { .. } => ("constraint", "The values do not fit each other"),
        OperationsError::AlreadyClaimed { .. } => ("already-claimed", "Somebody was faster"),
        OperationsError::Unmet { .. } => ("unmet", "The stage asks for more"),
        OperationsError::State { .. } => ("state", "The record stands otherwise"),
        OperationsError::Refused { .. } => ("refused", "A rule forbids it"),
        OperationsError::PoolCapacity { .. } => ("pool-capacity", "No more accounts may be held"),
        OperationsError::Cooldown { .. } => ("cooldown", "It was given up a short while ago"),
        OperationsError::Stale { .. } => ("stale", "The record has changed since it was read"),
        OperationsError::LockedOut { .. } => ("locked-out", "There were too many attempts"),
        OperationsError::ClaimLimit { .. } => ("claim-limit", "The claims of the day are made"),
        OperationsError::Busy | OperationsError::Overloaded => ("busy", "The server is busy"),
        other => match other.kind() {
            ErrorKind::Invalid => ("invalid", "Some values are wrong"),
            ErrorKind::Unauthenticated => ("unauthenticated", "Nobody is signed in"),
            ErrorKind::Forbidden => ("forbidden", "It is not allowed"),
            ErrorKind::NotFound => ("not-found", "There is no such record"),
            ErrorKind::Conflict => ("conflict", "It contradicts what is there"),
            ErrorKind::Stale => ("stale", "The record has changed since it was read"),
            ErrorKind::Limited => ("limited", "It was too often"),
            ErrorKind::Unavailable => ("busy", "The server is busy"),
            ErrorKind::Internal => ("internal", "The server failed"),
        },
    }
}

pub(super) fn until(error: &OperationsError) -> Option<DateTime<Utc>> {
    match error {
        OperationsError::LockedOut { until }
        | OperationsError::ClaimLimit { until, .. }
        | OperationsError::Cooldown { until, .. } => Some(*until),
        _ => None,
    }
}

/// The problem with the members that its kind has.
pub(super) fn members(error: OperationsError, problem: Problem) -> Problem {
    let problem = Problem {
        until: until(&error),
        ..problem
    };
    let of = |entity: &str, id: i64| Problem {
        entity: Some(entity.to_owned()),
        id: Some(id),
        ..problem.clone()
    };
    match error {
        OperationsError::NotFound { entity, id }
        | OperationsError::RoutedElsewhere { entity, id }
        | OperationsError::Cooldown { entity, id, .. } => of(entity, id),
        OperationsError::Forbidden { entity, action } => Problem {
            entity: Some(entity.to_owned()),
            action: Some(action.to_owned()),
            ..problem
        },
        OperationsError::Stale {
            entity,
            id,
            current,
            ..
        } => Problem {
            current: Some(*current),
            ..of(entity, id)
        },
        OperationsError::Invalid { fields } => Problem {
            fields: Some(fields),
            ..problem
        },
        OperationsError::WeakPassword { .. } => Problem {
            fields: Some(vec![FieldError {
                field: "new".to_owned(),
                message: problem.detail.clone(),
            }]),
            ..problem
        },
        OperationsError::Taken { constraint } => Problem {
            constraint: Some(constraint),
            ..problem
        },
        OperationsError::AlreadyClaimed {
            entity,
            id,
            owner_id,
            owner,
        } => Problem {
            owner_id: Some(owner_id),
            owner: Some(owner),
            ..of(entity, id)
        },
        OperationsError::Unmet { id, missing } => Problem {
            missing: Some(missing),
            ..of("opportunity", id)
        },
        OperationsError::State {
            entity,
            id,
            state,
            needs,
        } => Problem {
            state: Some(state),
            needs: Some(needs.iter().map(|&state| state.to_owned()).collect()),
            ..of(entity, id)
        },
        OperationsError::Refused { entity, id, rule } => Problem {
            rule: Some(rule),
            ..of(entity, id)
        },
        OperationsError::ClaimLimit { limit, .. } => Problem {
            limit: Some(limit),
            ..problem
        },
        OperationsError::PoolCapacity {
            holder,
            capacity,
            held,
        } => Problem {
            limit: Some(capacity),
            held: Some(held),
            holder: Some(holder),
            ..problem
        },
        _ => problem,
    }
}
