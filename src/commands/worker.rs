//! `millrace worker`: keeps the numbers fresh and does what is due, without serving.

use std::sync::Arc;

use futures::FutureExt as _;
use millrace_jobs::Live;
use millrace_jobs::outbox::keep_schedules;
use millrace_models::clock::Clock;

use crate::commands::init;
use crate::commands::serve::{asked_to_end, by_itself, state};
use crate::failure::Failure;
use crate::settings::Context;

/// Works until the process is told to end.
///
/// # Errors
///
/// When the database or the lake cannot be opened.
pub(crate) async fn run(context: &Context, clock: impl Clock + 'static) -> Result<(), Failure> {
    let made = init::create(context, Arc::new(clock)).await?;
    if let Some(administrator) = &made.administrator {
        init::introduce(administrator);
    }
    let (scheduler, outbox) = by_itself(context, &made, &state(context, &made, None));
    let live = Live {
        store: made.store.clone(),
        lake: made.lake,
        company: context.company.clone(),
    };
    context.say(&format!(
        "{}: the numbers are kept fresh, and what is due is done (Ctrl-C ends it)",
        context.company.name
    ));
    let end = asked_to_end().boxed().shared();
    tokio::join!(
        live.keep_fresh(end.clone()),
        keep_schedules(&scheduler, &outbox, end),
    );
    made.store.close().await?;
    Ok(())
}
