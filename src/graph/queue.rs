//! Decides which components may start now, by order and status. The caller decides how many run in parallel.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::model::Name;

/// How the work on a name ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeOutcome {
    Done,
    Failed,
}

/// Returns each name once, after all its dependencies are done.
#[derive(Debug)]
pub struct ReadyQueue {
    dependents: Graph,
    /// Name to the number of its unfinished dependencies.
    waiting: BTreeMap<Name, usize>,
    /// Name to the length of the longest chain that waits for it.
    behind: BTreeMap<Name, usize>,
    /// The longest chain first: at the end of a run, a long one alone would leave the other places empty.
    ready: BTreeSet<(Reverse<usize>, Name)>,
    running: BTreeSet<Name>,
}

impl ReadyQueue {
    pub fn new(graph: Graph) -> Self {
        let (ready, waiting): (Vec<_>, Vec<_>) = graph
            .names()
            .map(|name| (name.clone(), graph.dependencies(name).len()))
            .partition(|(_, needed)| *needed == 0);
        let behind = longest_chains(&graph);
        let mut queue = Self {
            dependents: graph.reversed(),
            waiting: waiting.into_iter().collect(),
            behind,
            ready: BTreeSet::new(),
            running: BTreeSet::new(),
        };
        ready.into_iter().for_each(|(name, _)| queue.is_ready(name));
        queue
    }

    /// Returns the first ready name that is accepted: the one with the longest chain behind it, and of equal ones the
    /// alphabetically first. From then on it is running.
    pub fn next(&mut self, mut accept: impl FnMut(&Name) -> bool) -> Option<Name> {
        let first = self.ready.iter().find(|(_, name)| accept(name))?.clone();
        self.ready.remove(&first);
        let (_, name) = first;
        self.running.insert(name.clone());
        Some(name)
    }

    fn is_ready(&mut self, name: Name) {
        let behind = self.behind.get(&name).copied().unwrap_or_default();
        self.ready.insert((Reverse(behind), name));
    }

    pub fn running(&self) -> impl Iterator<Item = &Name> {
        self.running.iter()
    }

    /// Ends a running name. Returns the names that can never start because of that.
    pub fn finish(&mut self, name: &Name, outcome: NodeOutcome) -> Vec<Name> {
        self.running.remove(name);
        match outcome {
            NodeOutcome::Done => {
                for dependent in self.dependents.dependencies(name).clone() {
                    let Some(left) = self.waiting.get_mut(&dependent) else {
                        continue;
                    };
                    *left -= 1;
                    if *left == 0 {
                        self.waiting.remove(&dependent);
                        self.is_ready(dependent);
                    }
                }
                Vec::new()
            }
            NodeOutcome::Failed => {
                let behind = self.dependents.closure(&BTreeSet::from([name.clone()]));
                behind.into_iter().filter(|name| self.waiting.remove(name).is_some()).collect()
            }
        }
    }

    /// Removes all names that have not started.
    pub fn stop(&mut self) -> Vec<Name> {
        let ready = std::mem::take(&mut self.ready);
        let waiting = std::mem::take(&mut self.waiting);
        ready.into_iter().map(|(_, name)| name).chain(waiting.into_keys()).collect()
    }
}

/// Of each name, how many names the longest chain has that waits for it.
fn longest_chains(graph: &Graph) -> BTreeMap<Name, usize> {
    let mut behind: BTreeMap<Name, usize> = BTreeMap::new();
    for name in graph.order().into_iter().rev() {
        let own = behind.entry(name.clone()).or_default().saturating_add(1);
        for needed in graph.dependencies(&name) {
            let longest = behind.entry(needed.clone()).or_default();
            *longest = own.max(*longest);
        }
    }
    behind
}
