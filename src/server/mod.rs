//! HTTP: routes, limits, health, and the pages. It knows nothing of the domain.

mod graphql_http;
mod headers;
mod health;
mod origin;
mod pages;

use crate::app::App;
use crate::config::ServerConfig;
use crate::graphql::{self, Schema};
use actix_web::http::KeepAlive;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Routes, HttpServer, web};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long a client may take to send its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(5);

/// What every handler sees.
pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) schema: Schema,
    /// Where questions are answered: not on the thread that reads sockets.
    pub(crate) runtime: tokio::runtime::Handle,
    /// Set when a stop was asked for: not ready any more.
    pub(crate) stopping: Arc<AtomicBool>,
}

/// A server that has its port and answers once [`Server::run`] is awaited.
pub struct Server {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the configured port.
    ///
    /// # Errors
    /// The port is taken, or may not be had.
    pub fn bind(app: App) -> std::io::Result<Self> {
        let listener = TcpListener::bind(app.config.server.listen)?;
        let address = listener.local_addr()?;
        Ok(Self { app, listener, address })
    }

    /// Where it listens; with port 0 configured, the port that was had.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is done, then lets the requests in flight finish within `server.drain_s`.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let config: ServerConfig = self.app.config.server.clone();
        let stopping = Arc::new(AtomicBool::new(false));
        let house = web::Data::new(House {
            schema: graphql::schema(self.app.clone()),
            app: self.app,
            runtime: tokio::runtime::Handle::current(),
            stopping: stopping.clone(),
        });
        let make = move || {
            Routes::new()
                .app_data(house.clone())
                .wrap(Compress::default())
                .wrap(from_fn(origin::own_names_only))
                .wrap(from_fn(headers::on_every_answer))
                .service(web::resource("/graphql").route(web::route().to(graphql_http::answer)))
                .service(web::resource("/livez").route(web::get().to(health::live)))
                .service(web::resource("/readyz").route(web::get().to(health::ready)))
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
        let handle = server.handle();
        let stopper = tokio::spawn(async move {
            stop.await;
            stopping.store(true, std::sync::atomic::Ordering::Relaxed);
            handle.stop(true).await;
        });
        let ended = server.await;
        stopper.abort();
        ended
    }
}
