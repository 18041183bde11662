//! Where and how questions are answered.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Where and how questions are answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port; loopback only while no sign-in is configured.
    pub listen: SocketAddr,
    /// Worker threads; 0: one for each core.
    pub workers: usize,
    /// How long a stop waits for requests in flight, in seconds.
    pub drain_s: u64,
    /// How long `/readyz` says that a stop was asked for before new connections are refused, in seconds: as long as what
    /// stands in front needs to notice.
    pub unready_s: u64,
    /// How long the facts may lag behind the change feed before `/readyz` says so, in seconds.
    pub ready_lag_s: u64,
    /// Limits on what one request may ask.
    pub limits: LimitsConfig,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            workers: 0,
            drain_s: 30,
            unready_s: 0,
            ready_lag_s: 5,
            limits: LimitsConfig::default(),
        }
    }
}

/// Limits on what one request may ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of a request's URL.
    pub url_bytes: usize,
    /// How long a body may take to arrive, in seconds.
    pub body_s: u64,
    /// How long a query may take, in seconds.
    pub query_s: u64,
    /// How long a mutation may take, in seconds.
    pub mutation_s: u64,
    /// Computations that go at once; 0: one for each core.
    pub computations: usize,
    /// Computations that wait for their turn; further ones are refused as UNAVAILABLE.
    pub waiting: usize,
    /// Depth of a document, introspection counted apart.
    pub depth: u32,
    /// Tokens of a document.
    pub tokens: u32,
    /// Selections with fragments expanded.
    pub selections: u64,
    /// Aliases of a document.
    pub aliases: u32,
    /// Root fields of an operation, fragments expanded.
    pub root_fields: u32,
    /// Directives on one field.
    pub directives_per_field: u32,
    /// Directives in a document.
    pub directives: u32,
    /// Operations in a document.
    pub operations: u32,
    /// Fragments in a document.
    pub fragments: u32,
    /// Variables in a document.
    pub variables: u32,
    /// Cost of an operation: fields times page sizes.
    pub cost: u64,
    /// Errors in an answer.
    pub errors: usize,
    /// Bytes of an answer.
    pub response_bytes: usize,
    /// Sockets and event streams of this process.
    pub sockets: usize,
    /// Sockets and event streams of one viewer.
    pub sockets_per_viewer: usize,
    /// Operations that go on one socket.
    pub socket_operations: usize,
    /// Bytes of a message that a socket takes.
    pub socket_message_bytes: usize,
    /// Messages that wait to be read from a socket.
    pub socket_queue: usize,
    /// How long a socket may take to say who it is, in seconds.
    pub socket_init_s: u64,
    /// How often a socket is asked whether it is there, and an event stream that has nothing to tell says so, in seconds.
    pub socket_ping_s: u64,
    /// How long a socket may say nothing, in seconds.
    pub socket_silent_s: u64,
    /// How long a reader may stop while messages wait for it, in seconds.
    pub stalled_s: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            url_bytes: 8 << 10,
            body_s: 30,
            query_s: 10,
            mutation_s: 15,
            computations: 0,
            waiting: 64,
            depth: 15,
            tokens: 10_000,
            selections: 5_000,
            aliases: 50,
            root_fields: 20,
            directives_per_field: 5,
            directives: 50,
            operations: 10,
            fragments: 100,
            variables: 100,
            cost: 20_000,
            errors: 20,
            response_bytes: 32 << 20,
            sockets: 2_000,
            sockets_per_viewer: 20,
            socket_operations: 50,
            socket_message_bytes: 256 << 10,
            socket_queue: 256,
            socket_init_s: 10,
            socket_ping_s: 20,
            socket_silent_s: 40,
            stalled_s: 30,
        }
    }
}
