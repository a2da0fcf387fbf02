//! The machines of an environment as this run knows them: from the records, and from the plans that it let through.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::change::Machines;
use crate::decide::EnvironmentMachines;
use crate::model::Name;

#[derive(Clone, Default)]
pub struct RecordedMachines {
    pub machines: EnvironmentMachines,
    /// Components whose record says nothing about machines, because an earlier version wrote it.
    pub unknown: BTreeSet<Name>,
}

/// None before the records were read.
#[derive(Default)]
pub struct KnownMachines(RefCell<Option<RecordedMachines>>);

impl KnownMachines {
    pub fn now(&self) -> Option<RecordedMachines> {
        self.0.borrow().clone()
    }

    /// What the records say. If another component has read them meanwhile, its plan may have been let through, and that
    /// counts.
    pub fn fill(&self, recorded: RecordedMachines) -> RecordedMachines {
        self.0.borrow_mut().get_or_insert(recorded).clone()
    }

    /// The plan of `name` was let through.
    pub fn plan(&self, name: &Name, machines: Machines) {
        if let Some(known) = self.0.borrow_mut().as_mut() {
            known.unknown.remove(name);
            known.machines.insert(name.clone(), machines);
        }
    }
}
