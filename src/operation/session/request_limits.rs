//! The requests that running components may still make at an API, by project.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Mutex;

#[derive(Default)]
pub struct RequestLimits(RefCell<BTreeMap<String, Rc<Project>>>);

/// A project is known by the digest of its token.
#[derive(Default)]
pub struct Project {
    reserved: Cell<u64>,
    /// Held by the component that asks and waits, because each question takes a request too.
    pub asking: Mutex<()>,
}

/// Requests of one component. They are free again when it is dropped.
pub struct Reserved {
    project: Rc<Project>,
    requests: u64,
}

impl RequestLimits {
    pub fn project(&self, digest: &str) -> Rc<Project> {
        self.0.borrow_mut().entry(digest.to_owned()).or_default().clone()
    }
}

impl Project {
    pub fn reserved(&self) -> u64 {
        self.reserved.get()
    }

    pub fn reserve(self: &Rc<Self>, requests: u64) -> Reserved {
        self.reserved.set(self.reserved.get() + requests);
        Reserved { project: self.clone(), requests }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.project.reserved.set(self.project.reserved.get().saturating_sub(self.requests));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_reserved_for_each_project_until_their_component_ends() {
        let limits = RequestLimits::default();
        let reserved = |digest: &str| limits.project(digest).reserved();
        let first = limits.project("a").reserve(10);
        let second = limits.project("a").reserve(5);
        assert_eq!((reserved("a"), reserved("b")), (15, 0));
        drop(first);
        assert_eq!(reserved("a"), 5);
        drop(second);
        assert_eq!(reserved("a"), 0);
    }
}
