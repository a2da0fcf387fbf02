//! The stages of a component, in words.

use serde_json::Value;

use crate::model::Name;
use crate::printable::one_line;
use crate::report::{Counts, Status};
use crate::view::units;
use crate::view::wrap::shortened;

/// A component entered a new stage.
#[derive(Clone, Debug)]
pub struct StageUpdate {
    pub component: Name,
    pub stage: Stage,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    Waiting {
        on: Vec<Name>,
    },
    /// Another run has the component's lock.
    WaitingForLock {
        holder: Value,
    },
    /// It waits for the rate limit of an API, for about so many seconds. Zero while another component asks the API.
    WaitingForRequests {
        seconds: u64,
    },
    Preparing,
    Initialising,
    Planning,
    Applying {
        done: u64,
        total: u64,
        address: String,
    },
    Destroying {
        done: u64,
        total: u64,
        address: String,
    },
    /// Waiting for the health gates.
    Verifying {
        passing: usize,
        gates: usize,
        begun: bool,
        last: String,
    },
    Finished {
        status: Status,
        changes: Counts,
        seconds: f64,
    },
}

impl Stage {
    /// The word for the stage, in progress and in the tag of an event.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::WaitingForLock { .. } => "waiting_for_lock",
            Self::WaitingForRequests { .. } => "waiting_for_requests",
            Self::Preparing => "preparing",
            Self::Initialising => "initialising",
            Self::Planning => "planning",
            Self::Applying { .. } => "applying",
            Self::Destroying { .. } => "destroying",
            Self::Verifying { .. } => "verifying",
            Self::Finished { status, .. } => status.word(),
        }
    }

    /// The word for the stage in a line of the progress: the detail says for what it waits.
    pub(super) fn shown(&self) -> &'static str {
        match self {
            Self::WaitingForLock { .. } | Self::WaitingForRequests { .. } => "waiting",
            stage => stage.word(),
        }
    }

    /// `4/6  aws_s3_bucket.audit`, `+3 ~0 -0`, in at most `room` columns. What was cut ends with `…`.
    pub(super) fn detail(&self, room: usize) -> String {
        match self {
            Self::Applying { done, total, address } | Self::Destroying { done, total, address } => {
                shortened(format!("{done}/{total}  {}", one_line(address)).trim_end(), room)
            }
            Self::WaitingForLock { holder } => lock(holder, room),
            Self::WaitingForRequests { seconds: 0 } => shortened("for the rate limit of the API", room),
            Self::WaitingForRequests { seconds } => {
                shortened(&format!("for the rate limit of the API, about {seconds}s"), room)
            }
            Self::Verifying { passing, gates, last, .. } => {
                let text = format!("waiting for health {passing}/{gates}  {}", one_line(last));
                shortened(text.trim_end(), room)
            }
            Self::Finished { changes, .. } if !changes.is_empty() => units::counts(changes),
            _ => String::new(),
        }
    }
}

/// `for run 01JD3KV6T0W8Q5YB4E2N9RZXCM of root on web1, since 11:41 UTC`. Without room for it, the id is cut, because
/// `status` shows it too.
fn lock(holder: &Value, room: usize) -> String {
    let text = |key: &str| one_line(holder[key].as_str().unwrap_or_default()).into_owned();
    let user = match text("user") {
        user if user.is_empty() => "an unknown user".to_owned(),
        user => user,
    };
    let rest = format!(" of {user} on {}, since {}", text("host"), time(&text("since")));
    let id = text("run_id");
    let left = room.saturating_sub("for run ".len() + unicode_width::UnicodeWidthStr::width(rest.as_str()));
    shortened(&format!("for run {}{rest}", shortened(&id, left.max(SHORTEST_ID))), room)
}

/// The least columns that an id gets.
const SHORTEST_ID: usize = 8;

/// `11:41 UTC`, and the day before it if it is another day. Another text stays as it is.
fn time(since: &str) -> String {
    let today = crate::clock::now();
    match (since.get(..10), since.get(11..16), today.get(..10)) {
        (Some(day), Some(time), Some(today)) if since.ends_with('Z') => match day == today {
            true => format!("{time} UTC"),
            false => format!("{day} {time} UTC"),
        },
        _ => since.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wait_for_a_lock_names_the_holder_and_the_time_at_any_width() {
        let today = &crate::clock::now()[..10];
        let holder = json!({
            "run_id": "01JD3KV6T0W8Q5YB4E2N9RZXCM", "user": "root", "host": "web1", "since": format!("{today}T11:41:09Z"),
        });
        let stage = Stage::WaitingForLock { holder };
        assert_eq!(
            stage.detail(usize::MAX),
            "for run 01JD3KV6T0W8Q5YB4E2N9RZXCM of root on web1, since 11:41 UTC"
        );
        assert_eq!(stage.detail(53), "for run 01JD3KV6T0W… of root on web1, since 11:41 UTC");
        assert_eq!(time("2020-01-02T03:04:05Z"), "2020-01-02 03:04 UTC");
    }
}
