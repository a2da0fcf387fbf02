//! What a server's clock says.

/// The clock of one server, compared with this host's.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerClock {
    /// Such as `nomad`.
    pub server: &'static str,
    /// Seconds by which this host is ahead of the server; negative if it is behind.
    pub ahead: f64,
    /// The server's time has whole seconds, and its answer took time: so many seconds mean nothing.
    pub inexact: f64,
}
