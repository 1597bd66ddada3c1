//! `POST /api/batch`: all numbers of a page in one request.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use millrace_lake::query::{DrillRequest, DrillResult};
use millrace_models::query::Query;
use millrace_operations::Caller;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, Problem};
use crate::extract::{Body, Signed};
use crate::schema;
use crate::state::AppState;
use crate::targets::{self, Marked};

/// Queries of one request.
const MOST_QUERIES: usize = 64;
/// Queries answered at a time; more only wait for the same cores.
const AT_A_TIME: usize = 4;

/// What a page asks for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// At most 64, each with an id of its own.
    queries: Vec<BatchItem>,
}

/// A query or a drill-down, with the name that its answer will have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchItem {
    /// The name of the answer.
    #[schema(example = "tiles")]
    id: String,
    /// Numbers,
    #[schema(value_type = Option<schema::Query>)]
    query: Option<Query>,
    /// or records.
    #[schema(value_type = Option<schema::DrillRequest>)]
    drill: Option<DrillRequest>,
}

/// The answers, in the order of the questions.
#[derive(Serialize, ToSchema)]
pub(crate) struct BatchResponse {
    results: Vec<BatchResult>,
}

/// One answer: a `result` or a `problem`.
#[derive(Serialize, ToSchema)]
pub(crate) struct BatchResult {
    /// The name given with the question.
    id: String,
    /// The numbers or the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Answer>)]
    result: Option<Answer>,
    /// What went wrong with this one; the others are answered all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Numbers(Box<Marked>),
    Records(Box<DrillResult>),
}

/// All numbers of a page, from one published set
#[utoipa::path(
    post,
    path = "/api/batch",
    tag = "numbers",
    request_body = BatchRequest,
    responses((status = 200, description = "The answers, in order", body = BatchResponse))
)]
pub(crate) async fn batch(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Body(request): Body<BatchRequest>,
) -> Result<Json<BatchResponse>, ApiError> {
    let questions = questions(request)?;
    let now = state.now();
    let mut set = state.lake().latest_set().await?.map(|set| set.id);
    loop {
        let results = answers(&state, &caller, &questions, now).await;
        let newest = state.lake().latest_set().await?.map(|set| set.id);
        if set == newest {
            return Ok(Json(BatchResponse { results }));
        }
        // A run published meanwhile: some answers are from before and some from after.
        set = newest;
    }
}

async fn answers(
    state: &AppState,
    caller: &Caller,
    questions: &[(String, Question)],
    now: DateTime<Utc>,
) -> Vec<BatchResult> {
    let pending: Vec<_> = questions
        .iter()
        .map(|(id, question)| answer(state, caller, id, question, now))
        .collect();
    futures::stream::iter(pending)
        .buffered(AT_A_TIME)
        .collect()
        .await
}

async fn answer(
    state: &AppState,
    caller: &Caller,
    id: &str,
    question: &Question,
    now: DateTime<Utc>,
) -> BatchResult {
    let answer = match question {
        Question::Numbers(query) => targets::numbers(state, caller, query, now)
            .await
            .map(|numbers| Answer::Numbers(Box::new(numbers))),
        Question::Records(drill) => state
            .engine()
            .drill(&caller.access(), drill, now)
            .await
            .map(|records| Answer::Records(Box::new(records)))
            .map_err(ApiError::from),
    };
    let (result, problem) = match answer {
        Ok(answer) => (Some(answer), None),
        Err(error) => (None, Some(error.into_problem())),
    };
    BatchResult {
        id: id.to_owned(),
        result,
        problem,
    }
}

enum Question {
    Numbers(Query),
    Records(DrillRequest),
}

impl Question {
    fn query(&self) -> &Query {
        match self {
            Self::Numbers(query) => query,
            Self::Records(drill) => &drill.query,
        }
    }
}

fn questions(request: BatchRequest) -> Result<Vec<(String, Question)>, ApiError> {
    let count = request.queries.len();
    if count > MOST_QUERIES {
        return Err(ApiError::BadRequest(format!(
            "the request has {count} queries; send at most {MOST_QUERIES} at a time"
        )));
    }
    let mut ids = BTreeSet::new();
    request
        .queries
        .into_iter()
        .map(|item| {
            if !ids.insert(item.id.clone()) {
                return Err(ApiError::BadRequest(format!(
                    "two queries have the id {:?}; give each its own",
                    item.id
                )));
            }
            let question = match (item.query, item.drill) {
                (Some(query), None) => Question::Numbers(query),
                (None, Some(drill)) => Question::Records(drill),
                _ => {
                    return Err(ApiError::BadRequest(format!(
                        "query {:?} must have either \"query\" or \"drill\"",
                        item.id
                    )));
                }
            };
            if question.query().metrics.is_empty() {
                return Err(ApiError::BadRequest(format!(
                    "query {:?} names no metric",
                    item.id
                )));
            }
            Ok((item.id, question))
        })
        .collect()
}
