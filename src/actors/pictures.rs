//! The pictures of one attempt's article: rows from the database, files from the disk, never on an async thread.

use super::db::DbHandle;
use crate::db::media::MediaRow;
use crate::db::media_uploads::Uploaded;
use crate::domain::clock::Clock;
use crate::domain::fault::{Fault, MediaFault};
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::media::{MediaFacts, UploadAnswer};
use crate::domain::media_limits::MediaLimits;
use crate::media::{Anew, Fitted, Received, Store, StoreError, Writing, check_whole, fit};
use crate::operations::OperationError;
use crate::operations::media::publishing::{
    FindPicture, FindUpload, KeepFetched, KnownPicture, KnownPictures, NoteUpload, UploadOf,
};
use crate::platforms::pictures::{Coming, FetchFault, Known, NotReady, PictureFile, Shelf, Upload};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::io::BufReader;
use std::sync::Arc;

/// The shelf of one attempt.
#[derive(Clone)]
pub struct Pictures {
    pub db: DbHandle,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub content: ContentId,
    pub revision: i32,
    pub account: AccountId,
}

impl Pictures {
    fn upload(&self, of: Upload) -> UploadOf {
        let Upload { media, purpose, place } = of;
        UploadOf { account: self.account, media, purpose, place }
    }
}

impl Shelf for Pictures {
    fn known(&self, place: String) -> LocalBoxFuture<'static, Result<Vec<Known>, NotReady>> {
        let Pictures { content, revision, account, db, .. } = self.clone();
        async move {
            let known = db.perform(KnownPictures { content, revision, account, place }).await;
            let told = |KnownPicture { source, row, uploads }| Known {
                source,
                facts: row.facts(),
                uploads: uploads.into_iter().map(|(purpose, uploaded)| (purpose, answer(uploaded))).collect(),
            };
            Ok(known.map_err(not_ready)?.into_iter().map(told).collect())
        }
        .boxed_local()
    }

    fn find(&self, source: String) -> LocalBoxFuture<'static, Result<Option<MediaFacts>, NotReady>> {
        let find = FindPicture { content: self.content, revision: self.revision, source };
        let db = self.db.clone();
        async move { Ok(db.perform(find).await.map_err(not_ready)?.map(|row| row.facts())) }.boxed_local()
    }

    fn begin(&self, source: String) -> LocalBoxFuture<'static, Result<Box<dyn Coming>, NotReady>> {
        let of = self.clone();
        async move {
            let store = of.store.clone();
            let writing = blocking(move || store.write()).await?.map_err(|why| of_the_store(&source, why))?;
            Ok(Box::new(Fetched { of, source, writing }) as Box<dyn Coming>)
        }
        .boxed_local()
    }

    fn has(&self, source: String, facts: MediaFacts) -> LocalBoxFuture<'static, Result<(), NotReady>> {
        let store = self.store.clone();
        let look = move || store.needs(&facts).map_err(|why| of_the_store(&source, why));
        async move { blocking(look).await? }.boxed_local()
    }

    fn fitted(
        &self,
        source: String,
        facts: MediaFacts,
        limits: MediaLimits,
    ) -> LocalBoxFuture<'static, Result<PictureFile, NotReady>> {
        let store = self.store.clone();
        let work = move || -> Result<PictureFile, NotReady> {
            let of_the_store = |why| of_the_store(&source, why);
            let file = store.open(&facts.sha256).map_err(of_the_store)?;
            match fit(&source, &facts, BufReader::new(file), &limits)? {
                Fitted::AsItIs => {
                    let bytes = store.read(&facts.sha256, PictureFile::ROOM).map_err(of_the_store)?;
                    Ok(PictureFile { kind: facts.kind, bytes })
                }
                Fitted::Anew(Anew { kind, bytes }) => Ok(PictureFile { kind, bytes }),
            }
        };
        async move { blocking(work).await? }.boxed_local()
    }

    fn uploaded(&self, of: Upload) -> LocalBoxFuture<'static, Result<Option<UploadAnswer>, NotReady>> {
        let (find, db) = (FindUpload(self.upload(of)), self.db.clone());
        async move {
            let found: Option<Uploaded> = db.perform(find).await.map_err(not_ready)?;
            Ok(found.map(answer))
        }
        .boxed_local()
    }

    fn note(
        &self,
        of: Upload,
        answer: Option<UploadAnswer>,
    ) -> LocalBoxFuture<'static, Result<(), NotReady>> {
        let (db, uploaded_at) = (self.db.clone(), self.clock.now());
        let uploaded =
            answer.map(|UploadAnswer { platform_id, url }| Uploaded { platform_id, url, uploaded_at });
        let note = NoteUpload { of: self.upload(of), uploaded };
        async move { db.perform(note).await.map_err(not_ready) }.boxed_local()
    }
}

