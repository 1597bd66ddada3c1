//! A backup in the middle of work, restored on each database: it opens, agrees with itself, and goes on.
//! Archives that are not as they were written are refused, and leave nothing.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use chrono::TimeDelta;
use futures::stream;
use millrace_jobs::backup::{
    ArchiveError, Installation, Quiet, Restore, Restored, check, daily, read_record, restore, take,
};
use millrace_jobs::doctor::{Patient, State, examine};
use millrace_jobs::{Live, RunOptions, run_leased};
use millrace_lake::Lake;
use millrace_models::config::{BackupSettings, Company, ServerSettings};
use millrace_models::marts;
use millrace_operations::entity::{account, attachment};
use millrace_operations::files::Files;
use millrace_operations::lease::take as take_lease;
use millrace_operations::testing::Postgres;
use millrace_operations::{Actor, OperationsError, Place, Store};
use sea_orm::{EntityTrait, PaginatorTrait, Set};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::office::{Dice, Office};
use crate::support::{options, published_rows};

/// An office with everything that an installation has.
struct Firm {
    office: Office,
    live: Live,
    data: PathBuf,
    folder: TempDir,
}

impl Firm {
    async fn over(office: Office) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        let settings = "[company]\nname = \"水车\"\n\n[database]\nurl = \"postgres://old\"\n";
        std::fs::write(data.join("millrace.toml"), settings).unwrap();
        let live = Live {
            store: office.store.clone(),
            lake: Lake::init(&data.join("lake")).await.unwrap(),
            company: Company::default(),
        };
        Self {
            office,
            live,
            data,
            folder,
        }
    }

    fn installation(&self) -> Installation {
        Installation {
            store: self.live.store.clone(),
            lake: self.live.lake.clone(),
            company: self.live.company.clone(),
            data_dir: self.data.clone(),
            settings_file: self.data.join("millrace.toml"),
        }
    }

    /// A file of a record; its key.
    async fn attach(&self, content: &'static [u8]) -> String {
        let files = Files::in_folder(&self.data.join("attachments")).unwrap();
        let pieces = stream::iter([Ok::<_, OperationsError>(Bytes::from_static(content))]);
        let stored = files.take_in("a.txt", 1_000_000, pieces).await.unwrap();
        let key = stored.object_key.clone();
        let new = attachment::ActiveModel {
            entity: Set("account".to_owned()),
            record_id: Set(1),
            account_id: Set(Some(1)),
            kind: Set("requirements".to_owned()),
            file_name: Set("a.txt".to_owned()),
            media_type: Set("text/plain".to_owned()),
            bytes: Set(stored.bytes),
            sha256: Set(stored.sha256),
            object_key: Set(stored.object_key),
            ..Default::default()
        };
        let actor = Actor::system("test");
        let work = async |unit: millrace_operations::Unit| {
            unit.insert::<attachment::Model>(new.clone()).await
        };
        self.live.store.write(&actor, work).await.unwrap();
        key
    }

    async fn backup(&self, name: &str) -> PathBuf {
        let from = self.installation();
        let file = self.folder.path().join(name);
        let quiet = Arc::new(Quiet);
        let taken = take(&from, &file, false, quiet, std::future::pending());
        let taken = Box::pin(taken).await.unwrap();
        assert_eq!(taken.bytes, std::fs::metadata(&file).unwrap().len());
        assert!(!self.folder.path().join(format!("{name}.part")).exists());
        file
    }

    async fn restored(&self, file: &Path, place: &Place, name: &str) -> anyhow::Result<Restored> {
        let what = Restore {
            file: file.to_owned(),
            data_dir: self.folder.path().join(name),
            place: place.clone(),
            force: false,
            now: self.live.store.now(),
        };
        Box::pin(restore(&what, Arc::new(Quiet))).await
    }

    /// The installation of a data directory that was restored.
    async fn live_at(&self, place: &Place, name: &str) -> Live {
        let company = Company::default();
        let store = Store::open(place, self.office.clock.clone(), &company);
        let lake = self.folder.path().join(name).join("lake");
        Live {
            store: store.await.unwrap(),
            lake: Lake::open(&lake).await.unwrap(),
            company,
        }
    }
}

async fn settled(store: &Store) {
    let statement =
        |sql: &str| sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql.to_owned());
    if store.backend() != sea_orm::DbBackend::Postgres {
        return;
    }
    let ask = async |sql: &str| -> i64 {
        use sea_orm::ConnectionTrait as _;
        let row = store.reader().query_one_raw(statement(sql)).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    };
    let next = ask("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").await;
    while ask("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").await < next {
        tokio::task::yield_now().await;
    }
}

