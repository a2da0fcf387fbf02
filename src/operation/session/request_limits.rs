//! The requests that running components may still make at an API, by project.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A project is known by the digest of its token.
type ByProject = Rc<RefCell<BTreeMap<String, u64>>>;

#[derive(Default)]
pub struct RequestLimits(ByProject);

/// Requests of one component. They are free again when it is dropped.
pub struct Reserved {
    all: ByProject,
    project: String,
    requests: u64,
}

impl RequestLimits {
    pub fn reserved(&self, project: &str) -> u64 {
        self.0.borrow().get(project).copied().unwrap_or_default()
    }

    pub fn reserve(&self, project: &str, requests: u64) -> Reserved {
        *self.0.borrow_mut().entry(project.to_owned()).or_default() += requests;
        Reserved { all: self.0.clone(), project: project.to_owned(), requests }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(reserved) = self.all.borrow_mut().get_mut(&self.project) {
            *reserved = reserved.saturating_sub(self.requests);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_reserved_for_each_project_until_their_component_ends() {
        let limits = RequestLimits::default();
        let first = limits.reserve("a", 10);
        let second = limits.reserve("a", 5);
        assert_eq!((limits.reserved("a"), limits.reserved("b")), (15, 0));
        drop(first);
        assert_eq!(limits.reserved("a"), 5);
        drop(second);
        assert_eq!(limits.reserved("a"), 0);
    }
}
