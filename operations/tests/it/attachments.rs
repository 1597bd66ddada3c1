//! Files: taken in whole or not at all, seen by whom the account is seen.

use bytes::Bytes;
use chrono::TimeDelta;
use futures::{TryStreamExt as _, stream};
use millrace_operations::entity::attachment;
use millrace_operations::files::{Files, Stored};
use millrace_operations::resources::{ListQuery, get, list};
use millrace_operations::service::attachment::{NewAttachment, admit, attach, open, remove};
use millrace_operations::{ErrorKind, OperationsError, Result};
use tempfile::TempDir;

use crate::desk::{Desk, field, go};
use crate::support::{Home, contract};

contract! {
    the_requirements_open_the_stage,
    a_file_is_seen_with_its_account,
    what_is_not_taken_leaves_nothing,
}

const PDF: &[u8] = b"%PDF-1.7 what we need";

fn place() -> (TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(&folder.path().join("attachments")).unwrap();
    (folder, files)
}

async fn taken(files: &Files, name: &str, most: u64, pieces: &[&'static [u8]]) -> Result<Stored> {
    let pieces = pieces.iter().map(|piece| Ok(Bytes::from_static(piece)));
    let pieces = stream::iter(pieces.collect::<Vec<Result<Bytes>>>());
    files.take_in(name, most, pieces).await
}

fn of_deal(deal: i64) -> NewAttachment {
    NewAttachment {
        entity: "opportunity".to_owned(),
        record_id: deal,
        kind: "requirements".to_owned(),
        file_name: "需求.pdf".to_owned(),
    }
}

/// All names under the folder.
fn names(folder: &TempDir) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = vec![folder.path().to_owned()];
    while let Some(path) = next.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                next.push(entry.path());
            } else {
                names.push(entry.file_name().into_string().unwrap());
            }
        }
    }
    names
}

async fn the_requirements_open_the_stage(home: Home) {
    let desk = Desk::open(home).await;
    let (folder, files) = place();
    let deal = desk.deal().await;
    for code in ["first_contact", "requirements"] {
        desk.to(&desk.rep, deal, code).await.unwrap();
    }
    let unmet = desk.to(&desk.rep, deal, "quotation").await.unwrap_err();
    assert!(matches!(unmet, OperationsError::Unmet { .. }), "{unmet}");
    let store = &desk.home.store;
    let most = admit(store, &desk.rep, &of_deal(deal)).await.unwrap();
    let stored = taken(&files, "需求.pdf", most, &[&PDF[..9], &PDF[9..]])
        .await
        .unwrap();
    assert_eq!((stored.bytes, stored.media_type), (21, "application/pdf"));
    assert_eq!(names(&folder), std::slice::from_ref(&stored.sha256));
    desk.home.clock.advance(TimeDelta::hours(1));
    let made = go!(desk, &desk.rep, attach(of_deal(deal), stored.clone())).unwrap();
    assert_eq!(made.account_id, Some(desk.account));
    assert_eq!(desk.read(deal).await.last_moved_at, store.now());
    desk.to(&desk.rep, deal, "quotation").await.unwrap();
    // The same bytes lie there once.
    let again = taken(&files, "copy.pdf", most, &[PDF]).await.unwrap();
    assert_eq!(again, stored);
    assert_eq!(names(&folder).len(), 1);
    let (row, bytes) = open(store, &files, &desk.rep, made.id).await.unwrap();
    assert_eq!(row.file_name, "需求.pdf");
    let whole: Vec<Bytes> = bytes.try_collect().await.unwrap();
    assert_eq!(whole.concat(), PDF);
    // Who brought it removes it, and the stage is closed to the next deal's move.
    let removed = go!(desk, &desk.rep, remove(made.id)).unwrap();
    assert!(removed.deleted_at.is_some());
}

async fn a_file_is_seen_with_its_account(home: Home) {
    let desk = Desk::open(home).await;
    let (_folder, files) = place();
    let deal = desk.deal().await;
    let store = &desk.home.store;
    let stored = taken(&files, "a.pdf", 100, &[PDF]).await.unwrap();
    let made = go!(desk, &desk.rep, attach(of_deal(deal), stored.clone())).unwrap();
    let outsider = desk.home.user("out", "rep", None).await;
    let refused = admit(store, &outsider, &of_deal(deal)).await;
    assert_eq!(field(refused), "record_id");
    let refused = go!(desk, &outsider, attach(of_deal(deal), stored.clone()));
    assert_eq!(field(refused), "record_id");
    let unseen = open(store, &files, &outsider, made.id).await.err().unwrap();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
    let unseen = go!(desk, &outsider, remove(made.id)).unwrap_err();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
    for caller in [&desk.rep, &desk.lead, &desk.assistant] {
        get(store, caller, &attachment::RESOURCE, made.id)
            .await
            .unwrap();
    }
    let refused = go!(desk, &desk.assistant, remove(made.id)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    go!(desk, &desk.lead, remove(made.id)).unwrap();
    for entity in ["product", "private_note", "attachment", "nothing"] {
        let wrong = NewAttachment {
            entity: entity.to_owned(),
            ..of_deal(1)
        };
        assert_eq!(
            field(admit(store, &desk.rep, &wrong).await),
            "entity",
            "{entity}"
        );
    }
    let reader = desk.home.user("reader", "director", None).await;
    let listed = list(store, &reader, &attachment::RESOURCE, &ListQuery::default()).await;
    assert!(listed.unwrap().rows.is_empty());
}

async fn what_is_not_taken_leaves_nothing(home: Home) {
    let desk = Desk::open(home).await;
    let (folder, files) = place();
    for (name, most, pieces) in [
        ("a.pdf", 20, &[PDF] as &[&[u8]]),
        ("a.pdf", 100, &[]),
        ("invoice.pdf", 100, &[b"MZ\x90\0"]),
        ("page.txt", 100, &[b"<html>"]),
    ] {
        let pieces: Vec<&'static [u8]> = pieces.to_vec();
        assert_eq!(
            field(taken(&files, name, most, &pieces).await),
            "file",
            "{name}"
        );
    }
    let broken = stream::iter([
        Ok(Bytes::from_static(PDF)),
        Err(OperationsError::Overloaded),
    ]);
    let broken: Result<Stored> = files.take_in("a.pdf", 100, broken).await;
    assert!(matches!(broken, Err(OperationsError::Overloaded)));
    assert!(names(&folder).is_empty(), "{:?}", names(&folder));
    // What a killed process left goes after a day.
    let incoming = folder.path().join("attachments/incoming");
    std::fs::create_dir_all(&incoming).unwrap();
    std::fs::write(incoming.join("0a"), PDF).unwrap();
    let written = std::fs::metadata(incoming.join("0a"))
        .unwrap()
        .modified()
        .unwrap();
    let written = chrono::DateTime::<chrono::Utc>::from(written);
    assert_eq!(
        files.sweep(written + TimeDelta::hours(23)).await.unwrap(),
        0
    );
    assert_eq!(
        files.sweep(written + TimeDelta::hours(25)).await.unwrap(),
        1
    );
    assert!(names(&folder).is_empty());
    drop(desk);
}
