//! The effects of a first, a second and a third request to stop.

use crate::process::{Cancel, Cause};
use crate::view::progress::Progress;

/// The number of requests so far.
#[derive(Default)]
pub(super) struct Stopping(u32);

impl Stopping {
    /// `asked` counts all requests so far.
    pub fn hear(&mut self, asked: u32, cancel: &Cancel, progress: &mut Progress) {
        while self.0 < asked {
            self.0 += 1;
            match self.0 {
                1 => {
                    cancel.cancel(Cause::User);
                    progress.note(
                        "stopping: asked terraform to finish what is in flight; nothing more is started",
                    );
                }
                2 => progress.note(&format!(
                    "still stopping: a third interrupt ends terraform at once, and what it has in flight{} may then exist \
                     in the world and not in the state",
                    in_flight(progress)
                )),
                3 => {
                    cancel.force();
                    progress.note("ending terraform at once");
                }
                _ => {}
            }
        }
    }
}

fn in_flight(progress: &Progress) -> String {
    let names: Vec<_> = progress.in_flight().collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}
