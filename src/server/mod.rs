//! HTTP: routes, limits, health, and the pages. It knows nothing of the domain.

mod answering;
mod event_stream;
mod execution;
mod graphql_http;
mod headers;
mod health;
mod origin;
mod pages;
mod places;
mod socket;

use crate::app::App;
use crate::config::{Config, ServerConfig};
use crate::graphql::{self, Schema};
use actix_web::http::KeepAlive;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Routes, HttpServer, web};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a client may take to send its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(5);

/// What every handler sees. Its doors are closed until [`House::open`]: until then only health and pages are answered.
pub struct House {
    config: Arc<Config>,
    /// Where questions are answered: not on the thread that reads sockets.
    runtime: tokio::runtime::Handle,
    open: OnceLock<Open>,
    /// What the doors wait for.
    step: Mutex<&'static str>,
    stopping: AtomicBool,
    /// Sockets and event streams.
    places: places::Places,
    /// True when they are to end.
    closing: watch::Sender<bool>,
}

/// What is there once the facts are loaded.
struct Open {
    app: App,
    schema: Schema,
}

impl House {
    /// Says what the doors wait for; `/readyz` shows it.
    pub fn waits_for(&self, step: &'static str) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// From now on questions are answered.
    pub fn open(&self, app: App) {
        let schema = graphql::schema(app.clone());
        // A second opening changes nothing: the first app goes on.
        let _ = self.open.set(Open { app, schema });
    }

    fn step(&self) -> &'static str {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// A server that has its port and answers once [`Server::run`] is awaited.
pub struct Server {
    house: Arc<House>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the configured port. Call it on the runtime that shall answer questions.
    ///
    /// # Errors
    /// The port is taken, or may not be had.
    pub fn bind(config: Arc<Config>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(config.server.listen)?;
        let address = listener.local_addr()?;
        let house = House {
            config,
            runtime: tokio::runtime::Handle::current(),
            open: OnceLock::new(),
            step: Mutex::new("the server is starting"),
            stopping: AtomicBool::new(false),
            places: places::Places::default(),
            closing: watch::Sender::new(false),
        };
        Ok(Self { house: Arc::new(house), listener, address })
    }

    /// Where it listens; with port 0 configured, the port that was had.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its doors.
    pub fn house(&self) -> Arc<House> {
        self.house.clone()
    }

    /// Answers until `stop` is done. Then `/readyz` says so for `server.unready_s`, after which new connections are refused
    /// and the requests in flight finish within `server.drain_s`.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let config: ServerConfig = self.house.config.server.clone();
        let house = web::Data::from(self.house.clone());
        let make = move || {
            Routes::new()
                .app_data(house.clone())
                .wrap(Compress::default())
                .wrap(from_fn(origin::own_names_only))
                .wrap(from_fn(headers::on_every_answer))
                .service(web::resource("/graphql").route(web::route().to(graphql_http::answer)))
                .service(read_only("/livez").route(web::get().to(health::live)).route(web::head().to(health::live)))
                .service(read_only("/readyz").route(web::get().to(health::ready)).route(web::head().to(health::ready)))
                .default_service(web::route().to(pages::page))
        };
        let workers = match config.workers {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            workers => workers,
        };
        let server = HttpServer::new(make)
            .workers(workers)
            .client_request_timeout(HEADERS_WITHIN)
            .keep_alive(KeepAlive::Timeout(Duration::from_secs(60)))
            .shutdown_timeout(config.drain_s)
            .disable_signals()
            .listen(self.listener)?
            .run();
        let (handle, house) = (server.handle(), self.house);
        let stopper = tokio::spawn(async move {
            stop.await;
            house.stopping.store(true, Ordering::Relaxed);
            tracing::info!(unready_s = config.unready_s, drain_s = config.drain_s, "stopping");
            tokio::time::sleep(Duration::from_secs(config.unready_s)).await;
            // They would hold the stop back: their clients connect again, elsewhere.
            house.closing.send_replace(true);
            handle.stop(true).await;
        });
        let ended = server.await;
        stopper.abort();
        ended
    }
}

/// A path that is only read.
fn read_only(path: &str) -> actix_web::Resource {
    web::resource(path).default_service(web::route().to(pages::only_read))
}
