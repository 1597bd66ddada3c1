//! Calling an address with a signed body.
//!
//! The name is resolved here, and the very addresses that were looked at are called: a name that is
//! made to resolve to a machine of the own network between the look and the call gets nowhere. No
//! redirection is followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use chrono::{DateTime, Utc};
use millrace_operations::service::dispatch::Outcome;
use reqwest::Url;
use reqwest::redirect::Policy;

use super::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A call.
pub(super) struct Call<'a> {
    pub(super) url: &'a str,
    pub(super) secret: &'a str,
    /// What it is known by, however often it is called.
    pub(super) id: i64,
    pub(super) allow_private: bool,
    pub(super) now: DateTime<Utc>,
}

/// Calls an address with a body.
pub(super) async fn call(call: &Call<'_>, body: &str) -> Outcome {
    let (url, addresses) = match reached(call).await {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .resolve_to_addrs(&host, &addresses)
        .user_agent("Millrace")
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let timestamp = call.now.timestamp();
    let sent = client
        .post(url)
        .header("content-type", "application/json")
        .header("millrace-dispatch", call.id)
        .header(TIMESTAMP_HEADER, timestamp)
        .header(SIGNATURE_HEADER, sign(call.secret, timestamp, body))
        .body(body.to_owned())
        .send()
        .await;
    match sent {
        Ok(answer) if answer.status().is_success() => Outcome::Sent(answer.status().to_string()),
        Ok(answer) => Outcome::Failed(format!("it answered {}", answer.status())),
        Err(error) if error.is_connect() || error.is_builder() => {
            Outcome::Failed(format!("it cannot be reached: {}", plain(&error)))
        }
        Err(error) => Outcome::Unknown(format!(
            "it was called and did not answer: {}",
            plain(&error)
        )),
    }
}

/// What is wrong, without the address: that may hold a secret.
fn plain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    if text.is_empty() {
        "no answer".to_owned()
    } else {
        text
    }
}

/// The machines that an address names, if they may be called.
async fn reached(call: &Call<'_>) -> Result<(Url, Vec<SocketAddr>), Outcome> {
    let refused = |reason: &str| Outcome::Refused(reason.to_owned());
    let url: Url = call.url.parse().map_err(|_| refused("it is no address"))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(refused("only http and https are called"));
    }
    let port = url.port_or_known_default().unwrap_or(443);
    let host = url.host_str().ok_or_else(|| refused("it names no host"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((host, port)).await;
    let found: Vec<SocketAddr> = found
        .map_err(|error| Outcome::Failed(format!("its name is not known: {error}")))?
        .collect();
    if !call.allow_private && found.iter().any(|address| is_private(address.ip())) {
        return Err(refused(
            "it is in a private network: webhooks.allow_private in the settings lets that be called",
        ));
    }
    if found.is_empty() {
        return Err(Outcome::Failed("its name has no address".to_owned()));
    }
    Ok((url, found))
}

/// Whether an address is not one of the internet.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(own) => is_private_v4(own),
        IpAddr::V6(own) => match own.to_ipv4_mapped() {
            Some(mapped) => is_private_v4(mapped),
            None => is_private_v6(own),
        },
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (18..20).contains(&second))
        || (first == 192 && second == 0 && third == 0)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfe80
        // what carries an address of the fourth version within
        || first == 0x64
        || first == 0x2002
        || address.segments()[..2] == [0x2001, 0]
        || address.segments()[..2] == [0x2001, 0x0db8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_private_networks_are_known() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "203.1.113.7", "2606:4700::1111", "172.32.0.1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    #[tokio::test]
    async fn what_may_not_be_called_is_refused() {
        let check = async |url: &str, expected: &str| {
            let own = Call {
                url,
                secret: "s",
                id: 1,
                allow_private: false,
                now: DateTime::UNIX_EPOCH,
            };
            match call(&own, "{}").await {
                Outcome::Refused(reason) => assert!(reason.contains(expected), "{reason}"),
                other => panic!("{url}: {other:?}"),
            }
        };
        check("http://127.0.0.1:1/", "private network").await;
        check("http://localhost:1/", "private network").await;
        check("http://[::1]:1/", "private network").await;
        check("http://2130706433/", "private network").await;
        check("file:///etc/passwd", "only http and https").await;
        check("nowhere", "no address").await;
    }
}
