//! Answers with a record: as the caller may see it, with the names of what it refers to, and its
//! version as the `ETag` that the next change repeats in `If-Match`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use millrace_operations::once::{self, RequestKey};
use millrace_operations::resource::Resource;
use millrace_operations::resources::{self, Labels};
use millrace_operations::{OperationsError, Record, Result, Unit};
use serde::Serialize;

use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

pub(crate) use millrace_operations::row::Row;

/// A record, `null` where the caller does not see it any more, and what it refers to.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    record: Option<Row>,
    labels: Labels,
    #[serde(skip)]
    location: Option<String>,
}

impl Shown {
    /// A row that operations have masked for the caller already.
    pub(crate) async fn row(
        state: &AppState,
        Signed(caller): &Signed,
        resource: &'static Resource,
        row: Row,
    ) -> Result<Self, ApiError> {
        let labels = resources::labels(state.store(), caller, [(resource, &row)]).await?;
        Ok(Self {
            record: Some(row),
            labels,
            location: None,
        })
    }

    /// The record that an action has left, masked. What it took out of the caller's sight (as an
    /// account that was given to somebody else) is not shown.
    pub(crate) async fn record<R: Record>(
        state: &AppState,
        signed: &Signed,
        record: &R,
    ) -> Result<Self, ApiError> {
        let resource = R::RESOURCE;
        match resources::get(state.store(), &signed.0, resource, record.id()).await {
            Ok(_) => Self::row(state, signed, resource, signed.0.show(record)).await,
            Err(OperationsError::NotFound { .. } | OperationsError::Forbidden { .. }) => Ok(Self {
                record: None,
                labels: Labels::new(),
                location: None,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, as the answer to a create: 201 with its address.
    pub(crate) fn created(mut self, resource: &'static Resource) -> Self {
        let id = self.record.as_ref().and_then(|row| row.get("id"));
        self.location = id.map(|id| format!("/api/{}/{id}", path_of(resource)));
        self
    }
}

/// Records that belong together, and what they refer to; in the shape of a page, which is the only one.
#[derive(Debug, Serialize)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    next: Option<String>,
    labels: Labels,
}

impl Rows {
    /// Rows that operations have masked for the caller already.
    pub(crate) async fn of(
        state: &AppState,
        Signed(caller): &Signed,
        resource: &'static Resource,
        rows: Vec<Row>,
    ) -> Result<Self, ApiError> {
        let records: Vec<_> = rows.iter().map(|row| (resource, row)).collect();
        let labels = resources::labels(state.store(), caller, records).await?;
        Ok(Self {
            rows,
            next: None,
            labels,
        })
    }
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        let version = self.record.as_ref().and_then(|row| row.get("version"));
        let tag = version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok());
        let location = self.location.as_deref();
        let location = location.and_then(|address| HeaderValue::from_str(address).ok());
        let status = if location.is_some() {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let mut response = (status, Json(self)).into_response();
        if let Some(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl AppState {
    /// Runs a service that makes a record, once for each `Idempotency-Key`, and shows the record.
    pub(crate) async fn create<R, F, Fut>(
        &self,
        signed: &Signed,
        key: Option<&RequestKey>,
        work: F,
    ) -> Result<Shown, ApiError>
    where
        R: Record,
        F: Fn(Unit) -> Fut,
        Fut: Future<Output = Result<R>>,
    {
        let work = async |unit: Unit| {
            let made = work(unit).await?;
            Ok(millrace_operations::row::of(&made))
        };
        let row = once::create(self.store(), &signed.0, R::RESOURCE, key, work).await?;
        let shown = Shown::row(self, signed, R::RESOURCE, row).await?;
        Ok(shown.created(R::RESOURCE))
    }
}

/// The part of an address that names a resource.
pub(crate) fn path_of(resource: &Resource) -> String {
    resource.table.replace('_', "-")
}
