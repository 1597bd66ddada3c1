//! `millrace worker`: keeps the numbers fresh, without serving them.

use std::sync::Arc;

use millrace_jobs::Live;
use millrace_models::clock::Clock;

use crate::commands::init;
use crate::commands::serve::asked_to_end;
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
    let live = Live {
        store: made.store.clone(),
        lake: made.lake,
        company: context.company.clone(),
    };
    context.say(&format!(
        "{}: the numbers are kept fresh (Ctrl-C ends it)",
        context.company.name
    ));
    live.keep_fresh(asked_to_end()).await;
    made.store.close().await?;
    Ok(())
}
