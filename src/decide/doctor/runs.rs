//! Judges what earlier runs left.

use super::check::{Check, CheckStatus, Group};
use crate::command_line::command;
use crate::count::counted;
use crate::error::{Code, Error};
use crate::words::{Words, words};

/// How the work of a run goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum WayOn {
    #[default]
    Resume,
    /// The same operation is called again.
    CallAgain,
    /// The saved plans were used. The command makes new ones.
    PlanAgain(String),
}

impl WayOn {
    /// What to do, after the name of the operation that the run was.
    pub fn words(&self, operation: &str, run_id: &str) -> Words {
        match self {
            Self::Resume => words!["complete it: ", command("resume").with("run_id", run_id)],
            Self::CallAgain => words!["call ", Words::own(operation.to_owned()), " again"],
            Self::PlanAgain(command) => {
                words!["plan again, because its plans were used: ", Words::shell(command.clone())]
            }
        }
    }
}

/// A run that neither goes on nor finished.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiedRun {
    pub run_id: String,
    pub operation: String,
    pub next: WayOn,
    pub user: String,
    pub since: String,
}

/// An apply whose end nobody saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InterruptedApply {
    pub component: String,
    pub run_id: String,
    pub operation: String,
    pub next: WayOn,
    pub since: String,
    pub host: String,
}

/// A component that nothing may apply until somebody has looked at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockedComponent {
    pub component: String,
    pub run_id: String,
    pub since: String,
}

#[derive(Clone, Debug, Default)]
pub struct RunFacts {
    pub environment: String,
    /// Ids of runs that go on now.
    pub running: Vec<String>,
    pub died: Vec<DiedRun>,
    pub interrupted: Vec<InterruptedApply>,
    pub blocked: Vec<BlockedComponent>,
    /// Components with possible orphans that no report has shown.
    pub orphans: Vec<String>,
    /// Runs and files that cannot be read.
    pub unreadable: Vec<Error>,
}

pub fn runs(found: RunFacts) -> Vec<Check> {
    const NAME: &str = "runs";
    let RunFacts { environment, running, died, interrupted, blocked, orphans, unreadable } = found;
    let bad = |status, code, message: String, remedy: Words| {
        Check::bad(Group::Terraform, NAME, (status, code), Words::own(message), remedy)
    };
    let mut all = Vec::new();
    for DiedRun { run_id, operation, next, user, since } in &died {
        // The interrupted applies of the same run say more.
        if interrupted.iter().any(|apply| apply.run_id == *run_id) {
            continue;
        }
        let by = if user.is_empty() { String::new() } else { format!(" of {user}") };
        let message = format!("run {run_id} ({operation}{by}, since {since}) ended without finishing");
        let show = command("show").with("run_id", run_id);
        let remedy = words!["see how far it came: ", show, "; ", next.words(operation, run_id)];
        all.push(bad(CheckStatus::Warning, Code::RunDied, message, remedy));
    }
    for InterruptedApply { component, run_id, operation, next, since, host } in interrupted {
        let message =
            format!("the apply of {component} in run {run_id} (since {since}, on {host}) was interrupted");
        let next = next.words(&operation, &run_id);
        let remedy = words!["on ", host, ", ", next, "; this saves the state and lists possible orphans"];
        all.push(bad(CheckStatus::Wrong, Code::UnfinishedApply, message, remedy));
    }
    for BlockedComponent { component, run_id, since } in blocked {
        let message = format!("{component} is blocked: its rollback failed in run {run_id} ({since})");
        let acknowledge = command("acknowledge").of(&environment).with("components", &component);
        let show = command("show").with("run_id", &run_id);
        let remedy = words!["see why: ", show, "; once it is put right: ", acknowledge];
        all.push(bad(CheckStatus::Wrong, Code::RollbackFailed, message, remedy));
    }
    for component in orphans {
        let message = format!("resources of {component} may exist that are in no state");
        let plan = command("plan").of(&environment).with("components", &component);
        let remedy = words!["the next run lists them with their commands: ", plan];
        all.push(bad(CheckStatus::Warning, Code::UnfinishedApply, message, remedy));
    }
    all.extend(
        unreadable
            .into_iter()
            .map(|error| Check::of_error(Group::Terraform, NAME, CheckStatus::Warning, error)),
    );
    if all.is_empty() {
        let said = match running.len() {
            0 => words!["none is unfinished"],
            many => words![counted(many, "run"), " in progress: ", running.join(", ")],
        };
        all.push(Check::ok(Group::Terraform, NAME, said));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_names_the_command_that_continues_it() {
        let died = DiedRun { run_id: "01RUN".into(), operation: "orchestrate".into(), ..DiedRun::default() };
        let apply = InterruptedApply {
            component: "net".into(),
            run_id: "01RUN".into(),
            host: "web-1".into(),
            ..InterruptedApply::default()
        };
        let alone = runs(RunFacts { died: vec![died.clone()], ..RunFacts::default() });
        assert_eq!(
            alone.iter().map(|one| (one.status, one.code)).collect::<Vec<_>>(),
            [(CheckStatus::Warning, Some(Code::RunDied))]
        );
        assert!(alone[0].remedy.contains("infrastructure.resume run_id=01RUN"), "{alone:?}");
        // The interrupted apply replaces the line of its run.
        let both = runs(RunFacts { died: vec![died], interrupted: vec![apply], ..RunFacts::default() });
        assert_eq!(
            both.iter().map(|one| (one.status, one.code)).collect::<Vec<_>>(),
            [(CheckStatus::Wrong, Some(Code::UnfinishedApply))]
        );
        assert!(
            both[0].remedy.contains("on web-1, complete it: salt-run infrastructure.resume run_id=01RUN"),
            "{both:?}"
        );
    }

    #[test]
    fn what_resume_refuses_is_called_or_planned_again() {
        let of = |next: WayOn| {
            let apply = InterruptedApply {
                component: "net".into(),
                run_id: "01RUN".into(),
                operation: "rollback".into(),
                next,
                ..InterruptedApply::default()
            };
            runs(RunFacts { interrupted: vec![apply], ..RunFacts::default() })[0].remedy.to_string()
        };
        assert!(of(WayOn::CallAgain).contains("call rollback again"));
        assert!(of(WayOn::PlanAgain("eos plan staging net".to_owned())).contains("eos plan staging net"));
        assert!(
            [WayOn::CallAgain, WayOn::PlanAgain(String::new())]
                .map(of)
                .iter()
                .all(|one| !one.contains("resume"))
        );
    }

    #[test]
    fn a_run_in_progress_is_well() {
        let found = runs(RunFacts { running: vec!["01RUN".into()], ..RunFacts::default() });
        assert_eq!(
            (found[0].status, found[0].message.as_str()),
            (CheckStatus::Ok, "1 run in progress: 01RUN")
        );
    }
}