async fn all_marts(lake: &Lake) -> BTreeMap<&'static str, Vec<String>> {
    let mut all = BTreeMap::new();
    for mart in marts::built() {
        all.insert(mart, published_rows(lake, mart).await);
    }
    all
}

/// Places on both databases, below a folder.
async fn places(folder: &Path, name: &str) -> Vec<(String, Place)> {
    let own = format!("{name}-sqlite");
    let file = Place::File(folder.join(&own).join("operations.db"));
    let mut places = vec![(own, file)];
    if let Some(server) = Postgres::shared() {
        let url = server.database().await.unwrap();
        places.push((format!("{name}-postgres"), Place::Url(url)));
    }
    places
}

fn full(live: &Live) -> RunOptions {
    RunOptions {
        now: live.store.now(),
        full: true,
        ..options()
    }
}

async fn in_the_middle_of_work(office: Office, seed: u64) {
    let firm = Firm::over(office).await;
    let mut dice = Dice::new(seed);
    firm.office.work(&mut dice, 120).await;
    let key = firm.attach(b"what the customer asked for").await;
    firm.office.settle().await;
    firm.live.round().await.unwrap().set.unwrap();
    firm.office.work(&mut dice, 40).await;
    firm.office.settle().await;
    firm.live.round().await.unwrap();
    // What the lake has not read when the backup is taken.
    firm.office.work(&mut dice, 40).await;
    let late = firm.attach(b"and what they asked for later").await;
    firm.office.settle().await;
    let tail = millrace_ingest::changes_behind(&firm.live.lake, &firm.live.store);
    let tail = tail.await.unwrap().entries;
    assert!(tail > 20, "{tail}");
    let marts_then = all_marts(&firm.live.lake).await;
    let set_then = firm.live.lake.latest_set().await.unwrap().unwrap();
    let sets_then = firm.live.lake.sets().await.unwrap();
    let file = firm.backup("middle.tar.zst").await;
    let manifest = check(&file, &Quiet).unwrap();
    assert_eq!(manifest.attachments.files, 2);
    assert!(manifest.attachments.is_whole());
    assert_eq!(manifest.lake.set, Some(set_then.id));
    let accounts = account::Entity::find().count(firm.live.store.reader());
    assert_eq!(manifest.rows["accounts"], accounts.await.unwrap());
    // Everybody works on; the backup is of before.
    firm.office.work(&mut dice, 60).await;
    firm.office.settle().await;
    firm.live.round().await.unwrap();
    for (name, place) in places(firm.folder.path(), "restored").await {
        let restored = firm.restored(&file, &place, &name).await.unwrap();
        assert_eq!(restored.manifest, manifest);
        assert!(restored.settings_taken);
        let data = firm.folder.path().join(&name);
        let settings = std::fs::read_to_string(data.join("millrace.toml")).unwrap();
        assert!(settings.contains("水车") && !settings.contains("postgres://old"));
        for key in [&key, &late] {
            let bytes = std::fs::read(data.join("attachments").join(key)).unwrap();
            assert!(key.ends_with(&hex(&Sha256::digest(&bytes))));
        }
        let live = firm.live_at(&place, &name).await;
        settled(&live.store).await;
        // The lake is that of then, with every set that was kept, and the log goes on behind it.
        assert_eq!(live.lake.latest_set().await.unwrap().unwrap(), set_then);
        assert_eq!(live.lake.sets().await.unwrap(), sets_then);
        assert_eq!(all_marts(&live.lake).await, marts_then);
        let behind = millrace_ingest::changes_behind(&live.lake, &live.store);
        assert_eq!(behind.await.unwrap().entries, tail);
        let round = live.round().await.unwrap();
        assert_eq!(round.entries, tail);
        round.set.unwrap();
        equals_a_full_rebuild(&live).await;
        // Life goes on.
        let actor = Actor::system("test").because("life goes on");
        let work = async |unit: millrace_operations::Unit| {
            let read = unit.get::<account::Model>(1).await?;
            let change = account::ActiveModel {
                industry: Set(Some("purification".to_owned())),
                ..Default::default()
            };
            unit.update(&read, change).await
        };
        live.store.write(&actor, work).await.unwrap();
        settled(&live.store).await;
        assert_eq!(live.round().await.unwrap().entries, 1);
        let accounts = published_rows(&live.lake, "accounts").await;
        assert!(accounts.iter().any(|row| row.contains("purification")));
        equals_a_full_rebuild(&live).await;
        assert!(live.lake.flaws().await.unwrap().is_empty());
        all_is_well(&firm, &place, &data).await;
    }
}

