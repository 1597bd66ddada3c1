//! The works as they are: each is a thing that can be done by a command as well.

use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use futures::future::BoxFuture;
use millrace_ingest::{IngestOptions, IngestReport, OnError, Silent as Quiet, ingest_mapping};
use millrace_models::config::BackupSettings;
use millrace_models::marts::KEPT;
use millrace_operations::service::{dispatch, subscription};
use millrace_operations::{Actor, Unit};

use super::{Task, Works};
use crate::backup::{self, Installation, daily};
use crate::engine::Local;
use crate::lease::run_leased;
use crate::live::Live;
use crate::run::{Open, RunOptions, RunReport, Silent};
use crate::upkeep::upkeep;
use crate::visits::ROWS_AT_ONCE;

/// What does the works of an installation.
pub struct Standard {
    /// Its records, tables and company.
    pub live: Live,
    /// The data directory, where mapping files are, unless they say their whole path.
    pub data_dir: PathBuf,
    /// The settings file, which need not be there.
    pub settings_file: PathBuf,
    /// Where backups go, and how many are kept.
    pub backup: BackupSettings,
}

impl Works for Standard {
    fn work<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, anyhow::Result<String>> {
        Box::pin(async move {
            match task.schedule.work.as_str() {
                "ingest" => self.ingest(task).await,
                "marts" => self.marts(Vec::new(), false).await,
                "health" => self.health().await,
                "monthly_report" => self.monthly_report(task).await,
                "upkeep" => self.upkeep().await,
                "backup" => self.backup(task).await,
                "dispatches" => self.dispatches().await,
                other => anyhow::bail!("this program does not know the work {other:?}"),
            }
        })
    }
}

impl Standard {
    async fn ingest(&self, task: &Task) -> anyhow::Result<String> {
        let named = task.schedule.mapping.as_deref();
        let named = named.context("the schedule names no mapping file")?;
        let file = self.data_dir.join(named);
        let report = self.ingested(file).await?;
        let mut added = 0;
        for source in &report.sources {
            task.say(&format!(
                "{} ({}): {} read, {} added, {} deleted, {} rejected",
                source.file.display(),
                source.entity,
                source.read,
                source.added,
                source.deleted,
                source.rejected
            ))
            .await;
            added += source.added;
        }
        Ok(format!(
            "{} sources, {added} rows added",
            report.sources.len()
        ))
    }

    /// On a thread of its own, as the readers of files hold what no other thread may see. It ends when
    /// this is dropped, at the next page that it reads.
    async fn ingested(&self, file: PathBuf) -> anyhow::Result<IngestReport> {
        let lake = self.live.lake.clone();
        let (zone, now) = (self.live.company.zone, self.live.store.now());
        let (kept, gone) = tokio::sync::oneshot::channel::<()>();
        let here = tokio::runtime::Handle::current();
        let reading = tokio::task::spawn_blocking(move || {
            let options = IngestOptions {
                company_zone: zone,
                now,
                on_error: OnError::Stop,
                dry_run: false,
                progress: &Quiet,
            };
            here.block_on(async {
                tokio::select! {
                    read = ingest_mapping(&lake, &file, &options) => {
                        read.with_context(|| format!("the mapping {}", file.display()))
                    }
                    _ = gone => anyhow::bail!("it was broken off"),
                }
            })
        });
        let read = reading.await?;
        drop(kept);
        read
    }

    /// Ends with this, as everything else: what was begun is then a `FILE.part`, which the next one takes
    /// over.
    async fn backup(&self, task: &Task) -> anyhow::Result<String> {
        let from = Installation {
            store: self.live.store.clone(),
            lake: self.live.lake.clone(),
            company: self.live.company.clone(),
            data_dir: self.data_dir.clone(),
            settings_file: self.settings_file.clone(),
        };
        let quiet = Arc::new(backup::Quiet);
        let made = Box::pin(daily(&from, &self.backup, quiet, pending())).await?;
        for file in &made.removed {
            task.say(&format!("removed {}", file.display())).await;
        }
        let attachments = &made.taken.manifest.attachments;
        if !attachments.is_whole() {
            let faults = attachments.missing_count + attachments.damaged.len() as u64;
            task.say(&format!("{faults} attachments are missing or damaged: `millrace doctor` names them; everything else is in the backup")).await;
        }
        let (file, bytes) = (made.taken.file.display(), made.taken.bytes);
        Ok(format!("{file}, {bytes} bytes, read back"))
    }

    async fn marts(&self, jobs: Vec<String>, full: bool) -> anyhow::Result<String> {
        let report = self.run(jobs, full).await?;
        Ok(if report.published {
            format!("set {} published, {} marts", report.set, report.marts.len())
        } else {
            format!("nothing was new; set {} stands", report.set)
        })
    }

    async fn health(&self) -> anyhow::Result<String> {
        self.run(Vec::new(), false).await?;
        let report = self.run(vec![KEPT[0].to_owned()], true).await?;
        Ok(format!("scored anew in set {}", report.set))
    }

    async fn run(&self, jobs: Vec<String>, full: bool) -> anyhow::Result<RunReport> {
        let options = RunOptions {
            company: self.live.company.clone(),
            as_of: None,
            now: self.live.store.now(),
            jobs,
            full,
            rows_at_once: ROWS_AT_ONCE,
            engine: Arc::new(Local),
            gate: Arc::new(Open),
            fence: 0,
            progress: Arc::new(Silent),
        };
        Box::pin(run_leased(&self.live.lake, &self.live.store, &options)).await
    }

    /// Brings the numbers up to date, then plans a copy for each who is subscribed to the report; those
    /// leave by the outbox, which tells what became of each.
    async fn monthly_report(&self, task: &Task) -> anyhow::Result<String> {
        let fresh = self.marts(Vec::new(), false).await?;
        task.say(&fresh).await;
        let at = task.run.planned_at;
        let work = async |unit: Unit| subscription::plan_reports(&unit, at).await;
        let actor = Actor::system("schedule");
        let planned = self.live.store.write(&actor, work).await?;
        Ok(format!("{planned} copies planned"))
    }

    async fn upkeep(&self) -> anyhow::Result<String> {
        let done = upkeep(&self.live.lake, &self.live.store).await?;
        Ok(format!(
            "{} files put together, {} removed ({} bytes)",
            done.merged_files, done.removed_files, done.removed_bytes
        ))
    }

    async fn dispatches(&self) -> anyhow::Result<String> {
        let work = async |unit: Unit| {
            let planned = subscription::plan(&unit).await?;
            Ok((planned, dispatch::hurry(&unit).await?))
        };
        let actor = Actor::system("schedule");
        let (planned, hurried) = self.live.store.write(&actor, work).await?;
        Ok(format!(
            "{planned} copies planned, {hurried} tried again now"
        ))
    }
}
