//! Files after a crash: the stream of an apply, and copies of a state.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::decide::{Completed, Head, Story};
use crate::error::{Error, Result};
use crate::model::Name;
use crate::record::Underway;
use crate::terraform::{self, Event};
use crate::workdir::Layout;

/// The content of an apply's stream.
#[derive(Default)]
pub(in crate::operation::component) struct Heard {
    pub story: Story,
    pub completed: Completed,
    /// A state that terraform could save nowhere else.
    pub dump: Option<Value>,
}

impl Heard {
    pub fn hear(&mut self, event: &Event) {
        let story = &mut self.story;
        match event {
            Event::PlannedChange(planned) => story.planned(&planned.resource.address, planned.action.word()),
            Event::ApplyStart(hook) => {
                story.started(&hook.resource.address, &hook.resource.kind, hook.action.word(), hook.id())
            }
            Event::ApplyComplete(hook) => {
                story.completed(&hook.resource.address, hook.action.word(), hook.id());
                self.completed.step(&hook.resource.address, hook.action.word(), hook.id());
            }
            Event::ApplyErrored(hook) => story.failed(&hook.resource.address, hook.action.word()),
            Event::StateDump(state) => self.dump = Some(state.clone()),
            _ => {}
        }
    }
}

/// The stream of the interrupted apply. None if it was removed with the folder of its run.
pub(super) fn stream(layout: &Layout, underway: &Underway, component: &Name) -> Result<Option<Heard>> {
    let path = layout.run(&underway.run_id).join(component).join("apply.stdout");
    let file = match fs::File::open(&path) {
        Ok(file) => file,
        // If the run was killed before terraform started, its folder exists and the stream does not.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(layout.run(&underway.run_id).exists().then(Heard::default));
        }
        Err(error) => return Err(Error::file(&path, "read", error)),
    };
    let mut heard = Heard::default();
    let mut line = Vec::new();
    let mut lines = BufReader::new(file);
    // A truncated last line is not JSON, and contains nothing usable.
    while lines.read_until(b'\n', &mut line).map_err(|error| Error::file(&path, "read", error))? > 0 {
        if let Ok(event) = terraform::parse(&String::from_utf8_lossy(&line)) {
            heard.hear(&event);
        }
        line.clear();
    }
    Ok(Some(heard))
}

/// The files that contain a complete state.
pub(super) fn whole_states(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, Head)> {
    let head = |path: &Path| Head::parse(&fs::read(path).ok()?).ok();
    paths.into_iter().filter_map(|path| head(&path).map(|head| (path, head))).collect()
}
