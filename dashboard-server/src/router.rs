//! Every route of the server.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Problem};
use crate::extract::{BODY_LIMIT_BYTES, identify};
use crate::state::AppState;
use crate::{accounts, batch, drill, export, guard, metrics, query, session, status, values, web};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Millrace",
        description = "Numbers about sales work, and the records behind them. \
            Errors of every operation are application/problem+json (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(Problem)),
    tags(
        (name = "session", description = "Coming in and going out"),
        (name = "accounts", description = "Customers and the pool"),
        (name = "numbers", description = "Queries, and the records behind them"),
        (name = "about", description = "What there is to ask for, and how fresh it is"),
    )
)]
struct Document;

fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(
            session::sign_in::sign_in,
            session::me::me,
            session::sign_out::sign_out
        ))
        .routes(routes!(
            session::list::sessions,
            session::everywhere::sign_out_everywhere
        ))
        .routes(routes!(session::password::change))
        .routes(routes!(
            session::tokens::list::tokens,
            session::tokens::create::create
        ))
        .routes(routes!(session::tokens::revoke::revoke))
        .routes(routes!(accounts::claim::claim))
        .routes(routes!(query::query))
        .routes(routes!(batch::batch))
        .routes(routes!(drill::drill))
        .routes(routes!(export::export))
        .routes(routes!(metrics::metrics))
        .routes(routes!(values::values))
        .routes(routes!(status::status))
}

/// The server as a service: API, OpenAPI document and web app, with their limits and headers.
pub fn router(state: AppState) -> Router {
    let (routes, mut document) = api().split_for_parts();
    add_problems(&mut document);
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    let own_types = DefaultPredicate::new().and(NotForContentType::const_new(export::XLSX_TYPE));
    let mut service = routes
        .route(
            "/api/openapi.json",
            get(async move || {
                let json = [(header::CONTENT_TYPE, "application/json")];
                (json, document.to_string())
            }),
        )
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(web::serve)
        .with_state(state.clone())
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(CompressionLayer::new().gzip(true).compress_when(own_types))
        .layer(from_fn(guard::no_store))
        .layer(from_fn_with_state(state, guard::own_host_only))
        .layer(from_fn(identify));
    for (name, value) in guard::HEADERS {
        service = service.layer(tower_http::set_header::SetResponseHeaderLayer::overriding(
            name, value,
        ));
    }
    service
}

/// The OpenAPI 3.1 document of the API.
pub fn openapi() -> OpenApi {
    let mut document = api().into_openapi();
    add_problems(&mut document);
    document
}

async fn method_not_allowed(_: Method, uri: Uri) -> Response {
    ApiError::MethodNotAllowed(uri.path().to_owned()).into_response()
}

/// Every operation fails in the same shape; said once here instead of at each.
fn add_problems(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            add_problem(operation);
        }
    }
}

fn add_problem(operation: &mut Operation) {
    let problem = ResponseBuilder::new()
        .description("What went wrong, and what would be right")
        .content(
            "application/problem+json",
            Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem")))),
        )
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(problem));
}
