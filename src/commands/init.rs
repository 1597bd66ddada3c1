//! `millrace init`: settings and lake; harmless when they exist.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context as _;
use millrace_lake::Lake;
use serde_json::json;

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output;
use crate::settings::Context;

/// Creates what is missing and says where it is.
///
/// # Errors
///
/// When the data directory cannot be written.
pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let (lake, is_new) = create(context).await?;
    match context.format {
        Format::Json => output::json(&json!({
            "data_dir": context.data_dir,
            "config": context.config_file,
            "config_created": is_new,
            "lake": lake.root(),
        }))?,
        Format::Csv | Format::Table => {
            let state = if is_new {
                "created"
            } else {
                "is there already"
            };
            context.say(&format!(
                "settings {}: {state}",
                context.config_file.display()
            ));
            context.say(&format!("lake {}: ready", lake.root().display()));
        }
    }
    Ok(())
}

/// Creates settings and lake where they are missing; says whether the settings are new.
///
/// # Errors
///
/// When the data directory cannot be written.
pub(crate) async fn create(context: &Context) -> Result<(Lake, bool), Failure> {
    std::fs::create_dir_all(&context.data_dir).with_context(|| {
        format!(
            "the data directory {} cannot be created",
            context.data_dir.display()
        )
    })?;
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
