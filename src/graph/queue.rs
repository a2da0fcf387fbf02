//! Decides which components may start now, by order and status. The caller decides how many run in parallel.

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::model::Name;

/// How the work on a name ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Failed,
}

/// Returns each name once, after all its dependencies are done.
#[derive(Debug)]
pub struct Queue {
    dependents: Graph,
    /// Name to the number of its unfinished dependencies.
    waiting: BTreeMap<Name, usize>,
    ready: BTreeSet<Name>,
    running: BTreeSet<Name>,
}

impl Queue {
    pub fn new(graph: Graph) -> Self {
        let (ready, waiting): (Vec<_>, Vec<_>) = graph
            .names()
            .map(|name| (name.clone(), graph.dependencies(name).len()))
            .partition(|(_, needed)| *needed == 0);
        Self {
            dependents: graph.reversed(),
            waiting: waiting.into_iter().collect(),
            ready: ready.into_iter().map(|(name, _)| name).collect(),
            running: BTreeSet::new(),
        }
    }

    /// Returns the alphabetically first ready name that is accepted. From then on it is running.
    pub fn next(&mut self, mut accept: impl FnMut(&Name) -> bool) -> Option<Name> {
        let name = self.ready.iter().find(|name| accept(name))?.clone();
        self.ready.remove(&name);
        self.running.insert(name.clone());
        Some(name)
    }

    pub fn running(&self) -> impl Iterator<Item = &Name> {
        self.running.iter()
    }

    /// Ends a running name. Returns the names that can never start because of that.
    pub fn finish(&mut self, name: &Name, outcome: Outcome) -> Vec<Name> {
        self.running.remove(name);
        match outcome {
            Outcome::Done => {
                for dependent in self.dependents.dependencies(name) {
                    let Some(left) = self.waiting.get_mut(dependent) else {
                        continue;
                    };
                    *left -= 1;
                    if *left == 0 {
                        self.waiting.remove(dependent);
                        self.ready.insert(dependent.clone());
                    }
                }
                Vec::new()
            }
            Outcome::Failed => {
                let behind = self.dependents.closure(&BTreeSet::from([name.clone()]));
                behind.into_iter().filter(|name| self.waiting.remove(name).is_some()).collect()
            }
        }
    }

    /// Removes all names that have not started.
    pub fn stop(&mut self) -> Vec<Name> {
        let ready = std::mem::take(&mut self.ready);
        let waiting = std::mem::take(&mut self.waiting);
        ready.into_iter().chain(waiting.into_keys()).collect()
    }
}
