//! One TCP connection: that it is accepted is the answer.

use tokio::net::TcpStream;

use super::answer::Miss;

pub struct Tcp {
    pub host: String,
    pub port: u16,
}

impl Tcp {
    /// Tries every address that the name stands for.
    pub async fn ask(&self) -> Result<String, Miss> {
        match TcpStream::connect((self.host.as_str(), self.port)).await {
            Ok(_) => Ok("connected".to_owned()),
            Err(error) => Err(Miss::new("cannot connect", Some(error.to_string()))),
        }
    }
}
