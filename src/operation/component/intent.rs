//! What is wanted of the components of a run.

use super::way_back::{Manner, Way};
use crate::decide::Consent;
use crate::model::Surgery;
use crate::operation::store::saved_plans::SavedPlans;

/// What is wanted of every component of a run.
#[derive(Clone, Debug)]
pub struct Intent {
    pub destroy: bool,
    pub consent: Consent,
    pub act: Act,
    pub migrate_backend: bool,
    pub upgrade: bool,
    /// It is part of a rollback: the pillar may still ask for what is taken back.
    pub takes_back: bool,
    /// A person asks that a version which failed is registered again.
    pub retry: bool,
    /// What this plan is to do to the state, and nothing besides.
    pub surgery: Option<Surgery>,
}

impl Intent {
    /// Whether its turns are made from something else than the pillar asks for.
    pub fn is_aside(&self) -> bool {
        self.takes_back || matches!(self.act, Act::GoBack(_) | Act::Remediate { .. })
    }

    /// It destroys only what policy allows.
    pub fn of(act: Act) -> Self {
        Self {
            destroy: false,
            consent: Consent::None,
            act,
            migrate_backend: false,
            upgrade: false,
            takes_back: false,
            retry: false,
            surgery: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Apply the plan that was just made.
    Apply,
    /// Show what would change.
    Preview,
    /// Show it, and keep the plans here.
    Keep(SavedPlans),
    /// Apply the plans that are kept here, and make none.
    ApplyKept(SavedPlans),
    /// Put the module into its workdir and initialise it.
    Prepare,
    /// Apply the plan that was just made, or show it, where it finds this drift and no other.
    Remediate { drift_id: String, apply: bool },
    /// Say whether the plans that are kept here could be applied.
    ShowKept(SavedPlans),
    /// Apply the plan that was just made, where it is a way back that needs nobody's approval.
    GoBack(Way),
    /// Somebody has looked at a way back that failed.
    Acknowledge,
}

impl Act {
    pub fn way(&self) -> Option<&Way> {
        match self {
            Self::GoBack(way) => Some(way),
            _ => None,
        }
    }

    pub fn changes_things(&self) -> bool {
        match self {
            Self::Apply | Self::ApplyKept(_) | Self::Remediate { apply: true, .. } => true,
            Self::GoBack(way) => way.manner != Manner::Shown,
            _ => false,
        }
    }
}
