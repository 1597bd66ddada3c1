//! The one shape of all errors.

use chrono::{DateTime, Utc};
use millrace_operations::service::criteria::Missing;
use millrace_operations::{FieldError, Rule};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::Row;
use crate::schema;

/// A failed request, as its caller sees it. Members that say nothing are left out.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is, a stable name for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:millrace:problem:invalid")]
    pub kind: String,
    /// The kind of problem in words.
    #[schema(example = "Some values are wrong")]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 422)]
    pub status: u16,
    /// What was wrong with which value.
    #[schema(example = "name: is required")]
    pub detail: String,
    /// The nearest right values, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub suggestions: Vec<String>,
    /// The resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// The id of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// The action that is not allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The fields that do not hold what they should, each with what would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<schema::FieldFault>>)]
    pub fields: Option<Vec<FieldError>>,
    /// The constraint that another record has the value of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// What the pipeline asks for before the deal moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<schema::Missing>>)]
    pub missing: Option<Vec<Missing>>,
    /// The rule of the firm that forbids it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub rule: Option<Rule>,
    /// How the record stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How it would have to stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<String>>,
    /// The record as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub current: Option<Row>,
    /// What was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub submitted: Option<Row>,
    /// Who has the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<i64>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it can be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// How many there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<i64>,
    /// Who holds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
}
