//! Events about single resources on Salt's bus: bounded in number and in rate.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::change::Redactor;
use crate::terraform::{Event, OperationEvent};

/// The greatest number of events of one apply, and in one second of it.
const MOST: u32 = 500;
const MOST_IN_A_SECOND: u32 = 20;

/// Decides which events of an apply are sent.
#[derive(Default)]
pub struct ResourceEvents {
    sent: u32,
    left_out: u32,
    /// The beginning of the present second, and the events sent in it.
    second: Option<(Instant, u32)>,
}

impl ResourceEvents {
    /// The data of the bus event for an event of terraform. None if it is not about an operation, or is left out.
    pub fn next(&mut self, event: &Event, redactor: &Redactor, now: Instant) -> Option<Value> {
        let (operation, state) = match event {
            Event::ApplyStart(operation) => (operation, "started"),
            Event::ApplyComplete(operation) => (operation, "done"),
            Event::ApplyErrored(operation) => (operation, "failed"),
            _ => return None,
        };
        if !self.admits(now) {
            self.left_out += 1;
            return None;
        }
        let OperationEvent { resource, action, seconds, .. } = operation;
        let address = redactor.text(&resource.address);
        let mut data = json!({ "address": address, "action": action.word(), "state": state });
        if let Some(seconds) = seconds.filter(|_| state != "started") {
            data["seconds"] = json!(seconds);
        }
        if state == "failed" {
            let what = format!("{address}: {} failed; the report of the component says why", action.word());
            data["message"] = what.into();
        }
        Some(data)
    }

    /// The last event: how many were left out. None if there were none.
    pub fn end(&self) -> Option<Value> {
        (self.left_out > 0).then(|| json!({ "left_out": self.left_out }))
    }

    fn admits(&mut self, now: Instant) -> bool {
        let in_second = match self.second {
            Some((since, sent)) if now.duration_since(since) < Duration::from_secs(1) => (since, sent),
            _ => (now, 0),
        };
        let admitted = self.sent < MOST && in_second.1 < MOST_IN_A_SECOND;
        self.sent += u32::from(admitted);
        self.second = Some((in_second.0, in_second.1 + u32::from(admitted)));
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terraform::parse;

    fn event(kind: &str) -> Event {
        let hook = json!({
            "resource": { "addr": "aws_x.y[\"hunter2hunter2\"]", "resource_type": "aws_x", "resource_name": "y" },
            "action": "create",
            "elapsed_seconds": 2,
        });
        parse(&json!({ "type": kind, "hook": hook }).to_string()).unwrap()
    }

    #[test]
    fn an_operation_is_told_when_it_starts_and_ends_and_its_address_is_masked() {
        let (mut events, now) = (ResourceEvents::default(), Instant::now());
        let redactor = Redactor::new([&json!("hunter2hunter2")]);
        let masked = redactor.text("aws_x.y[\"hunter2hunter2\"]");
        assert!(!masked.contains("hunter2"), "{masked}");
        let started = json!({ "address": masked, "action": "create", "state": "started" });
        assert_eq!(events.next(&event("apply_start"), &redactor, now), Some(started));
        let done = json!({ "address": masked, "action": "create", "state": "done", "seconds": 2.0 });
        assert_eq!(events.next(&event("apply_complete"), &redactor, now), Some(done));
        assert_eq!(events.next(&event("apply_errored"), &redactor, now).unwrap()["state"], "failed");
        assert_eq!(events.next(&Event::Other, &redactor, now), None);
        assert_eq!(events.end(), None);
    }

    #[test]
    fn no_second_has_more_events_than_the_bound_and_the_rest_is_counted() {
        let (mut events, now) = (ResourceEvents::default(), Instant::now());
        let redactor = Redactor::default();
        let mut sent =
            |now| (0..100).filter(|_| events.next(&event("apply_start"), &redactor, now).is_some()).count();
        assert_eq!(sent(now), MOST_IN_A_SECOND as usize);
        assert_eq!(sent(now + Duration::from_millis(999)), 0);
        assert_eq!(sent(now + Duration::from_secs(1)), MOST_IN_A_SECOND as usize);
        assert_eq!(events.end(), Some(json!({ "left_out": 300 - 2 * MOST_IN_A_SECOND })));
    }

    #[test]
    fn no_apply_has_more_events_than_the_bound() {
        let (mut events, now) = (ResourceEvents::default(), Instant::now());
        let redactor = Redactor::default();
        let sent = (0..2 * MOST)
            .filter(|second| {
                let now = now + Duration::from_secs((*second).into());
                events.next(&event("apply_start"), &redactor, now).is_some()
            })
            .count();
        assert_eq!(sent, MOST as usize);
    }
}
