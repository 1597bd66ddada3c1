//! The listening server.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::router::router;
use crate::state::AppState;
use crate::warm::keep_warm;

/// How long requests under way may take to end.
const GRACE: Duration = Duration::from_secs(20);

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
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
/// When the system refuses it.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Io {
            address: address.to_string(),
            source,
        })
}

/// Answers requests until `shutdown` is done, then finishes those under way; what takes longer than
/// 20 seconds is broken off.
///
/// # Errors
///
/// When the system fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_or_else(
        |_| "an unknown address".to_owned(),
        |address| address.to_string(),
    );
    let (asked, told) = oneshot::channel::<()>();
    let (ending, warmed) = (state.clone(), state.clone());
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
        shutdown.await;
        ending.close();
        // Nobody waits for it when the server has failed meanwhile.
        let _ = asked.send(());
    });
    let late = async {
        if told.await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served.map_err(|source| ServeError::Io { address, source }),
        () = keep_warm(&warmed) => Ok(()),
        () = late => {
            tracing::warn!("requests that did not end in time were broken off");
            Ok(())
        }
    }
}
