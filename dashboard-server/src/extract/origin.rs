//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use millrace_models::config::ServerSettings;
use url::Url;

use crate::error::ApiError;
use crate::state::AppState;

/// The host that a request is for, as it says.
fn host(parts: &Parts) -> Option<&str> {
    parts.uri.authority().map_or_else(
        || parts.headers.get(header::HOST)?.to_str().ok(),
        |authority| Some(authority.as_str()),
    )
}

/// That no page of another origin has sent the request.
pub(crate) fn check_origin(parts: &Parts, state: &AppState) -> Result<(), ApiError> {
    if is_foreign(parts, state.settings()) {
        return Err(ApiError::ForeignOrigin);
    }
    Ok(())
}

/// Whether a page of another origin has sent the request, as far as the browser says.
fn is_foreign(parts: &Parts, settings: &ServerSettings) -> bool {
    let Some(origin) = parts.headers.get(header::ORIGIN) else {
        return false;
    };
    let origin = origin
        .to_str()
        .ok()
        .and_then(|text| text.parse::<Url>().ok());
    let Some(origin) = origin else {
        return true; // Also "null".
    };
    let is = |own: &Url| own.origin() == origin.origin();
    if settings.public_url.as_ref().is_some_and(is) {
        return false;
    }
    let own =
        host(parts).and_then(|host| format!("{}://{host}", origin.scheme()).parse::<Url>().ok());
    !own.as_ref().is_some_and(is)
}

/// The address of the client: that of the connection, or, behind a proxy that the settings trust,
/// the last one that the proxies name and that is not one of them.
pub(crate) fn client_address(parts: &Parts, settings: &ServerSettings) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    let trusted = |address: &IpAddr| settings.trusted_proxies.contains(address);
    if !trusted(&peer) {
        return Some(peer);
    }
    let named = forwarded_for(&parts.headers);
    Some(
        named
            .into_iter()
            .rev()
            .find(|one| !trusted(one))
            .unwrap_or(peer),
    )
}

/// The addresses of `X-Forwarded-For`, the client's first; from the last one that is no address on.
fn forwarded_for(headers: &HeaderMap) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        for part in value.to_str().unwrap_or_default().split(',') {
            match part.trim().parse::<IpAddr>() {
                Ok(address) => addresses.push(address.to_canonical()),
                Err(_) => addresses.clear(),
            }
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(headers: &[(&'static str, &str)]) -> Parts {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_page_of_another_origin_is_foreign() {
        let check = |origin: &str, settings: &ServerSettings| {
            is_foreign(
                &parts(&[("host", "localhost:7300"), ("origin", origin)]),
                settings,
            )
        };
        let plain = ServerSettings::default();
        assert!(!check("http://localhost:7300", &plain));
        for foreign in ["http://localhost:7301", "https://evil.example", "null", ""] {
            assert!(check(foreign, &plain), "{foreign}");
        }
        let public = ServerSettings {
            public_url: Some("https://crm.example/".parse().unwrap()),
            ..ServerSettings::default()
        };
        assert!(!check("https://crm.example", &public));
        assert!(check("http://crm.example", &public));
        assert!(!is_foreign(&parts(&[("host", "localhost")]), &plain));
    }

    #[test]
    fn only_a_trusted_proxy_says_who_the_client_is() {
        let behind = |peer: &str, named: &str, trusted: &[&str]| {
            let mut parts = parts(&[("x-forwarded-for", named)]);
            let peer: SocketAddr = peer.parse().unwrap();
            parts.extensions.insert(ConnectInfo(peer));
            let settings = ServerSettings {
                trusted_proxies: trusted.iter().map(|one| one.parse().unwrap()).collect(),
                ..ServerSettings::default()
            };
            client_address(&parts, &settings).unwrap().to_string()
        };
        assert_eq!(behind("192.0.2.1:9", "198.51.100.7", &[]), "192.0.2.1");
        assert_eq!(
            behind("192.0.2.1:9", "198.51.100.7", &["192.0.2.1"]),
            "198.51.100.7"
        );
        let two = ["192.0.2.1", "192.0.2.2"];
        assert_eq!(
            behind("192.0.2.1:9", "6.6.6.6, 198.51.100.7, 192.0.2.2", &two),
            "198.51.100.7"
        );
        assert_eq!(
            behind("192.0.2.1:9", "198.51.100.7, nonsense", &two),
            "192.0.2.1"
        );
    }
}
