//! Computes where waiting for it stops nobody else, in one of the places there are.

use super::App;
use super::numbers::NumberError;
use std::sync::Arc;

/// What `work` gives, computed on a thread that may block. The place is held until it ends, also when nobody waits any more.
///
/// # Errors
/// Those of `work`; too many computations go and wait already, or it panicked.
pub(super) async fn at_work<T, E>(app: &App, work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<NumberError> + Send + 'static,
{
    let place = app.capacity.enter().await.ok_or(NumberError::Busy)?;
    let going = tokio::task::spawn_blocking(move || {
        let worked = work();
        drop(place);
        worked
    });
    going.await.map_err(|error| NumberError::Panicked(Arc::new(error)))?
}
