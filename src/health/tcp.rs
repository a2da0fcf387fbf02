//! One TCP connection. The gate passes if it is accepted.

use tokio::net::TcpStream;

use super::answer::Miss;

pub struct Tcp {
    pub host: String,
    pub port: u16,
}

impl Tcp {
    /// Tries every address of the name.
    pub async fn ask(&self) -> Result<String, Miss> {
        match TcpStream::connect((self.host.as_str(), self.port)).await {
            Ok(_) => Ok("connected".to_owned()),
            Err(error) => Err(Miss::new("cannot connect", Some(error.to_string()))),
        }
    }
}
