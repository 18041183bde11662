//! The matrix, told again whenever it changes.

use super::Watched;
use super::shared::Told;
use crate::app::App;
use crate::app::numbers::{self, Answered, Asked, MatrixAsked, NumberError};
use pipewright_core::matrix::{Cell, Matrix};
use pipewright_core::viewer::{Scope, Viewer};
use std::time::Duration;

/// Numbers move with the clock too, by the day at least: how often an answer is computed again though no change came.
const RECKON_AGAIN: Duration = Duration::from_secs(60);

/// Between two tries where too many computations go and wait already.
const TRY_AGAIN: Duration = Duration::from_millis(100);

type Answer = Result<Answered<Matrix>, NumberError>;

/// What is asked, and what may be seen.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    scope: Scope,
    asked: Asked,
    how: MatrixAsked,
}

/// The matrix as [`numbers::apm`] gives it, at once and then whenever a number or a name of it is another.
pub fn apm(app: &App, viewer: &Viewer, asked: Asked, how: MatrixAsked) -> Watched<Answer> {
    let question = Question { scope: viewer.scope().clone(), asked: asked.clone(), how: how.clone() };
    let (own, viewer) = (app.clone(), viewer.clone());
    app.live.matrices.watch(question, move |told| follow(own, viewer, asked, how, told))
}

async fn follow(app: App, viewer: Viewer, asked: Asked, how: MatrixAsked, told: Told<Answer>) {
    let mut versions = app.resident.versions();
    loop {
        versions.borrow_and_update();
        let answer = computed(&app, &viewer, &asked, &how).await;
        told.send_if_modified(|last| {
            let is_another = last.as_ref().is_none_or(|last| !is_alike(last, &answer));
            if is_another {
                *last = Some(answer);
            }
            is_another
        });
        tokio::select! {
            changed = versions.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(RECKON_AGAIN) => {}
        }
    }
}

/// Waits for its turn as long as it takes: what changes meanwhile is in the answer.
async fn computed(app: &App, viewer: &Viewer, asked: &Asked, how: &MatrixAsked) -> Answer {
    let _turn = app.live.turns.acquire().await;
    loop {
        match numbers::apm(app, viewer, asked.clone(), how.clone()).await {
            Err(NumberError::Busy) => tokio::time::sleep(TRY_AGAIN).await,
            answer => {
                app.live.count();
                return answer;
            }
        }
    }
}

/// Whether a reader sees the same, but for the moment that the answer is of.
fn is_alike(one: &Answer, other: &Answer) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let (a, b) = (&*one.answer, &*other.answer);
            a.period == b.period
                && a.comparison == b.comparison
                && a.elapsed == b.elapsed
                && a.total == b.total
                && a.cells == b.cells
                && a.subtotals == b.subtotals
                && a.cells.iter().all(|cell| labels(one, cell).eq(labels(other, cell)))
        }
        (Err(one), Err(other)) => one.to_string() == other.to_string(),
        _ => false,
    }
}

fn labels<'a>(answered: &'a Answered<Matrix>, cell: &'a Cell) -> impl Iterator<Item = String> + 'a {
    cell.key.parts().iter().map(|(dimension, value)| answered.snapshot.label(*dimension, value))
}
