//! When a request was sent, to compare the clock of its server with this host's.

use std::time::{Instant, SystemTime};

use super::HttpAnswer;
use crate::clock;
use crate::decide::layers::ServerClock;

#[derive(Clone, Copy, Debug)]
pub struct Sent {
    at: SystemTime,
    since: Instant,
}

impl Sent {
    pub fn now() -> Self {
        Self { at: SystemTime::now(), since: Instant::now() }
    }

    /// The clock of the server that has just answered. None if its answer has no date.
    pub fn compared_with(self, answer: &HttpAnswer, server: &'static str) -> Option<ServerClock> {
        let told = clock::of_http(answer.header("Date")?)?;
        let took = self.since.elapsed();
        // The server wrote its time between the request and the answer, without the part of a second.
        let middle = self.at + took / 2;
        let ahead = match middle.duration_since(told) {
            Ok(ahead) => ahead.as_secs_f64(),
            Err(behind) => -behind.duration().as_secs_f64(),
        };
        Some(ServerClock { server, ahead: ahead - 0.5, inexact: took.as_secs_f64() / 2.0 + 0.5 })
    }
}
