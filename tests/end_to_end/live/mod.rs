//! What watchers are told, and how sockets and event streams behave.

mod events;
mod shared;
mod socket;
mod told;

use crate::http::PATIENCE;
use crate::support::{Home, Server};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{SinkExt, StreamExt};
use pipewright::config::Config;
use pipewright::storage::{Batch, Storage};
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::ids::{DataVersion, OpportunityId, StageId};
use pipewright_core::opportunity::{Opportunity, Version};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// What is open in the year in which every deal of these tests closes.
pub const OPEN: &str = "subscription { apmChanged(by: [REGION], period: \"2024-01-01/2025-01-01\") { dataVersion
    total { openPipeline { value { amount } } } } }";

/// The protocol spoken.
pub const PROTOCOL: &str = "graphql-transport-ws";

/// What is waited for comes in time.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it comes in time")
}

/// The database of a home, opened beside whoever serves it.
pub async fn storage(home: &Home) -> Storage {
    let mut config = Config::default();
    config.database.url = home.url().to_owned();
    let storage = Storage::open(&config.database).await.unwrap();
    storage.migrate().await.unwrap();
    storage
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap()
}

pub fn deal(number: i64) -> OpportunityId {
    OpportunityId::derived("live", &number.to_string())
}

fn stage() -> Stage {
    Stage {
        id: StageId::derived("live", "Prospecting"),
        name: "Prospecting".into(),
        position: 1,
        kind: StageKind::Open,
        forecast_category: ForecastCategory::Pipeline,
        probability: None,
        is_active: true,
        recorded: DataVersion(0),
    }
}

/// A deal as it stands from an instant: its name and ACV in cents.
pub fn version(number: i64, ms: i64, name: &str, acv_minor: i64) -> Version {
    Version {
        opportunity: deal(number),
        valid_from: at(ms),
        sequence: 0,
        name: name.into(),
        stage: stage().id,
        forecast_category: ForecastCategory::Pipeline,
        close_date: NaiveDate::from_ymd_opt(2024, 3, 1).unwrap(),
        currency: CurrencyCode::USD,
        amount_minor: None,
        acv_minor: Some(acv_minor),
        probability: None,
        owner: None,
        region: None,
        segment: None,
        opportunity_type: None,
        campaign: None,
        next_step: None,
        close_reason: None,
        line_set: None,
        lines_known: true,
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

/// Writes these states, with the deals they are of.
pub async fn write(storage: &Storage, versions: Vec<Version>) -> DataVersion {
    let opportunity = |version: &Version| Opportunity {
        id: version.opportunity,
        external_id: None,
        account: None,
        created_at: at(0),
        created_by: None,
        lead_source: None,
        lead_source_maps_to: None,
        last_activity_on: None,
        description: None,
        recorded: DataVersion(0),
    };
    let opportunities = versions.iter().map(opportunity).collect();
    let batch = Batch { stages: vec![stage()], opportunities, versions, ..Batch::default() };
    storage.write(batch, None).await.unwrap().data_version
}

/// A client of sockets.
pub struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// Shakes hands, offering this protocol; empty: none.
    pub async fn dial(server: &Server, protocol: &str) -> Self {
        Self::try_dial(server, protocol, None).await.unwrap()
    }

    /// As [`Self::dial`], with a small buffer for what is not read yet; the status of a refusal.
    pub async fn try_dial(server: &Server, protocol: &str, buffer: Option<u32>) -> Result<Self, u16> {
        let mut request = format!("ws://{}/graphql", server.place()).into_client_request().unwrap();
        if !protocol.is_empty() {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(buffer) = buffer {
            socket.set_recv_buffer_size(buffer).unwrap();
        }
        let stream = socket.connect(server.place().parse().unwrap()).await.unwrap();
        match soon(tokio_tungstenite::client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Dials and is known.
    pub async fn known(server: &Server) -> Self {
        let mut client = Self::dial(server, PROTOCOL).await;
        client.say(json!({ "type": "connection_init" })).await;
        assert_eq!(client.hear().await, json!({ "type": "connection_ack" }));
        client
    }

    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Sends this; that the server has closed already is found out by reading.
    pub async fn send(&mut self, message: Message) {
        let _ = soon(self.0.send(message)).await;
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    /// The next message of any kind.
    pub async fn frame(&mut self) -> Message {
        soon(self.0.next()).await.expect("the socket is open").expect("a message can be read")
    }

    /// The next message in text.
    pub async fn hear(&mut self) -> Value {
        loop {
            match self.frame().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("no message: {other:?}"),
            }
        }
    }

    /// The data of the next answer to this operation.
    pub async fn data(&mut self, id: &str) -> Value {
        let mut message = self.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].take()
    }

    /// Reads whatever comes until the server closes; with which code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Message::Close(None))) => return 1005,
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("the connection broke: {error}"),
                None => panic!("the connection ended without a word"),
            }
        }
    }
}

/// How long a second is, for what must not take longer.
pub const SECOND: Duration = Duration::from_secs(1);
