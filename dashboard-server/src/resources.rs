//! What all resources can do, the same for each: list, get, create, change, delete, history, bulk
//! and export. The routes follow from the descriptions of [`RESOURCES`], and so does their part of
//! the OpenAPI document.

mod bulk;
mod change;
mod create;
mod delete;
pub(crate) mod document;
pub(crate) mod export;
mod get;
mod history;
mod list;
pub(crate) mod query;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::{get as on_get, post as on_post};
use millrace_operations::entity::RESOURCES;
use millrace_operations::resource::Resource;

use crate::answer::{Row, path_of};
use crate::extract::{Body, Id, Keyed, Parameters, RequiredIfMatch, Signed};
use crate::state::AppState;

/// The routes of all resources.
pub(crate) fn routes() -> Router<AppState> {
    RESOURCES
        .iter()
        .fold(Router::new(), |router, resource| add(router, resource))
}

fn add(router: Router<AppState>, resource: &'static Resource) -> Router<AppState> {
    let path = format!("/api/{}", path_of(resource));
    let mut many = on_get(
        move |State(state): State<AppState>, signed: Signed, RawQuery(query): RawQuery| {
            list::list(resource, state, signed, query)
        },
    );
    let mut one = on_get(
        move |State(state): State<AppState>, signed: Signed, Id(id): Id| {
            get::get(resource, state, signed, id)
        },
    );
    if resource.open {
        many = many.post(
            move |State(state): State<AppState>, signed: Signed, new: Keyed<Row>| {
                create::create(resource, state, signed, new)
            },
        );
        one = one
            .patch(
                move |State(state): State<AppState>,
                      signed: Signed,
                      Id(id): Id,
                      RequiredIfMatch(version): RequiredIfMatch,
                      Body(body): Body<Row>| {
                    change::change(resource, state, signed, id, version, body)
                },
            )
            .delete(
                move |State(state): State<AppState>,
                      signed: Signed,
                      Id(id): Id,
                      RequiredIfMatch(version): RequiredIfMatch| {
                    delete::delete(resource, state, signed, id, version)
                },
            );
    }
    let history = on_get(
        move |State(state): State<AppState>,
              signed: Signed,
              Id(id): Id,
              Parameters(asked): Parameters<history::Asked>| {
            history::history(resource, state, signed, id, asked)
        },
    );
    let mut router = router
        .route(&path, many)
        .route(&format!("{path}/{{id}}"), one)
        .route(&format!("{path}/{{id}}/history"), history);
    if exported(resource) {
        let export = on_get(
            move |State(state): State<AppState>, signed: Signed, RawQuery(query): RawQuery| {
                export::export(resource, state, signed, query)
            },
        );
        router = router.route(&format!("{path}/export"), export);
    }
    if !bulk::actions(resource).is_empty() {
        let bulk = on_post(
            move |State(state): State<AppState>, signed: Signed, Body(body): Body<bulk::Bulk>| {
                bulk::bulk(resource, state, signed, body)
            },
        );
        router = router.route(&format!("{path}/bulk"), bulk);
    }
    router
}

/// Whether lists of it can be taken away.
fn exported(resource: &Resource) -> bool {
    !resource.is_personal()
}
