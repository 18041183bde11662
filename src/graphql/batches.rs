//! Batches that begin only when nothing else can go on: what a page costs the database never depends on timing.
//!
//! A loader by itself waits a moment for more keys and then loads what came, so a busy machine splits a batch. Here its
//! batches are polled by the task of the request, after every resolver that could ask has asked.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// The batches of one request that wait to begin.
#[derive(Clone, Default)]
pub(crate) struct Batches(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Batches {
    /// Lets a batch wait until the resolvers stand still.
    pub(crate) fn wait(&self, batch: BoxFuture<'static, ()>) {
        self.0.lock().expect("nothing panics while it holds the list").push(batch);
    }

    fn begin(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut *self.0.lock().expect("nothing panics while it holds the list"))
    }

    /// Runs the resolvers as far as they can go, then the batches that wait, and so on.
    pub(crate) async fn run<T>(&self, resolvers: impl Future<Output = T>) -> T {
        let mut resolvers = pin!(resolvers);
        let mut begun = FuturesUnordered::new();
        poll_fn(|context| {
            loop {
                if let Poll::Ready(answer) = resolvers.as_mut().poll(context) {
                    return Poll::Ready(answer);
                }
                begun.extend(self.begin());
                let mut ended = false;
                while let Poll::Ready(Some(())) = begun.poll_next_unpin(context) {
                    ended = true;
                }
                if !ended {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}
