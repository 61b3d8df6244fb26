//! What every place for blobs must do. Each implementation's tests call [`check`].

#![expect(clippy::expect_used, reason = "a test suite that other crates' tests call")]

use bytes::Bytes;

use crate::{Blobs, Key};

/// Checks `blobs`, which holds nothing yet.
///
/// # Panics
/// When it does not conform.
pub async fn check(blobs: &dyn Blobs) {
    written_is_read(blobs).await;
    replaced_whole(blobs).await;
    listed_by_folder(blobs).await;
    folders_are_no_blobs(blobs).await;
}

fn key(text: &str) -> Key {
    text.parse().expect("the suite's keys are valid")
}

async fn written_is_read(blobs: &dyn Blobs) {
    let key = key("t/one/picture.png");
    let get = async || blobs.get(&key).await.expect("get");
    let len = async || blobs.len(&key).await.expect("len");
    assert_eq!((get().await, len().await), (None, None), "nothing was written yet");
    blobs.delete(&key).await.expect("deleting what is not there is no error");

    for text in ["first", "", "the second, longer one"] {
        blobs.put(&key, Bytes::from(text)).await.expect("put");
        assert_eq!(get().await.as_deref(), Some(text.as_bytes()), "what was written is read");
        assert_eq!(len().await, Some(text.len() as u64), "the length is that of the bytes");
    }
    blobs.delete(&key).await.expect("delete");
    assert_eq!((get().await, len().await), (None, None), "a deleted blob is gone");
}

/// A reader beside two writers sees one of the versions, never a mixture, never nothing.
async fn replaced_whole(blobs: &dyn Blobs) {
    let key = key("race.bin");
    let version = |fill: u8| Bytes::from(vec![fill; 300_000]);
    let write = async |fill: u8| {
        for _ in 0..20 {
            blobs.put(&key, version(fill)).await.expect("put");
        }
    };
    let read = async || {
        for _ in 0..40 {
            let seen = blobs.get(&key).await.expect("get").expect("it is there all the time");
            assert!(seen == version(1) || seen == version(2), "a reader saw half a blob");
        }
    };
    blobs.put(&key, version(1)).await.expect("put");
    tokio::join!(write(1), write(2), read());
    blobs.delete(&key).await.expect("delete");
}

async fn listed_by_folder(blobs: &dyn Blobs) {
    let all = ["p/a.png", "p/b/c.png", "p/b/d/e.png", "pq/f.png"].map(key);
    for key in &all {
        blobs.put(key, Bytes::from_static(b"x")).await.expect("put");
    }
    for (prefix, expected) in
        [("p/", &all[..3]), ("p/b/", &all[1..3]), ("pq/", &all[3..]), ("nothing/", &[])]
    {
        let mut found = blobs.list(&key(prefix)).await.expect("list");
        found.sort_unstable();
        assert_eq!(found, expected, "the blobs below {prefix}");
    }
    for key in &all {
        blobs.delete(key).await.expect("delete");
    }
    assert_eq!(blobs.list(&key("p/")).await.expect("list"), [], "deleted blobs are not listed");
}

async fn folders_are_no_blobs(blobs: &dyn Blobs) {
    let (blob, folder) = (key("f/blob"), key("f/"));
    blobs.put(&blob, Bytes::from_static(b"x")).await.expect("put");
    assert!(blobs.get(&folder).await.is_err(), "a folder's key is refused");
    assert!(blobs.put(&folder, Bytes::new()).await.is_err(), "a folder's key is refused");
    assert!(blobs.list(&blob).await.is_err(), "a prefix ends in a slash");
    assert_eq!(blobs.get(&key("f")).await.expect("get"), None, "a folder holds no bytes");
    assert_eq!(blobs.len(&key("f")).await.expect("len"), None, "a folder has no length");
    assert_eq!(blobs.get(&key("f/blob/x")).await.expect("get"), None, "a blob has no parts");
    blobs.delete(&blob).await.expect("delete");
}
