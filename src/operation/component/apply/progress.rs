//! The progress of one apply.

use std::time::Instant;

use serde_json::Value;

use super::resource_events::ResourceEvents;
use crate::change::Changes;
use crate::operation::exec::context::Context;
use crate::report::Counts;
use crate::terraform::Event;
use crate::view::progress::Stage;

/// Counts the changes that an apply has completed, and tells the display and the bus.
pub(super) struct ApplyProgress<'a> {
    context: &'a Context<'a>,
    destroy: bool,
    total: u64,
    pub done: Counts,
    events: ResourceEvents,
}

impl<'a> ApplyProgress<'a> {
    pub fn new(context: &'a Context<'a>, destroy: bool, changes: &Changes) -> Self {
        let progress = Self {
            context,
            destroy,
            total: steps(&changes.counts),
            done: Counts::default(),
            events: ResourceEvents::default(),
        };
        progress.tell("");
        progress
    }

    pub fn hear(&mut self, event: &Event) {
        if let Some(data) = self.events.next(event, &self.context.redactor, Instant::now()) {
            self.emit(data);
        }
        let (hook, complete) = match event {
            Event::ActionComplete => {
                self.done.action_invocation += 1;
                return self.tell("");
            }
            Event::ApplyStart(hook) => (hook, false),
            Event::ApplyComplete(hook) => (hook, true),
            _ => return,
        };
        if complete {
            match hook.action.word() {
                "create" => self.done.add += 1,
                "update" => self.done.change += 1,
                "delete" => self.done.remove += 1,
                _ => return,
            }
        }
        self.tell(&hook.resource.address);
    }

    /// Call it when terraform has ended.
    pub fn end(&self) {
        if let Some(data) = self.events.end() {
            self.emit(data);
        }
    }

    fn emit(&self, data: Value) {
        self.context.session.call.channel.emit(&self.context.component.name, "resource", data);
    }

    fn tell(&self, address: &str) {
        let done = steps(&self.done);
        let (total, address) = (self.total, self.context.redactor.text(address));
        let stage = match self.destroy {
            true => Stage::Destroying { done, total, address },
            false => Stage::Applying { done, total, address },
        };
        self.context.session.call.channel.stage(&self.context.component.name, stage);
    }
}

/// The steps that the stream of an apply reports one by one.
fn steps(counts: &Counts) -> u64 {
    counts.add + counts.change + counts.remove + counts.action_invocation
}
