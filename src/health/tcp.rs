//! One TCP connection. The gate passes if it is accepted.

use tokio::net::TcpStream;

use super::answer::FailedMeasurement;

pub struct TcpGate {
    pub host: String,
    pub port: u16,
}

impl TcpGate {
    /// Tries every address of the name.
    pub async fn ask(&self) -> Result<String, FailedMeasurement> {
        match TcpStream::connect((self.host.as_str(), self.port)).await {
            Ok(_) => Ok("connected".to_owned()),
            Err(error) => Err(FailedMeasurement::new("cannot connect", Some(error.to_string()))),
        }
    }
}
