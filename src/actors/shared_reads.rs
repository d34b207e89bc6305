//! Reads that several ask for at once, answered together: a count over the whole pool costs the same for one who waits
//! and for thirty.
//!
//! Nobody joins a read that began before he asked, so that each sees what he himself has written: who comes during one
//! waits for the next. Nothing is kept.

use super::db::DbHandle;
use crate::operations::{Operation, OperationError};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Who waits for the next read of the same kind; whoever finds this full asks on his own, and is told if that is too
/// much.
const WAITING_MAX: usize = 512;

/// A failure is told to one only; the others ask on their own.
type Told<O> = Option<Result<Arc<<O as Operation>::Output>, OperationError>>;
type Waiting<O> = Vec<oneshot::Sender<Told<O>>>;
type Rooms<O> = Arc<Mutex<HashMap<O, Waiting<O>>>>;

/// The reads of one kind that are under way. Cheap to clone.
pub struct SharedReads<O: Operation> {
    db: DbHandle,
    rooms: Rooms<O>,
}

impl<O: Operation> Clone for SharedReads<O> {
    fn clone(&self) -> Self {
        SharedReads { db: self.db.clone(), rooms: self.rooms.clone() }
    }
}

impl<O> SharedReads<O>
where
    O: Operation + Clone + Eq + Hash,
    O::Output: Sync,
{
    pub fn new(db: DbHandle) -> Self {
        SharedReads { db, rooms: Rooms::<O>::default() }
    }

    /// Reads, alone or with others.
    pub async fn ask(&self, question: O) -> Result<Arc<O::Output>, OperationError> {
        let (tell, answer) = oneshot::channel();
        self.enter(&question, tell);
        match answer.await {
            Ok(Some(told)) => told,
            // The read failed, the room was full, or the thread that read has ended.
            Ok(None) | Err(_) => self.db.perform(question).await.map(Arc::new),
        }
    }

    /// Where there is no place, `tell` is dropped, which its other end notices.
    fn enter(&self, question: &O, tell: oneshot::Sender<Told<O>>) {
        let mut rooms = self.rooms.lock();
        match rooms.get_mut(question) {
            Some(waiting) if waiting.len() >= WAITING_MAX => {}
            Some(waiting) => waiting.push(tell),
            None => {
                rooms.insert(question.clone(), Vec::new());
                let room = Room { question: question.clone(), rooms: self.rooms.clone() };
                actix_rt::spawn(read_for(room, self.db.clone(), vec![tell]));
            }
        }
    }
}

/// Closed when it is dropped, also where the thread of its reader ends.
struct Room<O: Operation + Eq + Hash> {
    question: O,
    rooms: Rooms<O>,
}

impl<O: Operation + Eq + Hash> Drop for Room<O> {
    fn drop(&mut self) {
        self.rooms.lock().remove(&self.question);
    }
}

/// Reads for those who wait, and again for those who came meanwhile, until nobody is left.
async fn read_for<O>(room: Room<O>, db: DbHandle, mut asked: Waiting<O>)
where
    O: Operation + Clone + Eq + Hash,
    O::Output: Sync,
{
    loop {
        match db.perform(room.question.clone()).await.map(Arc::new) {
            Ok(output) => asked.into_iter().for_each(|one| tell::<O>(one, Some(Ok(output.clone())))),
            Err(error) => {
                let mut error = Some(error);
                asked.into_iter().for_each(|one| tell::<O>(one, error.take().map(Err)));
            }
        }
        let mut rooms = room.rooms.lock();
        match rooms.get_mut(&room.question) {
            Some(waiting) if !waiting.is_empty() => asked = std::mem::take(waiting),
            // Under the same lock as the look, so that nobody enters between the two.
            Some(_) | None => {
                rooms.remove(&room.question);
                drop(rooms);
                return;
            }
        }
    }
}

fn tell<O: Operation>(one: oneshot::Sender<Told<O>>, what: Told<O>) {
    // Whoever has gone needs no answer.
    let _ = one.send(what);
}
