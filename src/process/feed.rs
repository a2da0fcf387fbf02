//! A text that a child reads once from the pipe on its stdin. Afterwards the pipe is empty for the child and for all
//! processes that it starts.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, retry_on_intr, write};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::unix::pipe::Sender;

/// Writes the text. When it is dropped, it closes the pipe, and the child sees the end of its stdin.
pub struct StdinFeed<'a> {
    rest: &'a [u8],
    /// None once the whole text is written. The `OwnedFd` is a second reader that reads nothing. While it is open, a
    /// write raises no SIGPIPE, even if the child no longer reads. A SIGPIPE could end the process that Eos runs in.
    pipe: Option<(Sender, OwnedFd)>,
}

impl<'a> StdinFeed<'a> {
    /// Returns the child's stdin and the feed. Without a text, stdin is empty. If the text fits into a pipe, this
    /// writes it and closes the pipe before it returns: a process that Salt forks later could keep the pipe open.
    pub fn open(text: Option<&'a SecretString>) -> io::Result<(OwnedFd, Self)> {
        let Some(text) = text else {
            return Ok((File::open("/dev/null")?.into(), Self { rest: &[], pipe: None }));
        };
        let (reader, writer) = io::pipe()?;
        let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
        fcntl_setfl(&writer, OFlags::NONBLOCK)?;
        let mut rest = text.expose_secret().as_bytes();
        while !rest.is_empty() {
            match retry_on_intr(|| write(&writer, rest)) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::AGAIN) => {
                    let pipe = Some((Sender::from_owned_fd(writer)?, reader.try_clone()?));
                    return Ok((reader, Self { rest, pipe }));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok((reader, Self { rest, pipe: None }))
    }

    pub fn is_over(&self) -> bool {
        self.pipe.is_none()
    }

    /// Writes while the child reads, until the whole text is written. May be dropped and called again.
    pub async fn finish(&mut self) {
        while let Some((pipe, _)) = &self.pipe {
            let is_over = match pipe.try_write(self.rest) {
                Ok(written) => {
                    self.rest = &self.rest[written..];
                    self.rest.is_empty()
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => pipe.writable().await.is_err(),
                Err(_) => true,
            };
            if is_over {
                self.pipe = None;
            }
        }
    }
}
