//! What can be watched: one file per subject. Each sees exactly what the same viewer's query sees.

pub mod apm;
pub mod import;
pub mod opportunity;
pub mod run;

use crate::app::live::Watched;
use async_graphql::MergedSubscription;
use futures_util::{Stream, stream};

/// Everything that can be watched: over a socket by `graphql-transport-ws`, or as server-sent events. Changes that come faster
/// than they are read are folded: the latest is told.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    apm::ApmSubscription,
    opportunity::OpportunitySubscription,
    import::ImportSubscription,
    run::RunSubscription,
);

/// The answers as a stream.
fn each<A: Clone + Send + Sync + 'static>(watched: Watched<A>) -> impl Stream<Item = A> + Send {
    stream::unfold(watched, |mut watched| async move { watched.next().await.map(|answer| (answer, watched)) })
}
