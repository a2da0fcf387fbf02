//! The commands that approve and apply a saved plan. They run where the plan was made.

use super::call::CallPlace;
use crate::command_line::{self, command};
use crate::model::Name;
use crate::shell::joined;
use crate::words::Words;

impl CallPlace {
    /// `components`: those that are approved, separated by commas. Empty means all.
    pub fn approve_command(&self, plan_id: &str, components: &str) -> Words {
        match self.module() {
            Some(mut words) => {
                words.extend(["eos_terraform.approve".to_owned(), format!("plan_id={plan_id}")]);
                words.extend((!components.is_empty()).then(|| format!("components={components}")));
                Words::shell(joined(&words))
            }
            None => {
                let approve = command("approve").with("plan_id", plan_id);
                match components {
                    "" => approve,
                    some => approve.with("components", some),
                }
                .into()
            }
        }
    }

    /// A function on a minion applies one component, so several components need several commands.
    pub fn apply_command<'a>(
        &self,
        plan_id: &str,
        components: impl Iterator<Item = &'a Name>,
        environment: &str,
    ) -> Words {
        match self.module() {
            Some(words) => {
                let call = |name| format!("eos_terraform.apply {name} {environment} plan_file={plan_id}");
                one_by_one(&words, components.map(call))
            }
            None => command("apply").with("plan_id", plan_id).into(),
        }
    }

    /// Plans these components.
    pub fn plan_command<'a>(
        &self,
        environment: &Name,
        components: impl IntoIterator<Item = &'a Name>,
    ) -> Words {
        let components = components.into_iter();
        match self.module() {
            Some(words) => {
                one_by_one(&words, components.map(|name| format!("eos_terraform.plan {name} {environment}")))
            }
            None => {
                let components = components.map(Name::as_str).collect::<Vec<_>>().join(",");
                command("plan").of(environment).with("components", components).into()
            }
        }
    }

    /// Brings up components that read what was applied before: on a master with their whole environment. A minion plans
    /// each of them first.
    pub fn bring_up_command<'a>(
        &self,
        environment: &Name,
        components: impl IntoIterator<Item = &'a Name>,
    ) -> Words {
        match self {
            Self::Master { .. } => command("orchestrate").of(environment).into(),
            _ => self.plan_command(environment, components),
        }
    }

    /// On a minion: the words before a function of its execution module.
    fn module(&self) -> Option<Vec<String>> {
        match self {
            Self::Master { .. } => None,
            Self::Minion(_) | Self::Masterless(_) => command_line::current().module,
        }
    }
}

/// One command line with a call for each component.
fn one_by_one(program: &[String], calls: impl Iterator<Item = String>) -> Words {
    let program = joined(program);
    Words::shell(calls.map(|call| format!("{program} {call}")).collect::<Vec<_>>().join(" && "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::{CommandLine, Program};

    #[test]
    fn a_command_names_the_minion_that_has_the_plan_or_whose_pillar_is_used() {
        let of = |module: &[&str]| {
            let words = module.iter().map(ToString::to_string).collect::<Vec<_>>();
            CommandLine { module: (!words.is_empty()).then_some(words), ..CommandLine::default() }
        };
        let named = CommandLine { minion: Some("web1".to_owned()), ..CommandLine::default() };
        let eos = CommandLine { program: Program::Eos, words: vec!["eos".to_owned()], ..named.clone() };
        let table = [
            (
                of(&[]),
                "salt-run infrastructure.apply plan_id=ID",
                "salt-run infrastructure.approve plan_id=ID components=net",
            ),
            (
                named,
                "salt-run infrastructure.apply plan_id=ID minion=web1",
                "salt-run infrastructure.approve plan_id=ID components=net minion=web1",
            ),
            (eos, "eos apply ID --minion web1", "eos approve ID net --minion web1"),
            (
                of(&["salt", "web 1"]),
                "salt 'web 1' eos_terraform.apply net staging plan_file=ID",
                "salt 'web 1' eos_terraform.approve plan_id=ID components=net",
            ),
        ];
        for (command_line, apply, approve) in table {
            let net = Name::new("net").unwrap();
            let place = match &command_line.module {
                Some(_) => CallPlace::Minion("web 1".to_owned()),
                None => CallPlace::default(),
            };
            let made = command_line.during(|| {
                (place.apply_command("ID", [&net].into_iter(), "staging"), place.approve_command("ID", "net"))
            });
            assert_eq!((&*made.0, &*made.1), (apply, approve));
        }
    }

    #[test]
    fn what_has_no_plan_is_brought_up_as_a_whole_by_a_master_and_planned_one_by_one_on_a_minion() {
        let [staging, net, dns] = ["staging", "net", "dns"].map(|name| Name::new(name).unwrap());
        let master = CommandLine { minion: Some("web1".to_owned()), ..CommandLine::default() };
        master.during(|| {
            let place = CallPlace::default();
            assert_eq!(
                place.plan_command(&staging, [&net, &dns]),
                "salt-run infrastructure.plan staging components=net,dns minion=web1"
            );
            assert_eq!(
                place.bring_up_command(&staging, [&net]),
                "salt-run infrastructure.orchestrate staging minion=web1"
            );
        });
        let module = ["salt", "web1"].map(str::to_owned).to_vec();
        CommandLine { module: Some(module), ..CommandLine::default() }.during(|| {
            assert_eq!(
                CallPlace::Minion("web1".to_owned()).bring_up_command(&staging, [&net, &dns]),
                "salt web1 eos_terraform.plan net staging && salt web1 eos_terraform.plan dns staging"
            );
        });
    }
}
