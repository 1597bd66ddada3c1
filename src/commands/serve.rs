//! `millrace serve`: the API and the web app on this machine.

use std::sync::Arc;

use millrace_dashboard_server::{AppState, bind, serve};
use millrace_models::clock::Clock;

use crate::arguments::ServeArguments;
use crate::commands::init;
use crate::failure::Failure;
use crate::settings::Context;

/// Serves until the process is told to end.
///
/// # Errors
///
/// When the address is not this machine's own, or the system refuses it.
pub(crate) async fn run(
    context: &Context,
    options: &ServeArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let listener = bind(options.listen).await?;
    let (lake, _) = init::create(context).await?;
    let state = AppState::new(lake, context.company.clone(), Arc::new(clock));
    let address = listener.local_addr()?;
    context.say(&format!(
        "{} at http://{address} (Ctrl-C ends it)",
        context.company.name
    ));
    serve(listener, state, asked_to_end()).await?;
    Ok(())
}

/// Done when the terminal (Ctrl-C) or the system (SIGTERM) asks the process to end.
async fn asked_to_end() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    () = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => interrupt.await,
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
