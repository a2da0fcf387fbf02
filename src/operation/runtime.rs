//! The runtime of one call, and its blocking work.

use crate::command_line;
use crate::error::{Code, Error, Layer, Phase, Result, open_files};

/// One current-thread runtime per call. Nothing of it outlives the call.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        if open_files::are_too_many(&error) {
            return open_files::error("start the runtime", error);
        }
        Error::new(
            Layer::Host,
            Phase::Preparation,
            Code::Runtime,
            format!("cannot start the runtime: {error}"),
            "check the limits on processes and memory",
        )
        .because(error)
    })
}

/// Runs blocking work on its own thread, while other components continue. A panic in it panics here.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let command_line = command_line::current();
    let done = tokio::task::spawn_blocking(|| command_line.during(work)).await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
