//! What waits to be read by a client: so many messages and so many bytes, and no more.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Bytes that one permit stands for.
const UNIT: usize = 1 << 10;

/// A message that waits, and its place.
pub(super) struct Waiting {
    pub(super) text: String,
    _bytes: OwnedSemaphorePermit,
}

/// Where messages wait; whoever puts one waits for room.
#[derive(Clone)]
pub(super) struct Queue {
    messages: mpsc::Sender<Waiting>,
    bytes: Arc<Semaphore>,
    units: usize,
}

/// Room for one message.
pub(super) struct Room<'a> {
    message: mpsc::Permit<'a, Waiting>,
    bytes: OwnedSemaphorePermit,
}

impl Queue {
    /// Room for so many messages and so many bytes; a single message always fits once nothing else waits.
    pub(super) fn new(messages: usize, bytes: usize) -> (Self, mpsc::Receiver<Waiting>) {
        let (sender, receiver) = mpsc::channel(messages.max(1));
        let units = bytes.div_ceil(UNIT).clamp(1, Semaphore::MAX_PERMITS);
        (Self { messages: sender, bytes: Arc::new(Semaphore::new(units)), units }, receiver)
    }

    /// Waits for room for a message of so many bytes; `None` where nobody reads any more.
    pub(super) async fn room(&self, bytes: usize) -> Option<Room<'_>> {
        let units = u32::try_from(bytes.div_ceil(UNIT).min(self.units)).unwrap_or(u32::MAX);
        tokio::select! {
            bytes = self.bytes.clone().acquire_many_owned(units) => {
                Some(Room { message: self.messages.reserve().await.ok()?, bytes: bytes.ok()? })
            }
            () = self.messages.closed() => None,
        }
    }

    /// Waits for room and puts a message there.
    pub(super) async fn put(&self, text: String) {
        if let Some(room) = self.room(text.len()).await {
            room.put(text);
        }
    }
}

impl Room<'_> {
    pub(super) fn put(self, text: String) {
        self.message.send(Waiting { text, _bytes: self.bytes });
    }
}