async fn equals_a_full_rebuild(live: &Live) {
    let step_by_step = all_marts(&live.lake).await;
    run_leased(&live.lake, &live.store, &full(live))
        .await
        .unwrap();
    let at_once = all_marts(&live.lake).await;
    for (mart, rows) in &at_once {
        assert_eq!(&step_by_step[mart], rows, "{mart}");
    }
}

fn patient(firm: &Firm, place: &Place, data: &Path) -> Patient {
    Patient {
        data_dir: data.to_owned(),
        config_file: data.join("millrace.toml"),
        company: Company::default(),
        server: ServerSettings::default(),
        backup: BackupSettings::default(),
        place: place.clone(),
        mail: None,
        clock: firm.office.clock.clone(),
    }
}

/// What was restored is whole to `doctor` as well. (The clock of the test is not that of the database.)
async fn all_is_well(firm: &Firm, place: &Place, data: &Path) {
    let found = examine(&patient(firm, place, data), |_| {}).await;
    for finding in found {
        let depends = ["fonts", "free space", "clock", "backup", "calendar"];
        if !depends.contains(&finding.check) {
            assert_eq!(finding.state, State::Ok, "{finding:?}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_the_middle_of_work_restores_on_each_database_from_sqlite() {
    Box::pin(in_the_middle_of_work(Office::on_sqlite().await, 41)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_the_middle_of_work_restores_on_each_database_from_postgres() {
    if let Some(office) = Office::on_postgres().await {
        Box::pin(in_the_middle_of_work(office, 42)).await;
    }
}

/// A small firm with an archive, its members in their order.
async fn archived() -> (Firm, PathBuf, Vec<(String, Vec<u8>)>) {
    let firm = Firm::over(Office::on_sqlite().await).await;
    firm.office.work(&mut Dice::new(7), 30).await;
    firm.attach(b"a file").await;
    firm.live.round().await.unwrap();
    let file = firm.backup("whole.tar.zst").await;
    let mut members = Vec::new();
    let opened = std::fs::File::open(&file).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(opened).unwrap());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        members.push((name, bytes));
    }
    (firm, file, members)
}

fn write(file: &Path, members: &[(String, Vec<u8>)]) {
    let encoder = zstd::Encoder::new(std::fs::File::create(file).unwrap(), 1).unwrap();
    let mut archive = tar::Builder::new(encoder);
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        // As it is written: the library would refuse such names.
        let raw = header.as_gnu_mut().unwrap();
        raw.name.fill(0);
        raw.name[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        if name.len() < 100 {
            archive.append(&header, &bytes[..]).unwrap();
        } else {
            archive.append_data(&mut header, name, &bytes[..]).unwrap();
        }
    }
    archive
        .into_inner()
        .unwrap()
        .finish()
        .unwrap()
        .flush()
        .unwrap();
}

/// What is said when an archive is restored that must not be; and that nothing is left of it.
async fn refusal(firm: &Firm, file: &Path) -> String {
    let place = Place::File(firm.folder.path().join("refused/operations.db"));
    let error = firm.restored(file, &place, "refused").await.unwrap_err();
    assert!(error.is::<ArchiveError>(), "{error:#}");
    let left = firm.folder.path().join("refused");
    assert!(!left.exists(), "{error:#}: something is left");
    let checked = check(file, &Quiet);
    // Only what concerns the database is found out later.
    if let Err(checked) = checked {
        assert_eq!(checked.to_string(), error.to_string());
    }
    format!("{error:#}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_was_changed_is_refused_and_its_member_named() {
    let (firm, whole, members) = archived().await;
    let file = firm.folder.path().join("changed.tar.zst");
    write(&file, &members);
    check(&file, &Quiet).unwrap();
    let place = |name: &str| {
        members
            .iter()
            .position(|(own, _)| own.contains(name))
            .unwrap()
    };

    let mut changed = members.clone();
    let rows = place("database/accounts/");
    let byte = changed[rows].1.iter().position(u8::is_ascii_digit).unwrap();
    changed[rows].1[byte] ^= 1;
    write(&file, &changed);
    let said = refusal(&firm, &file).await;
    assert_eq!(
        said,
        "database/accounts/000001.copy: was changed: its SHA-256 is not that of the manifest"
    );

    let mut changed = members.clone();
    changed[rows].1.pop();
    write(&file, &changed);
    assert!(
        refusal(&firm, &file)
            .await
            .starts_with("database/accounts/000001.copy: has ")
    );

    let mut changed = members.clone();
    let lost = changed.remove(place(".parquet"));
    write(&file, &changed);
    assert_eq!(
        refusal(&firm, &file).await,
        format!("{}: is missing", lost.0)
    );

    let mut changed = members.clone();
    let twice = changed[place("attachments/")].clone();
    changed.insert(3, twice.clone());
    write(&file, &changed);
    assert_eq!(
        refusal(&firm, &file).await,
        format!("{}: is there twice", twice.0)
    );

    let mut changed = members.clone();
    changed.insert(3, ("lake/beside".to_owned(), b"x".to_vec()));
    write(&file, &changed);
    assert_eq!(
        refusal(&firm, &file).await,
        "lake/beside: is not in the manifest"
    );

    let mut changed = members.clone();
    let end = changed.len() - 1;
    changed.swap(end, end - 1);
    write(&file, &changed);
    assert!(
        refusal(&firm, &file)
            .await
            .contains("stands behind the manifest")
    );

    let mut changed = members.clone();
    changed.pop();
    write(&file, &changed);
    assert!(
        refusal(&firm, &file)
            .await
            .contains("the archive ends behind it: it is cut off")
    );

    // The bytes of the file itself.
    let bytes = std::fs::read(&whole).unwrap();
    for cut in [bytes.len() - 1, bytes.len() / 2, 200] {
        std::fs::write(&file, &bytes[..cut]).unwrap();
        let said = refusal(&firm, &file).await;
        assert!(said.contains("cut off"), "{cut}: {said}");
    }
    for flipped in (100..bytes.len()).step_by(bytes.len() / 9) {
        let mut changed = bytes.clone();
        changed[flipped] ^= 0x10;
        std::fs::write(&file, &changed).unwrap();
        refusal(&firm, &file).await;
    }
    std::fs::write(&file, b"no archive at all").unwrap();
    assert!(
        refusal(&firm, &file)
            .await
            .contains("no backup of Millrace")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_lead_elsewhere_and_newer_forms_are_refused() {
    let (firm, _, members) = archived().await;
    let file = firm.folder.path().join("evil.tar.zst");
    for name in [
        "../outside",
        "lake/../../outside",
        "/tmp/outside",
        "lake//outside",
        "lake/./outside",
        "lake\\outside",
        "C:/outside",
        "elsewhere/file",
        "millrace.toml",
    ] {
        let mut changed = members.clone();
        changed.insert(2, (name.to_owned(), b"x".to_vec()));
        write(&file, &changed);
        let said = refusal(&firm, &file).await;
        assert!(
            said.contains("outside of the archive") || said.contains("none of the files"),
            "{name}: {said}"
        );
        assert!(!firm.folder.path().join("outside").exists());
    }
    let mut changed = members.clone();
    let header = String::from_utf8(changed[0].1.clone()).unwrap();
    let newer = header.replace("\"format\": 1", "\"format\": 2, \"more\": {}");
    changed[0].1 = newer.into_bytes();
    write(&file, &changed);
    assert!(
        refusal(&firm, &file)
            .await
            .starts_with("the archive is of form 2, and this program")
    );

    // A link is no file.
    let encoder = zstd::Encoder::new(std::fs::File::create(&file).unwrap(), 1).unwrap();
    let mut archive = tar::Builder::new(encoder);
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    archive
        .append_link(&mut header, "lake/link", "/etc")
        .unwrap();
    archive.into_inner().unwrap().finish().unwrap();
    assert_eq!(refusal(&firm, &file).await, "lake/link: is no plain file");

    // The database's part of a newer program.
    let mut changed = members.clone();
    let last = changed.len() - 1;
    let manifest = String::from_utf8(changed[last].1.clone()).unwrap();
    changed[last].1 = manifest.replace("0002_pool", "9999_future").into_bytes();
    write(&file, &changed);
    let said = refusal(&firm, &file).await;
    assert!(
        said.contains("another version of the program") && said.contains("9999_future"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_goes_where_nothing_is_or_moves_it_aside() {
    let (firm, file, _) = archived().await;
    let root = firm.folder.path().to_owned();
    for (name, place) in places(&root, "twice").await {
        firm.restored(&file, &place, &name).await.unwrap();
        let data = root.join(&name);
        let before = listed(&data);
        let error = firm.restored(&file, &place, &name).await.unwrap_err();
        assert!(error.to_string().contains("is there already"), "{error:#}");
        assert_eq!(listed(&data), before);
        let what = Restore {
            file: file.clone(),
            data_dir: data.clone(),
            place: place.clone(),
            force: true,
            now: firm.live.store.now(),
        };
        let restored = Box::pin(restore(&what, Arc::new(Quiet))).await.unwrap();
        let aside = restored.aside.unwrap();
        assert!(Lake::open(&aside.join("lake")).await.is_ok());
        assert!(!restored.settings_taken);
        let live = firm.live_at(&place, &name).await;
        live.lake.latest_set().await.unwrap().unwrap();
        let count = account::Entity::find()
            .count(live.store.reader())
            .await
            .unwrap();
        let own = account::Entity::find()
            .count(firm.live.store.reader())
            .await
            .unwrap();
        assert_eq!(count, own);
        match &place {
            Place::File(_) => assert!(aside.join("operations.db").exists()),
            Place::Url(_) => assert!(
                restored
                    .aside_schema
                    .unwrap()
                    .starts_with("before_restore_")
            ),
        }
        live.store.close().await.unwrap();
    }
    // An empty data directory and a database that is not.
    if let Some(server) = Postgres::shared() {
        let place = Place::Url(server.database().await.unwrap());
        let company = Company::default();
        let store = Store::open(&place, firm.office.clock.clone(), &company);
        store.await.unwrap().close().await.unwrap();
        let error = firm.restored(&file, &place, "filled").await.unwrap_err();
        assert!(
            format!("{error:#}").contains("the database is not empty"),
            "{error:#}"
        );
        assert!(!root.join("filled").exists());
    }
}

fn listed(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_stopped_or_in_the_way_leaves_nothing() {
    let (firm, file, _) = archived().await;
    let from = firm.installation();
    let whole = std::fs::read(&file).unwrap();
    let again = take(&from, &file, false, Arc::new(Quiet), std::future::pending());
    let error = Box::pin(again).await.unwrap_err();
    assert!(error.to_string().contains("is there already"), "{error:#}");
    assert_eq!(std::fs::read(&file).unwrap(), whole);
    let record = read_record(&firm.data).unwrap();
    assert_eq!(record.failed, None);
    assert_eq!(record.last.unwrap().file, file);

    let stopped = firm.folder.path().join("stopped.tar.zst");
    let taken = take(
        &from,
        &stopped,
        false,
        Arc::new(Quiet),
        std::future::ready(()),
    );
    let error = Box::pin(taken).await.unwrap_err();
    assert!(error.to_string().contains("stopped"), "{error:#}");
    // The writer may be on its way to see that nobody wants it any more.
    let part = firm.folder.path().join("stopped.tar.zst.part");
    while part.exists() {
        tokio::task::yield_now().await;
    }
    assert!(!stopped.exists());

    let hour = TimeDelta::hours(1);
    // Where it was stopped while it took its lease, that ends by itself.
    firm.office.clock.advance(TimeDelta::minutes(1));
    let held = take_lease(&from.store, "backup", "another", hour)
        .await
        .unwrap();
    held.unwrap();
    let taken = take(
        &from,
        &stopped,
        false,
        Arc::new(Quiet),
        std::future::pending(),
    );
    // It waits for the other one, and nothing is removed from the lake meanwhile.
    tokio::select! {
        biased;
        done = Box::pin(taken) => panic!("{done:?}"),
        upkept = millrace_jobs::upkeep(&from.lake, &from.store) => {
            assert_eq!(upkept.unwrap().removed_entries, 0);
        }
    }
    let later = hour * 24 * 3;
    firm.office.clock.advance(later);
    let replaced = take(&from, &file, true, Arc::new(Quiet), std::future::pending());
    Box::pin(replaced).await.unwrap();
    check(&file, &Quiet).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_lost_is_told_of_and_everything_else_is_kept() {
    let (firm, _, _) = archived().await;
    let key = firm.attach(b"will be lost").await;
    let other = firm.attach(b"will be changed").await;
    let files = firm.data.join("attachments");
    std::fs::remove_file(files.join(&key)).unwrap();
    std::fs::write(files.join(&other), b"WILL BE CHANGED").unwrap();
    let file = firm.backup("lossy.tar.zst").await;
    let manifest = check(&file, &Quiet).unwrap();
    assert_eq!(manifest.attachments.missing, std::slice::from_ref(&key));
    assert_eq!(
        manifest.attachments.damaged,
        [format!("attachments/{other}")]
    );
    assert!(!manifest.attachments.is_whole());
    let place = firm.office.place.clone();
    let found = examine(&patient(&firm, &place, &firm.data), |_| {}).await;
    let finding = found.iter().find(|own| own.check == "attachments").unwrap();
    assert_eq!(finding.state, State::Error);
    assert!(finding.says.contains(&key), "{finding:?}");
    // A lost file of the lake is another matter: without it the numbers are not those of then.
    let table = firm.live.lake.table("raw/account").await.unwrap();
    std::fs::remove_file(&table.files()[0].path).unwrap();
    let file = firm.folder.path().join("broken.tar.zst");
    let from = firm.installation();
    let taken = take(&from, &file, false, Arc::new(Quiet), std::future::pending());
    let error = format!("{:#}", Box::pin(taken).await.unwrap_err());
    assert!(
        error.contains("raw/account") && error.contains("cannot be read"),
        "{error}"
    );
    assert!(!file.exists());
    let found = examine(&patient(&firm, &place, &firm.data), |_| {}).await;
    let finding = found.iter().find(|own| own.check == "lake").unwrap();
    assert_eq!(finding.state, State::Error);
    let finding = found.iter().find(|own| own.check == "backup").unwrap();
    assert_eq!(finding.state, State::Error, "{finding:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn daily_backups_are_read_back_and_thinned() {
    let (firm, _, _) = archived().await;
    let settings = BackupSettings {
        daily: 2,
        weekly: 0,
        monthly: 0,
        ..BackupSettings::default()
    };
    let directory = firm.data.join("backups");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("notes.txt"), "mine").unwrap();
    let mut names = Vec::new();
    for _ in 0..4 {
        let from = firm.installation();
        let done = daily(&from, &settings, Arc::new(Quiet), std::future::pending());
        let done = Box::pin(done).await.unwrap();
        let name = done.taken.file.file_name().unwrap();
        names.push(name.to_string_lossy().into_owned());
        firm.office.clock.advance(TimeDelta::days(1));
    }
    let kept: Vec<String> = names[2..]
        .iter()
        .cloned()
        .chain(["notes.txt".to_owned()])
        .collect();
    assert_eq!(listed(&directory), kept);
    // One that cannot be taken removes nothing.
    let table = firm.live.lake.table("raw/account").await.unwrap();
    std::fs::remove_file(&table.files()[0].path).unwrap();
    let none = BackupSettings {
        daily: 1,
        ..settings
    };
    let from = firm.installation();
    let failed = daily(&from, &none, Arc::new(Quiet), std::future::pending());
    Box::pin(failed).await.unwrap_err();
    assert_eq!(listed(&directory), kept);
    let record = read_record(&firm.data).unwrap();
    assert!(record.failed.unwrap().error.contains("raw/account"));
    assert!(record.last.unwrap().file.ends_with(&names[3]));
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_under_writes_agree_with_themselves_whenever_they_are_taken() {
    for office in [Some(Office::on_sqlite().await), Office::on_postgres().await] {
        let Some(office) = office else { continue };
        let firm = Firm::over(office).await;
        firm.office.work(&mut Dice::new(3), 30).await;
        let ended = AtomicBool::new(false);
        let working = async {
            let mut dice = Dice::new(9);
            for step in 1.. {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                firm.office.step(&mut dice).await;
                if step % 15 == 0 {
                    // A backup may be at it just now.
                    let _ = firm.live.round().await;
                }
            }
        };
        let backups = async {
            let mut files = Vec::new();
            for number in 0..3 {
                files.push(firm.backup(&format!("{number}.tar.zst")).await);
            }
            ended.store(true, Ordering::Relaxed);
            files
        };
        let (files, ()) = tokio::join!(backups, working);
        for (number, file) in files.iter().enumerate() {
            let name = format!("again-{number}");
            let place = Place::File(firm.folder.path().join(&name).join("operations.db"));
            let restored = firm.restored(file, &place, &name).await.unwrap();
            let live = firm.live_at(&place, &name).await;
            live.round().await.unwrap();
            let behind = millrace_ingest::changes_behind(&live.lake, &live.store);
            assert_eq!(behind.await.unwrap().entries, 0);
            equals_a_full_rebuild(&live).await;
            let marts = published_rows(&live.lake, "accounts").await;
            assert_eq!(marts.len() as u64, restored.manifest.rows["accounts"]);
            live.store.close().await.unwrap();
        }
    }
}
