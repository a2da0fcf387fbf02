//! Files after a crash: the stream of an apply, and copies of a state.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::decide::{ApplyOperations, CompletedOperations, StateVersion};
use crate::error::{Error, Result};
use crate::model::Name;
use crate::record::UnfinishedApply;
use crate::terraform::{self, Event};
use crate::workdir::Layout;

/// The content of an apply's stream.
#[derive(Default)]
pub(in crate::operation::component) struct ApplyEvents {
    pub operations: ApplyOperations,
    pub completed: CompletedOperations,
    /// A state that terraform could save nowhere else.
    pub dump: Option<Value>,
}

impl ApplyEvents {
    pub fn record(&mut self, event: &Event) {
        let operations = &mut self.operations;
        match event {
            Event::PlannedChange(planned) => {
                operations.planned(&planned.resource.address, planned.action.word())
            }
            Event::ApplyStart(hook) => {
                operations.started(
                    &hook.resource.address,
                    &hook.resource.kind,
                    hook.action.word(),
                    hook.id(),
                );
                self.completed.started(&hook.resource.address, hook.action.word(), hook.id());
            }
            Event::ApplyComplete(hook) => {
                operations.completed(&hook.resource.address, hook.action.word(), hook.id());
                self.completed.add(&hook.resource.address, hook.action.word(), hook.id());
            }
            Event::ApplyErrored(hook) => {
                operations.failed(&hook.resource.address, hook.action.word());
                self.completed.failed(&hook.resource.address, hook.action.word());
            }
            Event::StateDump(state) => self.dump = Some(state.clone()),
            _ => {}
        }
    }
}

/// The stream of the interrupted apply. None if it was removed with the folder of its run.
pub(super) fn stream(
    layout: &Layout,
    unfinished: &UnfinishedApply,
    component: &Name,
) -> Result<Option<ApplyEvents>> {
    let path = layout.run(&unfinished.run_id).join(component).join("apply.stdout");
    let file = match fs::File::open(&path) {
        Ok(file) => file,
        // If the run was killed before terraform started, its folder exists and the stream does not.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(layout.run(&unfinished.run_id).exists().then(ApplyEvents::default));
        }
        Err(error) => return Err(Error::file(&path, "read", error)),
    };
    let mut events = ApplyEvents::default();
    let mut line = Vec::new();
    let mut lines = BufReader::new(file);
    // A truncated last line is not JSON, and contains nothing usable.
    while lines.read_until(b'\n', &mut line).map_err(|error| Error::file(&path, "read", error))? > 0 {
        if let Ok(event) = terraform::parse(&String::from_utf8_lossy(&line)) {
            events.record(&event);
        }
        line.clear();
    }
    Ok(Some(events))
}

/// The files that contain a complete state.
pub(super) fn whole_states(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, StateVersion)> {
    let head = |path: &Path| StateVersion::parse(&fs::read(path).ok()?).ok();
    paths.into_iter().filter_map(|path| head(&path).map(|head| (path, head))).collect()
}
