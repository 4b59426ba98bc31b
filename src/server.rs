//! The listener: connections within bounds of number and patience.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use mcp_odoo_core::config::HttpConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Serves until `stop`, and then what was asked till then. `axum::serve` knows neither a time limit for the
/// head of a request nor a bound on connections.
pub async fn serve(mut listener: TcpListener, router: Router, config: HttpConfig, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(config.max_connections));
    let service = router.map_request(|request: Request<Incoming>| request.map(Body::new));
    let service = TowerToHyperService::new(service);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(config.header_timeout);
    let open = GracefulShutdown::new();
    let mut next = async || {
        // Who finds no place waits in the system's queue.
        let place = Arc::clone(&places).acquire_owned().await;
        (place, accept(&mut listener).await)
    };
    while let Some((place, io)) = stop.run_until_cancelled(next()).await {
        let connection = open.watch(http.serve_connection(TokioIo::new(io), service.clone()));
        tokio::spawn(async move {
            // Whatever breaks a connection is over with it.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    open.shutdown().await;
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
