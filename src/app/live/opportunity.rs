//! The opportunities that changed, as they stand now.

use crate::app::App;
use crate::app::rows::{Filter, OpportunityColumn, OpportunityState};
use crate::storage::StorageError;
use moka::future::Cache;
use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::viewer::{Scope, Viewer};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Changes that are looked at together, so that what changed in several is told once.
const SPAN: i64 = 8;

/// Opportunities that are read together.
const PAGE: usize = 100;

/// Between two tries while the database is away.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// As long as those who watch the same may be apart and still share what was read.
const KEPT: Duration = Duration::from_secs(10);

/// The changes after one version, up to another.
type Between = (DataVersion, DataVersion);

/// Who may see what, which opportunities, changed when, and from which place in their list.
type Question = (Scope, Filter<OpportunityColumn>, Between, usize);

/// What was read for watchers, for those who watch the same.
#[derive(Clone)]
pub(super) struct Changes {
    ids: Cache<Between, Arc<Vec<OpportunityId>>>,
    pages: Cache<Question, Arc<Vec<Change>>>,
}

impl Default for Changes {
    fn default() -> Self {
        let ids = Cache::builder().time_to_live(KEPT).max_capacity(64).build();
        Self { ids, pages: Cache::builder().time_to_live(KEPT).max_capacity(256).build() }
    }
}

/// An opportunity that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub id: OpportunityId,
    /// As it stands; `None` where it was among those watched and is no more, or was deleted.
    pub state: Option<OpportunityState>,
}

/// An opportunity that changed, and how far all was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The opportunity.
    pub change: Change,
    /// Everything up to this change was told, this included.
    pub version: DataVersion,
}

/// A span of changes being told.
struct Telling {
    upto: DataVersion,
    ids: Arc<Vec<OpportunityId>>,
    read: usize,
}

/// The opportunities that change and fit a filter, or did before they changed.
pub struct Watching {
    app: App,
    viewer: Viewer,
    filter: Filter<OpportunityColumn>,
    versions: watch::Receiver<DataVersion>,
    /// Everything up to this change was told.
    version: DataVersion,
    telling: Option<Telling>,
    ready: VecDeque<Change>,
}

/// Watches from the change after `after`; `None`: from now on.
pub fn changed(app: &App, viewer: &Viewer, filter: Filter<OpportunityColumn>, after: Option<DataVersion>) -> Watching {
    let versions = app.resident.versions();
    let version = after.unwrap_or_else(|| *versions.borrow());
    let (app, viewer) = (app.clone(), viewer.clone());
    Watching { app, viewer, filter, versions, version, telling: None, ready: VecDeque::new() }
}

impl Watching {
    /// The next opportunity that changed. One that changed again before it is told is told once, as it stands by then. While
    /// the database is away nothing is told; what it missed is, when the database is there again.
    ///
    /// # Errors
    /// The database failed in another way.
    pub async fn next(&mut self) -> Result<Told, StorageError> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                return Ok(self.told(change));
            }
            match self.read().await {
                Ok(()) => {}
                Err(StorageError::Unavailable(_) | StorageError::Timeout) => tokio::time::sleep(TRY_AGAIN).await,
                Err(error) => return Err(error),
            }
        }
    }

    fn told(&mut self, change: Change) -> Told {
        let is_last = |telling: &Telling| self.ready.is_empty() && telling.read >= telling.ids.len();
        if let Some(telling) = self.telling.take_if(|telling| is_last(telling)) {
            self.version = telling.upto;
        }
        Told { change, version: self.version }
    }

    /// Reads the next page of the span that is being told, or waits for the next span.
    async fn read(&mut self) -> Result<(), StorageError> {
        let Some(telling) = &self.telling else {
            let version = self.version;
            // The sender lives as long as the app does.
            let Ok(latest) = self.versions.wait_for(|latest| *latest > version).await.map(|latest| *latest) else {
                return std::future::pending().await;
            };
            let upto = latest.min(DataVersion(version.0 + SPAN));
            let ids = ids(&self.app, (version, upto)).await?;
            self.telling = Some(Telling { upto, ids, read: 0 });
            return Ok(());
        };
        if telling.read >= telling.ids.len() {
            self.version = telling.upto;
            self.telling = None;
            return Ok(());
        }
        let (between, from) = ((self.version, telling.upto), telling.read);
        let page = page(&self.app, &self.viewer, &self.filter, between, &telling.ids, from).await?;
        self.ready.extend(page.iter().cloned());
        if let Some(telling) = &mut self.telling {
            telling.read = from + PAGE;
        }
        Ok(())
    }
}

async fn ids(app: &App, between: Between) -> Result<Arc<Vec<OpportunityId>>, StorageError> {
    let read = async { app.storage.opportunities_changed(between.0, between.1).await.map(Arc::new) };
    app.live.changes.ids.try_get_with(between, read).await.map_err(again)
}

async fn page(
    app: &App,
    viewer: &Viewer,
    filter: &Filter<OpportunityColumn>,
    between: Between,
    ids: &[OpportunityId],
    from: usize,
) -> Result<Arc<Vec<Change>>, StorageError> {
    let question = (viewer.scope().clone(), filter.clone(), between, from);
    let ids = &ids[from..ids.len().min(from + PAGE)];
    let read = async {
        app.live.count();
        let (scope, storage) = (viewer.scope(), &app.storage);
        let before = storage.opportunities_that_fitted(scope, filter, ids, between.0).await?;
        let mut now = storage.opportunities_that_fit(scope, filter, ids).await?;
        let change = |id: &OpportunityId| {
            let state = now.remove(id);
            (state.is_some() || before.contains(id)).then_some(Change { id: *id, state })
        };
        Ok(Arc::new(ids.iter().filter_map(change).collect()))
    };
    app.live.changes.pages.try_get_with(question, read).await.map_err(again)
}

/// A failure that several met who asked for the same.
fn again(error: Arc<StorageError>) -> StorageError {
    match &*error {
        StorageError::Unavailable(text) => StorageError::Unavailable(text.clone()),
        StorageError::Timeout => StorageError::Timeout,
        _ => StorageError::Failed(Box::new(error)),
    }
}
