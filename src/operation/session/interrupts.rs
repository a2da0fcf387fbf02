//! The effects of a first, a second and a third request to stop.

use crate::process::{Cancel, Cause};
use crate::view::progress::ProgressDisplay;

/// The number of requests so far.
#[derive(Default)]
pub(super) struct InterruptCount {
    counted: u32,
    /// Requests that were for earlier work.
    before: u32,
}

impl InterruptCount {
    /// Counts from here on.
    pub fn after(before: u32) -> Self {
        Self { counted: 0, before }
    }

    /// `asked` counts all requests so far.
    pub fn count(&mut self, asked: u32, cancel: &Cancel, progress: &mut ProgressDisplay) {
        while self.counted + self.before < asked {
            self.counted += 1;
            match self.counted {
                1 => {
                    cancel.cancel(Cause::User);
                    progress
                        .note("stopping: terraform finishes the current operations; nothing new is started");
                }
                2 => progress.note(&format!(
                    "still stopping: a third interrupt kills terraform; resources that it is changing{} may \
                     then exist without being in the state",
                    in_flight(progress)
                )),
                3 => {
                    cancel.force();
                    progress.note("killing terraform");
                }
                _ => {}
            }
        }
    }
}

fn in_flight(progress: &ProgressDisplay) -> String {
    let names: Vec<_> = progress.in_flight().collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}
