//! Whether the rules of the pillar count an approval, and if not, why.

use std::collections::BTreeSet;

use super::approvals::Approval;
use super::saved_plans::{SavedPlan, SavedPlans};
use crate::command_line::{self, Program};
use crate::decide::{ApproverFault, approver_fault};
use crate::error::{Code, Error, Layer, Phase};
use crate::host::UserGroups;
use crate::model::{ApprovalRules, Identity};
use crate::operation::request::call::CallPlace;
use crate::shell::joined;
use crate::words::{Words, words};

/// Why an approval does not count, and what to do. For people.
#[derive(Clone, Debug)]
pub struct VoidApproval {
    pub reason: String,
    remedy: Remedy,
    fault: ApproverFault,
}

#[derive(Clone, Copy, Debug)]
enum Remedy {
    /// Salt has to know who it is. How depends on where the plan is.
    Authenticate,
    Other(&'static str),
}

impl VoidApproval {
    /// Whether it would count if a group of the user were named.
    pub fn lacks_a_name(&self) -> bool {
        self.fault == ApproverFault::NotNamed
    }

    /// The same of a user whose groups are not known.
    pub fn without_groups(self, why: &str) -> Self {
        Self {
            reason: format!("{}, and no group counts, because {why}", self.reason),
            remedy: Remedy::Other(
                "name this user in settings:approvals:from, or give the user rights in only one external_auth, one \
                 that knows groups (pam, ldap)",
            ),
            ..self
        }
    }

    /// The error of a call that approves this plan.
    pub fn error(self, place: &CallPlace, plan_id: &str) -> Error {
        let remedy = match self.remedy {
            Remedy::Authenticate => authenticated(place, plan_id),
            Remedy::Other(remedy) => remedy.into(),
        };
        Error::new(Layer::Salt, Phase::Validation, Code::MayNotApprove, Words::own(self.reason), remedy)
    }
}

/// How a user whom Salt authenticates approves a plan that is here.
fn authenticated(place: &CallPlace, plan_id: &str) -> Words {
    let approve = place.approve_command(plan_id, "");
    let by = match (place, command_line::current().program) {
        (CallPlace::Master { .. }, Program::Eos) => words![approve, " with --auth pam, or with --api URL"],
        (CallPlace::Master { .. }, Program::SaltRun) => {
            let eos = Words::shell(format!("eos approve {plan_id}"));
            words![approve, " with -a pam, or ", eos, " with --auth pam or --api URL"]
        }
        (CallPlace::Minion(minion), _) => {
            let salt = joined(&["salt", "-a", "pam", minion].map(str::to_owned));
            words!["on the master, ", Words::shell(format!("{salt} eos_terraform.approve plan_id={plan_id}"))]
        }
        (CallPlace::Masterless(_), _) => {
            return "without a master, Salt authenticates nobody: plan and approve on a master".into();
        }
    };
    words!["approve as a user of external_auth: ", by]
}

impl SavedPlans {
    /// The user who made the plans. Absent if nobody noted it.
    fn author(&self) -> Identity {
        self.contents().ok().and_then(|contents| contents.made_by).map(|by| by.who()).unwrap_or_default()
    }

    /// Why this user may not approve these plans.
    pub fn void_approval(
        &self,
        rules: Option<&ApprovalRules>,
        by: &Identity,
        groups: Option<&UserGroups>,
    ) -> Option<VoidApproval> {
        let rules = rules?;
        let author = self.author();
        let none = BTreeSet::new();
        let names = groups.map_or(&none, |groups| &groups.names);
        let fault = approver_fault(Some(rules), by, names, &author)?;
        Some(explained(fault, rules, by, groups, &author))
    }

    /// What a reader has to know of the comparison of this user with the author. None if accounts were compared.
    pub fn compared_by_name(&self, rules: Option<&ApprovalRules>, by: &Identity) -> Option<String> {
        let author = self.author();
        rules.filter(|rules| rules.other_than_author && !author.accounts_tell(by)).map(|_| {
            format!(
                "{} and {}, who made the plan, were compared by their names only: the system of this host does not \
                 know both as accounts",
                by.name, author.name
            )
        })
    }
}

impl SavedPlan<'_> {
    /// Why the approval that this plan has does not count now.
    pub fn why_void(&self, rules: Option<&ApprovalRules>, approval: &Approval) -> Option<String> {
        let void = self.plans.void_approval(rules, &approval.by.who(), approval.groups.as_ref())?;
        Some(format!("the approval by {} does not count: {}", approval.words(), void.reason))
    }
}

fn explained(
    fault: ApproverFault,
    rules: &ApprovalRules,
    by: &Identity,
    groups: Option<&UserGroups>,
    author: &Identity,
) -> VoidApproval {
    let (reason, remedy) = match fault {
        ApproverFault::NotAuthenticated => (
            format!(
                "{by} may not approve: settings:approvals takes only {}",
                match rules.local {
                    true => "users whom Salt authenticated, and the user of a salt-run on the master",
                    false => "users whom Salt authenticated",
                }
            ),
            Remedy::Authenticate,
        ),
        ApproverFault::NotNamed => {
            let groups = groups.map_or_else(String::new, |groups| {
                let names: Vec<_> = groups.names.iter().map(String::as_str).collect();
                match names.is_empty() {
                    true => format!(", and {} knows no group of this user", groups.of),
                    false => format!(", nor a group that {} gives: {}", groups.of, names.join(", ")),
                }
            });
            let from = match rules.from {
                Some(_) => "approvals:from does not name this user",
                None => "on a minion, approvals:from has to name this user",
            };
            (
                format!("{by} may not approve: {from}{groups}"),
                Remedy::Other("ask somebody whom settings:approvals:from names"),
            )
        }
        ApproverFault::Author => (
            format!(
                "{author} made this plan, and approvals:other_than_author wants another person than {by}"
            ),
            Remedy::Other("ask another person to approve it"),
        ),
        ApproverFault::UnknownAuthor => (
            format!("the plan is by {author}, so nobody knows whether {by} is another person"),
            Remedy::Other(
                "make a new plan as a user of external_auth, and let another person approve that one",
            ),
        ),
    };
    VoidApproval { reason, remedy, fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::CommandLine;

    #[test]
    fn who_is_not_authenticated_learns_how_to_approve_a_plan_where_it_is() {
        let eos =
            CommandLine { program: Program::Eos, words: vec!["eos".to_owned()], ..CommandLine::default() };
        let minion = || CallPlace::Minion("web 1".to_owned());
        let table = [
            (
                CommandLine::default(),
                CallPlace::default(),
                "salt-run infrastructure.approve plan_id=01P with -a pam",
            ),
            (eos.clone(), CallPlace::default(), "eos approve 01P with --auth pam, or with --api URL"),
            (eos, minion(), "on the master, salt -a pam 'web 1' eos_terraform.approve plan_id=01P"),
            (CommandLine::default(), CallPlace::Masterless("web1".to_owned()), "without a master"),
        ];
        for (line, place, said) in table {
            let void = VoidApproval {
                reason: String::new(),
                remedy: Remedy::Authenticate,
                fault: ApproverFault::NotAuthenticated,
            };
            let remedy = line.during(|| void.error(&place, "01P").remedy.to_string());
            assert!(remedy.contains(said), "{remedy}");
        }
    }
}
