//! The effects of a first, a second and a third request to stop.

use crate::process::{Cancel, Cause};
use crate::view::progress::ProgressDisplay;

/// The number of requests so far.
#[derive(Default)]
pub(super) struct InterruptCount(u32);

impl InterruptCount {
    /// `asked` counts all requests so far.
    pub fn count(&mut self, asked: u32, cancel: &Cancel, progress: &mut ProgressDisplay) {
        while self.0 < asked {
            self.0 += 1;
            match self.0 {
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
