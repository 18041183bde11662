//! Batches that begin only when nothing else can go on: what a page costs the database never depends on timing.
//!
//! A loader by itself waits a moment for more keys and then loads what came, so a busy machine splits a batch. Here its
//! batches are polled by the task of the request, after every resolver that could ask has asked.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

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
        let standstill = Arc::new(Standstill::default());
        let waker = Waker::from(standstill.clone());
        poll_fn(|context| {
            standstill.before_poll(context.waker());
            if let Poll::Ready(answer) = resolvers.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(answer);
            }
            if standstill.is_reached() {
                begun.extend(self.begin());
            }
            // A batch that ends wakes the resolvers that wait for it, and they this task.
            while let Poll::Ready(Some(())) = begun.poll_next_unpin(context) {}
            Poll::Pending
        })
        .await
    }
}

/// Whether the resolvers all wait for something else: a long list of them is polled in several goes, and wakes its task
/// itself between two.
#[derive(Default)]
struct Standstill {
    woken: AtomicBool,
    task: AtomicWaker,
}

impl Standstill {
    fn before_poll(&self, task: &Waker) {
        self.task.register(task);
        self.woken.store(false, Ordering::Release);
    }

    fn is_reached(&self) -> bool {
        !self.woken.load(Ordering::Acquire)
    }
}

impl Wake for Standstill {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.task.wake();
    }
}
