//! MCP over stdin and stdout, for the client that started the process.

use rmcp::transport::{TransportAdapterIdentity, stdio_pipes};
use rmcp::{ServerHandler, service::serve_server_with_ct};

use super::lines::Lines;
use super::session::Sessions;

/// Serves until the input ends or the process stops, and what was asked till then is answered.
pub async fn serve<H: ServerHandler>(handler: H, sessions: &Sessions) {
    let (input, output) = stdio_pipes();
    let session = sessions.local(Lines::new(input, output));
    let end = sessions.abort().child_token();
    let serving = serve_server_with_ct::<_, _, _, TransportAdapterIdentity>(handler, session, end).await;
    if let Ok(running) = serving {
        let _ = running.waiting().await;
    }
}
