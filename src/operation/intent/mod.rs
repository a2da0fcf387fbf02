//! What a run does to its components: one type, from the arguments of a call to the arguments of terraform.
//!
//! Knows the request and its consequences. Must not know how it is carried out.

pub mod rollback;

use std::collections::{BTreeMap, BTreeSet};

use self::rollback::{RollbackRequest, RollbackStep};
use crate::decide::Consent;
use crate::journal::Kind;
use crate::model::{Name, StateEdit};

/// What a run does to its components, and what each component's turn does.
#[derive(Clone, Debug)]
pub struct Intent {
    pub what: What,
    pub mode: Mode,
    pub options: Options,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The components are changed to match the pillar.
    Configuration,
    Destroy(Destruction),
    /// A component that this run created is destroyed, because the run failed.
    UndoCreate {
        /// The addresses that existed before the run.
        before: BTreeSet<String>,
    },
    /// The plans that were saved under this id, and no new ones.
    SavedPlan {
        plan_id: String,
        /// Whether these plans destroy their components. It is known once they are read.
        destroys: bool,
    },
    /// The drift with this id, and no other, is reversed.
    Drift {
        drift_id: String,
    },
    /// The drift with this id, and no other, is taken into the state.
    AcceptedDrift {
        drift_id: String,
    },
    /// The components return to an earlier configuration. Each has its own `RollbackStep`.
    Rollback(RollbackRequest),
    /// One component returns to an earlier configuration.
    RollbackStep(RollbackStep),
    /// One change of the state, and nothing else.
    StateEdit(StateEdit),
    /// Running jobs are imported, if that changes nothing in Nomad. Each component has its own import.
    Adoption(BTreeMap<Name, StateEdit>),
    /// The module is laid out in its workdir and initialised.
    Init,
    /// A person acknowledges a failed rollback.
    Acknowledge,
}

/// What a destroy may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destruction {
    /// Resources that hold data stay.
    pub preserve_data: bool,
    pub consent: Consent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Show what would change.
    Preview,
    /// Find out which outputs would change, for a component that reads them. Nothing is shown, saved or applied.
    PlanOutputs,
    /// Show it, and save the plans under the run's id.
    SavePlans,
    /// Change it.
    Apply,
}

impl Mode {
    pub fn of(test: bool) -> Self {
        if test { Self::Preview } else { Self::Apply }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The state may move to another backend.
    pub migrate_backend: bool,
    /// Take the newest providers and modules that the configuration allows.
    pub upgrade: bool,
    /// Register a version again that failed before.
    pub retry: bool,
    /// The pillar is that of a branch: nothing that outlives the plan may change.
    pub of_branch: bool,
}

impl Destruction {
    /// A person confirmed it.
    pub fn confirmed(preserve_data: bool) -> Self {
        Self { preserve_data, consent: Consent::Confirmed }
    }
}

impl Intent {
    pub fn new(what: What, mode: Mode) -> Self {
        Self { what, mode, options: Options::default() }
    }

    /// Whether the report calls this a test.
    pub fn is_test(&self) -> bool {
        self.mode != Mode::Apply
    }

    /// Whether resources, a state or records of applied configurations may change.
    pub fn changes_things(&self) -> bool {
        self.mode == Mode::Apply && !matches!(self.what, What::Init | What::Acknowledge)
    }

    /// Whether the outputs that a component reads are those after the pending changes of other components. Otherwise the
    /// last ones are used.
    pub fn foresees_outputs(&self) -> bool {
        self.mode == Mode::Preview
            && matches!(self.what, What::Configuration | What::StateEdit(_) | What::Adoption(_))
    }

    /// Whether the outputs after the run are known from it alone. A state edit leaves other changes for later.
    pub fn decides_outputs(&self) -> bool {
        matches!(self.what, What::Configuration | What::Destroy(_))
    }

    /// Whether the turn belongs to the run, and so to its journal and its report.
    pub fn is_reported(&self) -> bool {
        self.mode != Mode::PlanOutputs
    }

    /// Whether the components are changed to match the pillar.
    pub fn is_of_configuration(&self) -> bool {
        self.what == What::Configuration
    }

    /// Whether the plan is of a branch: it is shown and kept, and never applied.
    pub fn is_of_branch(&self) -> bool {
        self.options.of_branch
    }

    /// Whether the new plans are saved.
    pub fn saves_plans(&self) -> bool {
        self.mode == Mode::SavePlans
    }

    pub fn destroys(&self) -> bool {
        use What::{Destroy, SavedPlan, UndoCreate};
        matches!(self.what, Destroy(_) | UndoCreate { .. } | SavedPlan { destroys: true, .. })
    }

    /// Before saved plans are read: whether they may destroy components.
    pub fn may_destroy(&self) -> bool {
        matches!(self.what, What::Destroy(_) | What::SavedPlan { .. })
    }

