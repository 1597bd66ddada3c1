//! The listening server.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::router::router;
use crate::state::AppState;

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can be reached by others, and there is no sign-in that would know them.
    #[error(
        "{0} can be reached from other machines, and this server has no sign-in yet; \
         listen on a loopback address, as 127.0.0.1:{port}", port = .0.port()
    )]
    NotLoopback(SocketAddr),
    /// The system refuses the address or a connection.
    #[error("listening on {address} failed: {source}")]
    Io {
        /// The address, as given.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Binds an address for [`serve`]; port 0 takes a free one.
///
/// # Errors
///
/// When the address is not loopback, or the system refuses it.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    check(address)?;
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Io {
            address: address.to_string(),
            source,
        })
}

/// Answers requests until `shutdown` is done, then finishes those under way.
///
/// # Errors
///
/// When the listener is not on a loopback address, or the system fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let failed = |address: String| move |source| ServeError::Io { address, source };
    let address = listener
        .local_addr()
        .map_err(failed("an unknown address".to_owned()))?;
    check(address)?;
    axum::serve(listener, router(state))
        .with_graceful_shutdown(shutdown)
        .await
        .map_err(failed(address.to_string()))
}

fn check(address: SocketAddr) -> Result<(), ServeError> {
    if address.ip().to_canonical().is_loopback() {
        Ok(())
    } else {
        Err(ServeError::NotLoopback(address))
    }
}
