//! The place where peers come in, opened for a command, with what its user can do when that fails.

use sdmp_node::Address;
use sdmp_transport::listener::Acceptor;

use crate::error::{Exit, Failure};

/// Opens the place where connections come in, and says how it is reached.
pub(crate) async fn bind(address: &Address) -> Result<(Box<dyn Acceptor>, String), Failure> {
    address.bind().await.map_err(|error| {
        let cause = format!("cannot listen on {address}: {error}");
        Failure::new(Exit::Other, "listen.failed", cause).remedy(where_else(address))
    })
}

/// What can be done where this address cannot be listened on.
fn where_else(address: &Address) -> &'static str {
    match address {
        Address::Tcp(_) | Address::WebSocket(_) => {
            "choose a free port (port 0 takes any) and an address of this machine"
        }
        #[cfg(unix)]
        Address::Unix(_) => {
            "name a path in a directory that you may write to, where nothing is yet"
        }
        #[cfg(unix)]
        Address::Files(_) => "name a directory that you may write to",
        // Standard input and output; nothing else fails here.
        _ => "give standard input and output to the program",
    }
}