fn answer(uploaded: Uploaded) -> UploadAnswer {
    UploadAnswer { platform_id: uploaded.platform_id, url: uploaded.url }
}

/// What is fetched, on its way to the disk.
struct Fetched {
    of: Pictures,
    source: String,
    writing: Writing,
}

impl Coming for Fetched {
    fn add(
        self: Box<Self>,
        part: Vec<u8>,
    ) -> LocalBoxFuture<'static, Result<(Box<dyn Coming>, Vec<u8>), NotReady>> {
        let Fetched { of, source, mut writing } = *self;
        async move {
            let add = move || writing.add(&part).map(|()| (writing, part));
            let (writing, part) = blocking(add).await?.map_err(|why| of_the_store(&source, why))?;
            Ok((Box::new(Fetched { of, source, writing }) as Box<dyn Coming>, part))
        }
        .boxed_local()
    }

    fn end(self: Box<Self>) -> LocalBoxFuture<'static, Result<MediaFacts, NotReady>> {
        let Fetched { of: Pictures { db, store, content, revision, .. }, source, writing } = *self;
        async move {
            let name = source.clone();
            let received = blocking(move || receive(&store, &name, writing)).await??;
            let keep = KeepFetched { content, revision, source, received };
            let row: MediaRow = db.perform(keep).await.map_err(not_ready)?;
            Ok(row.facts())
        }
        .boxed_local()
    }
}

/// What came over a network is looked at to its end: a picture that was cut short would be kept so for good.
fn receive(store: &Store, source: &str, writing: Writing) -> Result<Received, NotReady> {
    let of_the_store = |why| of_the_store(source, why);
    let received = store.end(writing.end(), source).map_err(of_the_store)?;
    let file = store.open_received(&received).map_err(of_the_store)?;
    match check_whole(source, &received.facts, BufReader::new(file)) {
        Err(MediaFault::Broken { picture, why, .. }) => {
            Err(NotReady::NotFetched { picture, fault: FetchFault::Unreadable(why) })
        }
        Err(fault) => Err(fault.into()),
        Ok(()) => Ok(received),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotReady> {
    let done = actix_rt::task::spawn_blocking(work).await;
    done.map_err(|error| NotReady::NotAtHand(error.to_string()))
}

/// `picture` is what the text calls it.
fn of_the_store(picture: &str, error: StoreError) -> NotReady {
    match error {
        StoreError::Picture(fault) => NotReady::Wrong(fault),
        // Nothing brings it back but a person.
        StoreError::Gone(_) => MediaFault::FileGone { picture: picture.to_owned() }.into(),
        StoreError::Io { .. } | StoreError::Away(_) | StoreError::NoFolder => {
            NotReady::NotAtHand(error.to_string())
        }
    }
}

/// What is wrong with a picture is told as that; all else passes, or is ours.
fn not_ready(error: OperationError) -> NotReady {
    if let OperationError::Invalid(fields) = &error
        && let Some(Fault::Media(fault)) = fields.first().map(|field| &field.fault)
    {
        return NotReady::Wrong((**fault).clone());
    }
    NotReady::NotAtHand(error.to_string())
}
