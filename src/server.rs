//! The listener: connections within bounds of number and patience.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::io::InspectWriter;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::connection::Activity;
use crate::middleware::address::Arrival;
use crate::middleware::hosts::CorsOrigins;

/// The web server.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// `HOST`
    pub host: IpAddr,
    /// `PORT`; 0 takes any free one.
    pub port: u16,
    /// `CORS_ORIGINS`: the web pages elsewhere that may call.
    pub cors: CorsOrigins,
    /// `REQUEST_TIMEOUT_SECONDS`
    pub request_timeout: Duration,
    /// `MAX_CONNECTIONS`: open connections, at most; more wait.
    pub max_connections: usize,
    /// How long the head of a request may take, and how long a connection may be idle before it; after an answer up to
    /// twice as long. Longer than what proxies commonly keep idle ones for, which would otherwise meet one just closed.
    pub header_timeout: Duration,
}

/// Serves until `stop`, and then what was asked till then. `axum::serve` knows neither a time limit for the
/// head of a request nor a bound on connections.
pub async fn serve(mut listener: TcpListener, router: Router, config: HttpConfig, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(config.max_connections));
    let http = http1::Builder::new();
    // hyper-util's knows no connections that go on in another protocol.
    let open = TaskTracker::new();
    let mut next = async || {
        // Who finds no place waits in the system's queue.
        let place = Arc::clone(&places).acquire_owned().await.ok().map(Arc::new);
        (place, accept(&mut listener).await)
    };
    while let Some((place, io)) = stop.run_until_cancelled(next()).await {
        let arrival = Arrival {
            peer: io.peer_addr().ok().map(|peer| peer.ip()),
            place: place.as_ref().map(Arc::downgrade).unwrap_or_default(),
            ..Arrival::default()
        };
        let activity = Activity::default();
        let (begins, ends, sends) = (activity.clone(), activity.clone(), activity.clone());
        let service = router.clone().map_request(move |request: Request<Incoming>| {
            begins.begin();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(arrival.clone());
            request
        });
        let service = TowerToHyperService::new(service.map_response(move |response| ends.end_with(response)));
        let io = InspectWriter::new(io, move |_: &[u8]| sends.sent());
        let connection = http.serve_connection(TokioIo::new(io), service).with_upgrades();
        let stop = stop.clone();
        open.spawn(async move {
            let mut connection = pin!(connection);
            // Whatever breaks a connection is over with it.
            tokio::select! {
                _ = connection.as_mut() => {}
                () = activity.over(config.header_timeout) => {}
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop(place);
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
}

async fn accept(listener: &mut TcpListener) -> TcpStream {
    // axum's: it waits a little where the system has no more descriptors.
    let (io, _) = Listener::accept(listener).await;
    // Otherwise small answers wait for the client's delayed acknowledgement.
    let _ = io.set_nodelay(true);
    io
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without, every answer of a call takes 40 ms.
    #[tokio::test]
    async fn small_answers_do_not_wait() {
        let mut listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(accept(&mut listener).await.nodelay().unwrap());
        drop(client);
    }
}
