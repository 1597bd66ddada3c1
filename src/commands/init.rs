//! `millrace init`: settings, database and lake; harmless when they exist.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use millrace_lake::Lake;
use millrace_models::clock::Clock;
use millrace_operations::Store;
use millrace_operations::setup::{self, Administrator};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use serde_json::json;

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output;
use crate::settings::Context;

/// What an installation has.
pub(crate) struct Made {
    /// The records of daily work.
    pub(crate) store: Store,
    /// The lake.
    pub(crate) lake: Lake,
    /// The files attached to records.
    pub(crate) attachments: Arc<dyn ObjectStore>,
    /// Whether the settings are new.
    pub(crate) is_new: bool,
    /// The administrator, where this start has made one.
    pub(crate) administrator: Option<Administrator>,
}

/// Creates what is missing and says where it is.
///
/// # Errors
///
/// When the data directory or the database cannot be written.
pub(crate) async fn run(context: &Context, clock: impl Clock + 'static) -> Result<(), Failure> {
    let made = create(context, Arc::new(clock)).await?;
    match context.format {
        Format::Json => output::json(&json!({
            "data_dir": context.data_dir,
            "config": context.config_file,
            "config_created": made.is_new,
            "lake": made.lake.root(),
            "administrator": made.administrator.as_ref().map(|administrator| json!({
                "username": administrator.username,
                "password": administrator.password.reveal(),
            })),
        }))?,
        Format::Csv | Format::Table => {
            let state = if made.is_new {
                "created"
            } else {
                "is there already"
            };
            context.say(&format!(
                "settings {}: {state}",
                context.config_file.display()
            ));
            context.say(&format!("lake {}: ready", made.lake.root().display()));
            if let Some(administrator) = &made.administrator {
                introduce(administrator);
            }
        }
    }
    made.store.close().await?;
    Ok(())
}

/// Says how the administrator comes in, this one time; even where messages are not wanted, as nobody
/// could sign in otherwise.
pub(crate) fn introduce(administrator: &Administrator) {
    eprintln!(
        "first start: sign in as {} with the password {} (shown once, and to be changed then)",
        administrator.username,
        administrator.password.reveal()
    );
}

/// Creates settings, database and lake where they are missing.
///
/// # Errors
///
/// When the data directory or the database cannot be written.
pub(crate) async fn create(context: &Context, clock: Arc<dyn Clock>) -> Result<Made, Failure> {
    let (lake, is_new) = found(context).await?;
    let store = context.store(clock).await?;
    let administrator = setup::initialise(&store).await?;
    let attachments = context.attachments_dir();
    let files = LocalFileSystem::new_with_prefix(&attachments)
        .with_context(|| format!("the directory {} cannot be used", attachments.display()))?;
    Ok(Made {
        store,
        lake,
        attachments: Arc::new(files),
        is_new,
        administrator,
    })
}

/// Creates the settings, the directories and the lake where they are missing; says whether the
/// settings are new.
///
/// # Errors
///
/// When the data directory cannot be written.
pub(crate) async fn found(context: &Context) -> Result<(Lake, bool), Failure> {
    let attachments = context.attachments_dir();
    for folder in [&context.data_dir, &attachments] {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the directory {} cannot be created", folder.display()))?;
    }
    let is_new =
        create_settings(&context.config_file, &context.company.to_toml()).with_context(|| {
            let file = context.config_file.display();
            format!("the settings file {file} cannot be written")
        })?;
    Ok((Lake::init(&context.lake_dir()).await?, is_new))
}

fn create_settings(file: &Path, text: &str) -> std::io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
