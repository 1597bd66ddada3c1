//! Every route of the server.

mod actions;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Problem};
use crate::extract::{BODY_LIMIT_BYTES, identify};
use crate::state::AppState;
use crate::{
    accounts, batch, closes, document, drill, drivers, export, forecast, guard, health, live,
    metrics, query, reports, resources, session, shapes, status, values, web,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Millrace",
        description = "The records of sales work, and numbers about them.\n\n\
            Errors of every operation are application/problem+json (RFC 9457). Every change takes \
            the header X-Reason (percent-encoded UTF-8), which its history shows. Every answer has \
            the header X-Request-Id. Money is in hundredths of the currency, unit prices and rates \
            in millionths, quantities in thousandths, shares in basis points.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(Problem, shapes::TimeInStage, shapes::View)),
    tags(
        (name = "session", description = "Coming in and going out"),
        (name = "accounts", description = "Customers and the pool"),
        (name = "money", description = "Instalments, requests to pay, invoices and money received"),
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
        .merge(actions::actions())
        .routes(routes!(query::query))
        .routes(routes!(batch::batch))
        .routes(routes!(drill::drill))
        .routes(routes!(drivers::drivers))
        .routes(routes!(forecast::forecast))
        .routes(routes!(closes::adjustments::adjustments))
        .routes(routes!(health::standing))
        .routes(routes!(health::scores))
        .routes(routes!(health::backtest))
        .routes(routes!(health::models))
        .routes(routes!(health::groups))
        .routes(routes!(health::take_step))
        .routes(routes!(health::preview))
        .routes(routes!(
            health::success::success_managers,
            health::success::appoint
        ))
        .routes(routes!(health::success::success_manager))
        .routes(routes!(health::rules))
        .routes(routes!(reports::show))
        .routes(routes!(reports::file))
        .routes(routes!(export::export))
        .routes(routes!(metrics::metrics))
        .routes(routes!(values::values))
        .routes(routes!(status::status))
}

/// The server as a service: API, OpenAPI document and web app, with their limits and headers.
pub fn router(state: AppState) -> Router {
    let (routes, handlers) = api().split_for_parts();
    let document: Arc<str> = document::complete(&handlers).to_string().into();
    let own_types = DefaultPredicate::new().and(NotForContentType::const_new(export::XLSX_TYPE));
    let mut service = routes
        .merge(resources::routes())
        .route(
            "/api/openapi.json",
            get(async move || {
                let json = [(header::CONTENT_TYPE, "application/json")];
                (json, document.to_string())
            }),
        )
        .route("/api/live", get(live::live))
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
pub fn openapi() -> Value {
    document::complete(&api().into_openapi())
}

async fn method_not_allowed(_: Method, uri: Uri) -> Response {
    ApiError::MethodNotAllowed(uri.path().to_owned()).into_response()
}