    /// Whether a destroy keeps the resources that hold data.
    pub fn preserves_data(&self) -> bool {
        matches!(self.what, What::Destroy(Destruction { preserve_data: true, .. }))
    }

    /// Whether the call may name components that were removed from the pillar.
    pub fn may_name_removed(&self) -> bool {
        match self.what {
            What::Destroy(_) => !self.saves_plans(),
            What::Drift { .. } | What::AcceptedDrift { .. } => true,
            _ => false,
        }
    }

    /// Whether the operation cannot apply to a Salt step: a call that names one is refused.
    pub fn refuses_steps(&self) -> bool {
        use What::{AcceptedDrift, Acknowledge, Adoption, Drift, Rollback, StateEdit};
        matches!(
            self.what,
            Acknowledge | Drift { .. } | AcceptedDrift { .. } | Rollback(_) | StateEdit(_) | Adoption(_)
        )
    }

    /// Whether the components use another configuration than the pillar's.
    pub fn uses_other_configuration(&self) -> bool {
        self.drift_id().is_some() || matches!(self.what, What::UndoCreate { .. } | What::RollbackStep(_))
    }

    /// Whether a person reads the new plan, which then has to name the attributes that change.
    pub fn is_shown(&self) -> bool {
        match self.what {
            _ if self.mode == Mode::PlanOutputs => false,
            What::StateEdit(_) | What::Adoption(_) | What::SavedPlan { .. } => true,
            _ => self.is_test(),
        }
    }

    /// Whether it is a destroy that would also take data.
    pub fn takes_data(&self) -> bool {
        let takes = matches!(self.what, What::Destroy(Destruction { preserve_data: false, .. }));
        takes && self.mode == Mode::Apply
    }

    /// The addresses that existed before the run, if it undoes a creation.
    pub fn existed_before(&self) -> Option<&BTreeSet<String>> {
        match &self.what {
            What::UndoCreate { before } => Some(before),
            _ => None,
        }
    }

    /// The same, but the plans are only saved.
    pub fn only_saving_plans(self) -> Self {
        Self { mode: Mode::SavePlans, ..self }
    }

    /// The same, but nothing is applied or saved.
    pub fn only_preview(self) -> Self {
        Self { mode: Mode::Preview, ..self }
    }

    /// The consent that the caller gives by this call.
    pub fn consent(&self) -> Consent {
        match &self.what {
            What::StateEdit(StateEdit::Remove { destroy: true, .. }) => Consent::Named,
            What::StateEdit(StateEdit::Remove { destroy: false, .. } | StateEdit::Import { .. }) => {
                Consent::StateEdit
            }
            What::Adoption(_) => Consent::StateEdit,
            What::Destroy(destruction) => destruction.consent,
            _ if self.destroys() => Consent::Confirmed,
            _ => Consent::None,
        }
    }

    /// Whether the state may move to another backend.
    pub fn may_migrate(&self) -> bool {
        self.options.migrate_backend && self.changes_things()
    }

    pub fn plan_id(&self) -> Option<&str> {
        match &self.what {
            What::SavedPlan { plan_id, .. } => Some(plan_id),
            _ => None,
        }
    }

    pub fn drift_id(&self) -> Option<&str> {
        match &self.what {
            What::Drift { drift_id } | What::AcceptedDrift { drift_id } => Some(drift_id),
            _ => None,
        }
    }

    /// Whether only the state changes, and takes what was changed outside.
    pub fn accepts_drift(&self) -> bool {
        matches!(self.what, What::AcceptedDrift { .. })
    }

    pub fn rollback(&self) -> Option<&RollbackRequest> {
        match &self.what {
            What::Rollback(rollback) => Some(rollback),
            _ => None,
        }
    }

    pub fn rollback_step(&self) -> Option<&RollbackStep> {
        match &self.what {
            What::RollbackStep(step) => Some(step),
            _ => None,
        }
    }

    /// The change of this component's state that the turn makes, and nothing else.
    pub fn state_edit(&self, component: &Name) -> Option<&StateEdit> {
        match &self.what {
            What::StateEdit(edit) => Some(edit),
            What::Adoption(edits) => edits.get(component),
            _ => None,
        }
    }

    pub fn is_state_edit(&self) -> bool {
        matches!(self.what, What::StateEdit(_) | What::Adoption(_))
    }

    /// Whether a job that would change in Nomad is refused.
    pub fn adopts(&self) -> bool {
        matches!(self.what, What::Adoption(_))
    }

    /// The kind of run, as in the journal.
    pub fn kind(&self) -> Kind {
        match (self.changes_things(), self.destroys()) {
            (true, true) if self.preserves_data() => Kind::TakeDown,
            (true, true) => Kind::Destroy,
            (true, false) => Kind::Apply,
            (false, _) => Kind::Look,
        }
    }
}
