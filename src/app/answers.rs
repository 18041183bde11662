//! Answers in memory: the same question of the same data is computed once, also by those who ask while it goes.

use super::numbers::NumberError;
use pipewright_core::hygiene::{Hygiene, HygieneQuery};
use pipewright_core::ids::DataVersion;
use pipewright_core::matrix::{Aggregate, AggregateQuery, Matrix, MatrixQuery, Trend, TrendQuery};
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// Cells, points, values and judged opportunities of all answers of one kind that are kept and of their questions, together.
const MOST_ROOM: u64 = 50_000;

/// An answer that nobody asked for again for so long is forgotten.
const IDLE: Duration = Duration::from_secs(600);

/// Answers by question, each with what it was computed from.
///
/// Only answers for a viewer who may learn of every row are kept.
#[derive(Clone)]
pub struct Answers {
    pub(super) matrices: Kept<MatrixQuery, Matrix>,
    pub(super) trends: Kept<TrendQuery, Trend>,
    pub(super) aggregates: Kept<AggregateQuery, Aggregate>,
    pub(super) hygienes: Kept<HygieneQuery, Hygiene>,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            matrices: Kept::new(|query: &MatrixQuery, matrix: &Matrix| {
                query.filter.values() + matrix.cells.len() + matrix.subtotals.len()
            }),
            trends: Kept::new(|query: &TrendQuery, trend: &Trend| {
                query.matrix.filter.values() + query.points.len() + (trend.series.len() + 1) * trend.total.points.len()
            }),
            aggregates: Kept::new(|query: &AggregateQuery, aggregate: &Aggregate| {
                query.filter.values() + aggregate.rows.len() * aggregate.total.values.len()
            }),
            hygienes: Kept::new(|query: &HygieneQuery, hygiene: &Hygiene| {
                query.filter.values() + hygiene.rows.len() + hygiene.len()
            }),
        }
    }
}

/// What an answer was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Source {
    /// The last change.
    pub(super) version: DataVersion,
    /// The SHA-256 of the model's file; `None`: it comes with the server.
    pub(super) file: Option<String>,
}

/// Answers of one kind.
pub(super) struct Kept<Q, A>(moka::future::Cache<(Source, Q), Arc<A>>);

impl<Q, A> Clone for Kept<Q, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: Hash + Eq + Send + Sync + 'static, A: Send + Sync + 'static> Kept<Q, A> {
    fn new(size: fn(&Q, &A) -> usize) -> Self {
        let weigh = move |(_, query): &(Source, Q), answer: &Arc<A>| u32::try_from(size(query, answer) + 1).unwrap_or(u32::MAX);
        Self(moka::future::Cache::builder().max_capacity(MOST_ROOM).weigher(weigh).time_to_idle(IDLE).build())
    }

    /// The answer if it is there or under way, else what `compute` gives.
    ///
    /// # Errors
    /// The computation failed; the next who asks has it done again.
    pub(super) async fn or_compute(
        &self,
        source: Source,
        question: Q,
        compute: impl Future<Output = Result<A, NumberError>>,
    ) -> Result<Arc<A>, NumberError> {
        let computed = async { compute.await.map(Arc::new) };
        self.0.try_get_with((source, question), computed).await.map_err(Arc::unwrap_or_clone)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn equal_questions_share_one_computation_and_other_data_or_a_failure_has_it_done_again() {
        let (kept, computed) = (Kept::<u8, u32>::new(|_, _| 1), AtomicU32::new(0));
        let ask = |version, question| {
            kept.or_compute(Source { version: DataVersion(version), file: None }, question, async {
                tokio::task::yield_now().await;
                match computed.fetch_add(1, Ordering::Relaxed) {
                    3 => Err(NumberError::Busy),
                    count => Ok(count),
                }
            })
        };
        let (one, other) = tokio::join!(ask(1, 7), ask(1, 7));
        assert_eq!((*one.unwrap(), *other.unwrap()), (0, 0), "asked at the same time");
        assert_eq!(*ask(1, 7).await.unwrap(), 0, "asked again");
        assert_eq!(*ask(2, 7).await.unwrap(), 1, "of newer data");
        assert_eq!(*ask(1, 8).await.unwrap(), 2, "another question");
        assert!(matches!(ask(1, 9).await, Err(NumberError::Busy)));
        assert_eq!(*ask(1, 9).await.unwrap(), 4, "a failure is not kept");
    }
}
