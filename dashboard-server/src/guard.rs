//! What every request and answer goes through, whatever the route.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use millrace_models::config::ServerSettings;
use url::Url;

use crate::error::ApiError;
use crate::state::AppState;

/// Security headers of every answer.
pub(crate) const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        // Ant Design and ECharts write style elements of their own.
        HeaderValue::from_static(
            "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; \
             object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(self)"),
    ),
];

/// Refuses requests under a foreign host name: a page on the internet whose name is made to resolve
/// to this server's address must not be taken for a page of its own (DNS rebinding).
pub(crate) async fn own_host_only(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str().to_owned())
        .or_else(|| {
            let value = request.headers().get(header::HOST)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
    match host {
        Some(host) if !is_own(&host, state.settings(), state.listen()) => {
            ApiError::ForeignHost(host).into_response()
        }
        _ => next.run(request).await,
    }
}

fn is_own(host: &str, settings: &ServerSettings, listen: Option<SocketAddr>) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let name = name.to_ascii_lowercase();
    if let Ok(address) = name.parse::<IpAddr>().map(|address| address.to_canonical()) {
        // An address is no name that somebody could point elsewhere.
        let listened = listen.is_some_and(|on| {
            let on = on.ip().to_canonical();
            on.is_unspecified() || on == address
        });
        let named = settings.public_url.as_ref().and_then(Url::host_str) == Some(name.as_str());
        return address.is_loopback() || listened || named;
    }
    name == "localhost"
        || name.ends_with(".localhost")
        || settings.public_url.as_ref().and_then(Url::host_str) == Some(name.as_str())
        || settings.hosts.contains(&name)
}

/// Numbers are never kept by a cache on the way; the files of the web app say so themselves.
pub(crate) async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, listen: Option<&str>, expected: bool) {
        let settings = ServerSettings {
            public_url: Some("https://crm.example".parse().unwrap()),
            hosts: vec!["crm.intern".to_owned()],
            ..ServerSettings::default()
        };
        let listen = listen.map(|address| address.parse().unwrap());
        assert_eq!(
            is_own(host, &settings, listen),
            expected,
            "{host} {listen:?}"
        );
    }

    #[test]
    fn only_its_own_names_are_its_own() {
        for own in [
            "localhost",
            "LOCALHOST:7300",
            "127.0.0.1:80",
            "127.0.0.2",
            "[::1]:7300",
            "[::1]",
            "millrace.localhost:7300",
            "crm.example",
            "CRM.intern:7300",
        ] {
            check(own, None, true);
        }
        for foreign in [
            "",
            "evil.example",
            "evil.example:7300",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.1.5",
            "notlocalhost",
            "localhost@evil.example",
        ] {
            check(foreign, None, false);
        }
    }

    #[test]
    fn an_address_that_is_listened_on_is_its_own() {
        check("192.168.1.5:7300", Some("192.168.1.5:7300"), true);
        check("192.168.1.6:7300", Some("192.168.1.5:7300"), false);
        check("192.168.1.6:7300", Some("0.0.0.0:7300"), true);
        check("[fd00::1]", Some("[::]:7300"), true);
        check("evil.example", Some("0.0.0.0:7300"), false);
    }
}
