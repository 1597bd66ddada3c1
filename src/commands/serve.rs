//! `millrace serve`: the API and the web app.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::FutureExt as _;
use millrace_dashboard_server::{AppState, Parts, Renderer, bind, serve};
use millrace_jobs::Live;
use millrace_jobs::outbox::{Outbox, keep_schedules};
use millrace_jobs::schedules::{Scheduler, Standard};
use millrace_models::clock::Clock;
use tokio::task::JoinSet;

use crate::arguments::ServeArguments;
use crate::commands::init::{self, Made};
use crate::failure::Failure;
use crate::settings::Context;

/// Serves until the process is told to end.
///
/// # Errors
///
/// When the system refuses the address, or the database or the lake cannot be opened.
pub(crate) async fn run(
    context: &Context,
    options: &ServeArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let listener = bind(options.listen).await?;
    let made = init::create(context, Arc::new(clock)).await?;
    let address = listener.local_addr()?;
    let end = asked_to_end().boxed().shared();
    // Owned here: it ends with the server, also when that fails.
    let mut jobs = JoinSet::new();
    if !options.no_jobs {
        let live = Live {
            store: made.store.clone(),
            lake: made.lake.clone(),
            company: context.company.clone(),
        };
        let end = end.clone();
        jobs.spawn(async move { live.keep_fresh(end).await });
    }
    let state = state(context, &made, Some(address));
    if !options.no_jobs {
        let (scheduler, outbox) = by_itself(context, &made, &state);
        let end = end.clone();
        jobs.spawn(async move { keep_schedules(&scheduler, &outbox, end).await });
    }
    if let Some(administrator) = &made.administrator {
        init::introduce(administrator);
    }
    let url = match &context.server.public_url {
        Some(public) => format!("{public} (listening on http://{address})"),
        None => format!("http://{address}"),
    };
    context.say(&format!(
        "{} at {url} (Ctrl-C ends it)",
        context.company.name
    ));
    serve(listener, state, end).await?;
    while let Some(ended) = jobs.join_next().await {
        ended.map_err(anyhow::Error::new)?;
    }
    made.store.close().await?;
    Ok(())
}

/// What answers requests, and what copies of subscriptions are written from.
pub(crate) fn state(context: &Context, made: &Made, listen: Option<SocketAddr>) -> AppState {
    AppState::new(Parts {
        store: made.store.clone(),
        lake: made.lake.clone(),
        attachments: Arc::clone(&made.attachments),
        company: context.company.clone(),
        settings: context.server.clone(),
        listen,
    })
}

/// What is done by itself, and what people subscribed to.
pub(crate) fn by_itself(context: &Context, made: &Made, state: &AppState) -> (Scheduler, Outbox) {
    let store = made.store.clone();
    let works = Standard {
        live: Live {
            store: store.clone(),
            lake: made.lake.clone(),
            company: context.company.clone(),
        },
        data_dir: context.data_dir.clone(),
        settings_file: context.config_file.clone(),
        backup: context.backup.clone(),
    };
    let renders = Renderer::new(state.clone());
    (
        Scheduler::new(store.clone(), Arc::new(works)),
        Outbox::new(store, context.delivery.clone(), Arc::new(renders)),
    )
}

/// Done when the terminal (Ctrl-C) or the system (SIGTERM) asks the process to end.
pub(crate) async fn asked_to_end() {
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
