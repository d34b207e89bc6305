//! What is on the disk, at each moment.

use super::*;
use image::{DynamicImage, ImageFormat};
use std::io::Cursor;

const LATER: Timestamp = Timestamp::from_micros(i64::MAX);
const EARLIER: Timestamp = Timestamp::from_micros(0);

fn png(width: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, 1).write_to(&mut bytes, ImageFormat::Png).expect("drawn");
    bytes.into_inner()
}

/// Every file below, by the way from there.
fn files(dir: &Path) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in entries(&folder).expect("a folder") {
            let path = entry.path();
            match path.is_dir() {
                true => open.push(path),
                false => found.push(path.strip_prefix(dir).expect("below").display().to_string()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_picture_is_there_once_it_has_its_place_and_not_before() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::at(dir.path().join("media"));
    let received = store.receive("posts/图 1.png", &png(3)[..]).expect("received");
    let hash = received.facts.sha256.clone();
    assert_eq!(received.name.as_deref(), Some("图 1.png"));
    assert!(matches!(store.read(&hash, 0), Err(StoreError::Away(_))));
    assert_eq!(files(dir.path()).len(), 1, "what is on its way is beside the others");
    let mut bytes = Vec::new();
    store.open_received(&received).expect("open").read_to_end(&mut bytes).expect("read");
    assert_eq!(bytes, png(3));

    store.place(&received).expect("placed");
    let folder = &hash.as_str()[..2];
    assert_eq!(files(dir.path()), [format!("media/{folder}/{hash}")]);
    assert_eq!(store.read(&hash, 0).expect("read"), png(3));

    // The same file again, under another name: there is nothing to be written, and nothing is.
    let again = store.receive("b.png", &png(3)[..]).expect("received");
    assert_eq!(files(dir.path()).len(), 1);
    store.place(&again).expect("placed");
    store.place(&received).expect("placed twice");
    drop((received, again));
    assert_eq!(store.read(&hash, 0).expect("read"), png(3), "dropping it takes nothing away");
}

#[test]
fn what_gets_no_place_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::at(dir.path().join("media"));
    let received = store.receive("a.png", &png(1)[..]).expect("received");
    let other = received.clone();
    drop(received);
    assert_eq!(files(dir.path()).len(), 1, "somebody still knows of it");
    drop(other);
    assert_eq!(files(dir.path()), Vec::<String>::new());
    let refused = store.receive("a.png", &b"no picture"[..]);
    assert!(matches!(refused, Err(StoreError::Picture(MediaFault::UnknownKind { .. }))), "{refused:?}");
    assert_eq!(files(dir.path()), Vec::<String>::new());
}

#[test]
fn a_picture_that_has_gone_since_it_was_received_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::at(dir.path().to_owned());
    store.place(&store.receive("a.png", &png(1)[..]).expect("received")).expect("placed");
    let again = store.receive("a.png", &png(1)[..]).expect("received");
    assert!(store.remove(&again.facts.sha256).expect("removed"));
    assert!(matches!(store.place(&again), Err(StoreError::Gone(_))));
    assert!(!store.remove(&again.facts.sha256).expect("removed"));
    // One that is shorter than it should be is none, and is written anew.
    store.place(&store.receive("a.png", &png(1)[..]).expect("received")).expect("placed");
    let place = store.place_of(&again.facts.sha256).expect("a place");
    fs::write(&place, b"x").expect("written");
    store.place(&store.receive("a.png", &png(1)[..]).expect("received")).expect("placed");
    assert_eq!(store.read(&again.facts.sha256, 0).expect("read"), png(1));
}

#[test]
fn what_is_old_is_found_folder_by_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::at(dir.path().to_owned());
    let all = |before| -> Vec<MediaHash> {
        (0..FOLDERS).flat_map(|folder| store.older_than(before, folder).expect("read")).collect()
    };
    assert_eq!(all(LATER), [], "without a folder");
    let mut hashes: Vec<MediaHash> = (1..20)
        .map(|width| {
            let received = store.receive("a.png", &png(width)[..]).expect("received");
            store.place(&received).expect("placed");
            received.facts.sha256
        })
        .collect();
    hashes.sort();
    fs::write(dir.path().join(&hashes[0].as_str()[..2]).join("notes.txt"), b"x").expect("written");
    assert_eq!(all(LATER), hashes);
    assert_eq!(all(EARLIER), []);
}

#[test]
fn what_a_dead_process_left_is_swept_once_it_is_old() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::at(dir.path().to_owned());
    let received = store.receive("a.png", &png(1)[..]).expect("received");
    std::mem::forget(received.clone());
    drop(received);
    assert_eq!(store.sweep_incoming(EARLIER).expect("swept"), 0);
    assert_eq!(files(dir.path()).len(), 1);
    assert_eq!(store.sweep_incoming(LATER).expect("swept"), 1);
    assert_eq!(files(dir.path()), Vec::<String>::new());
}

#[test]
fn without_a_folder_nothing_is_taken() {
    let refused = Store::default().receive("a.png", &png(1)[..]);
    assert!(matches!(refused, Err(StoreError::NoFolder)), "{refused:?}");
}

/// Where a disk is not mounted nobody has removed a picture: what waits for one is not to fail for good.
#[test]
fn a_file_that_is_gone_is_told_from_a_folder_that_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("media");
    let store = Store::at(root.clone());
    let received = store.receive("a.png", &png(3)[..]).expect("received");
    store.place(&received).expect("placed");
    let facts = &received.facts;
    store.needs(facts).expect("there");
    store.remove(&facts.sha256).expect("removed");
    assert!(matches!(store.needs(facts), Err(StoreError::Gone(hash)) if hash == facts.sha256));
    assert!(matches!(store.open(&facts.sha256), Err(StoreError::Gone(_))));
    for empty in [true, false] {
        fs::remove_dir_all(&root).expect("unmounted");
        if empty {
            fs::create_dir_all(root.join(INCOMING)).expect("a folder");
        }
        assert!(matches!(store.needs(facts), Err(StoreError::Away(path)) if path == root), "{empty}");
        assert!(matches!(store.open(&facts.sha256), Err(StoreError::Away(_))), "{empty}");
    }
}
