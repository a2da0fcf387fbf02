//! A text that a child reads once: the pipe on its stdin is empty afterwards, for it and for all that it starts.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, retry_on_intr, write};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::unix::pipe::Sender;

/// Writes the text. Dropped, it closes the pipe: the child sees the end of its stdin.
pub struct Feed<'a> {
    rest: &'a [u8],
    /// None once all is written. Our own reader reads nothing: while it is open, writing to a child that reads no longer
    /// is no SIGPIPE, which may end the process that we are in.
    pipe: Option<(Sender, OwnedFd)>,
}

impl<'a> Feed<'a> {
    /// With the child's stdin, which is empty where there is no text. A text that fits into a pipe is written, and the
    /// pipe closed, when this returns: a process that Salt forks meanwhile could keep it open.
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

    /// Writes as the child reads, until all is written. May be dropped and called again.
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
