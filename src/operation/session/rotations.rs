//! The rotations of secrets that a call knows: the one that it asks for, and those that its turns found under way.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::decide::Rotation;
use crate::model::{Name, RotationTarget, VaultPath};

#[derive(Default)]
pub struct Rotations {
    /// What the call asks for, until its new values are written.
    asked: RefCell<Option<RotationTarget>>,
    found: RefCell<BTreeMap<VaultPath, Rotation>>,
    /// Those of `found` that this run has withdrawn.
    withdrawn: RefCell<BTreeSet<VaultPath>>,
    /// Components that can go back to a version with the old value.
    going_back: RefCell<BTreeSet<Name>>,
}

impl Rotations {
    pub fn ask(&self, target: RotationTarget) {
        self.asked.replace(Some(target));
    }

    /// The request, once.
    pub fn take(&self) -> Option<RotationTarget> {
        self.asked.take()
    }

    /// The request, if its new values are not written.
    pub fn asked(&self) -> Option<RotationTarget> {
        self.asked.borrow().clone()
    }

    /// Whether this secret would get a new value.
    pub fn would_change(&self, path: &VaultPath, key: &str) -> bool {
        self.asked.borrow().as_ref().is_some_and(|target| target.has(path, key))
    }

    /// This call has written its new values.
    pub fn begin(&self, path: &VaultPath, rotation: Rotation) {
        self.found.borrow_mut().insert(path.clone(), rotation);
    }

    /// `name` reads a secret of this path, which is being rotated.
    pub fn find(&self, name: &Name, path: &VaultPath, rotation: Rotation, can_go_back: bool) {
        self.found.borrow_mut().entry(path.clone()).or_insert(rotation);
        if can_go_back {
            self.going_back.borrow_mut().insert(name.clone());
        }
    }

    pub fn found(&self) -> BTreeMap<VaultPath, Rotation> {
        self.found.borrow().clone()
    }

    pub fn withdraw(&self, path: &VaultPath) {
        self.withdrawn.borrow_mut().insert(path.clone());
    }

    pub fn was_withdrawn(&self, path: &VaultPath) -> bool {
        self.withdrawn.borrow().contains(path)
    }

    /// The old value could not return, so a rollback could not read it.
    pub fn stay(&self, names: &BTreeSet<Name>) {
        self.going_back.borrow_mut().retain(|name| !names.contains(name));
    }

    pub fn goes_back(&self, name: &Name) -> bool {
        self.going_back.borrow().contains(name)
    }
}
