//! The operations that go on one socket, each with its id.

use super::message::{self, Closing};
use super::queue::Queue;
use crate::graphql::error::{Code, whole};
use crate::server::House;
use crate::server::answering::{answered, is_request_error, judged, settled, text, watched};
use actix_web::web;
use async_graphql::{Request, Response};
use async_graphql_parser::types::OperationType;
use pipewright_core::viewer::Viewer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

/// Those that go on, by id: which of those that had the id, and how it is ended.
#[derive(Default)]
struct Going {
    begun: u64,
    by_id: HashMap<String, (u64, AbortHandle)>,
}

/// The operations of one socket; they end with it.
pub(super) struct Operations {
    house: web::Data<House>,
    viewer: Viewer,
    queue: Queue,
    going: Arc<Mutex<Going>>,
}

/// One of them, as its task sees it.
struct Operation {
    id: String,
    number: u64,
    queue: Queue,
    going: Arc<Mutex<Going>>,
}

fn lock(going: &Mutex<Going>) -> MutexGuard<'_, Going> {
    going.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Operations {
    pub(super) fn new(house: web::Data<House>, viewer: Viewer, queue: Queue) -> Self {
        Self { house, viewer, queue, going: Arc::default() }
    }

    /// Begins one; what is wrong with it is told as its error.
    ///
    /// # Errors
    /// One of its id goes on.
    pub(super) async fn begin(&self, id: String, request: Request) -> Result<(), Closing> {
        let most = self.house.config.server.limits.socket_operations;
        let is_full = {
            // Held until it stands on the list: it may end before.
            let mut going = lock(&self.going);
            if going.by_id.contains_key(&id) {
                return Err(Closing::SameId);
            }
            let is_full = going.by_id.len() >= most;
            if !is_full {
                going.begun += 1;
                let number = going.begun;
                let own = Operation { id: id.clone(), number, queue: self.queue.clone(), going: self.going.clone() };
                let (house, viewer) = (self.house.clone(), self.viewer.clone());
                let task = self.house.runtime.spawn(own.run(request, viewer, house.into_inner()));
                going.by_id.insert(id.clone(), (number, task.abort_handle()));
            }
            is_full
        };
        if is_full {
            let text = format!("{most} operations go on here: complete one, or open another socket");
            let error = Response::from_errors(vec![whole(Code::RateLimited, text)]);
            self.queue.put(message::error(&id, &settled(error, "", &self.house))).await;
        }
        Ok(())
    }

    /// The client wants no more of it.
    pub(super) fn complete(&self, id: &str) {
        if let Some((_, task)) = lock(&self.going).by_id.remove(id) {
            task.abort();
        }
    }
}

impl Drop for Operations {
    fn drop(&mut self) {
        lock(&self.going).by_id.drain().for_each(|(_, (_, task))| task.abort());
    }
}

impl Operation {
    async fn run(self, request: Request, viewer: Viewer, house: Arc<House>) {
        let Some(open) = house.open.get() else { return };
        let request_id = uuid::Uuid::now_v7().simple().to_string();
        let asked = match judged(request, request_id.clone(), viewer, &house) {
            Ok(asked) => asked,
            Err(error) => return self.refuse(Response::from_errors(vec![error]), &request_id, &house).await,
        };
        if asked.operation != OperationType::Subscription {
            let response = answered(asked, &house, open).await;
            return match is_request_error(&response) {
                true => self.refuse(response, &request_id, &house).await,
                false => {
                    self.next(response, &request_id, &house).await;
                    self.end(message::complete(&self.id)).await;
                }
            };
        }
        let mut watching = watched(asked, open);
        while let Some(response) = watching.next().await {
            if watching.is_refused(&response) {
                return self.refuse(response, &request_id, &house).await;
            }
            if !self.next(response, &request_id, &house).await {
                return;
            }
        }
        self.end(message::complete(&self.id)).await;
    }

    /// Tells an answer, once there is room; whether anybody listens.
    async fn next(&self, response: Response, request_id: &str, house: &House) -> bool {
        let answer = text(&settled(response, request_id, house), request_id, house);
        let Some(room) = self.queue.room(answer.len()).await else { return false };
        // A client that ended it, and began another of its id, hears nothing more of this one.
        let going = lock(&self.going);
        let is_own = going.by_id.get(&self.id).is_some_and(|(number, _)| *number == self.number);
        if is_own {
            room.put(message::next(&self.id, &answer));
        }
        is_own
    }

    async fn refuse(&self, response: Response, request_id: &str, house: &House) {
        self.end(message::error(&self.id, &settled(response, request_id, house))).await;
    }

    /// Tells that it is over; its id may be had again by whoever hears it.
    async fn end(&self, last: String) {
        let Some(room) = self.queue.room(last.len()).await else { return };
        let mut going = lock(&self.going);
        if going.by_id.get(&self.id).is_some_and(|(number, _)| *number == self.number) {
            going.by_id.remove(&self.id);
            room.put(last);
        }
    }
}
