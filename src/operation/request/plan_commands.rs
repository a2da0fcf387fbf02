//! The commands that approve and apply a saved plan. They run where the plan was made.

use super::call::CallPlace;
use crate::model::Name;
use crate::shell::quote;

impl CallPlace {
    /// `components`: those that are approved, separated by commas. Empty means all.
    pub fn approve_command(&self, plan_id: &str, components: &str) -> String {
        let components = match components {
            "" => String::new(),
            some => format!(" components={some}"),
        };
        match self {
            Self::Master { pillar_of } => {
                format!(
                    "salt-run infrastructure.approve plan_id={plan_id}{components}{}",
                    minion(pillar_of.as_deref())
                )
            }
            on_minion => {
                format!("{}eos_terraform.approve plan_id={plan_id}{components}", on_minion.program())
            }
        }
    }

    /// A function on a minion applies one component, so several components need several commands.
    pub fn apply_command<'a>(
        &self,
        plan_id: &str,
        components: impl Iterator<Item = &'a Name>,
        environment: &str,
    ) -> String {
        match self {
            Self::Master { pillar_of } => {
                format!("salt-run infrastructure.apply plan_id={plan_id}{}", minion(pillar_of.as_deref()))
            }
            on_minion => {
                let program = on_minion.program();
                let one =
                    |name| format!("{program}eos_terraform.apply {name} {environment} plan_file={plan_id}");
                components.map(one).collect::<Vec<_>>().join(" && ")
            }
        }
    }

    /// Plans these components.
    pub fn plan_command<'a>(
        &self,
        environment: &Name,
        components: impl IntoIterator<Item = &'a Name>,
    ) -> String {
        let components = components.into_iter();
        match self {
            Self::Master { pillar_of } => {
                let components = components.map(Name::as_str).collect::<Vec<_>>().join(",");
                let minion = minion(pillar_of.as_deref());
                format!("salt-run infrastructure.plan {environment} components={components}{minion}")
            }
            on_minion => {
                let program = on_minion.program();
                let one = |name| format!("{program}eos_terraform.plan {name} {environment}");
                components.map(one).collect::<Vec<_>>().join(" && ")
            }
        }
    }

    /// Brings up components that read what was applied before: on a master with their whole environment. A minion plans
    /// each of them first.
    pub fn bring_up_command<'a>(
        &self,
        environment: &Name,
        components: impl IntoIterator<Item = &'a Name>,
    ) -> String {
        match self {
            Self::Master { pillar_of } => {
                format!("salt-run infrastructure.orchestrate {environment}{}", minion(pillar_of.as_deref()))
            }
            _ => self.plan_command(environment, components),
        }
    }

    fn program(&self) -> String {
        match self {
            Self::Master { .. } => String::new(),
            Self::Minion(minion) => format!("salt {} ", quote(minion)),
            Self::Masterless(minion) => format!("salt-call --local --id={} ", quote(minion)),
        }
    }
}

fn minion(named: Option<&str>) -> String {
    named.map(|minion| format!(" minion={}", quote(minion))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_the_minion_that_has_the_plan_or_whose_pillar_is_used() {
        let named = |minion: Option<&str>| CallPlace::Master { pillar_of: minion.map(str::to_owned) };
        let (minion, alone) =
            (CallPlace::Minion("web 1".to_owned()), CallPlace::Masterless("web1".to_owned()));
        let table = [
            (named(None), "salt-run infrastructure.apply plan_id=ID"),
            (named(Some("web1")), "salt-run infrastructure.apply plan_id=ID minion=web1"),
            (minion, "salt 'web 1' eos_terraform.apply net staging plan_file=ID"),
            (alone, "salt-call --local --id=web1 eos_terraform.apply net staging plan_file=ID"),
        ];
        for (place, command) in table {
            let net = Name::new("net").unwrap();
            assert_eq!(place.apply_command("ID", [&net].into_iter(), "staging"), command);
            let approve = place.approve_command("ID", "net");
            assert!(
                approve.ends_with(".approve plan_id=ID components=net minion=web1")
                    == (place == named(Some("web1"))),
                "{approve}"
            );
            let program = command.split(".apply").next().unwrap();
            assert!(
                approve.starts_with(&format!("{program}.approve plan_id=ID components=net")),
                "{approve}"
            );
        }
    }

    #[test]
    fn what_has_no_plan_is_brought_up_as_a_whole_by_a_master_and_planned_one_by_one_on_a_minion() {
        let [staging, net, dns] = ["staging", "net", "dns"].map(|name| Name::new(name).unwrap());
        let master = CallPlace::Master { pillar_of: Some("web1".to_owned()) };
        assert_eq!(
            master.plan_command(&staging, [&net, &dns]),
            "salt-run infrastructure.plan staging components=net,dns minion=web1"
        );
        assert_eq!(
            master.bring_up_command(&staging, [&net]),
            "salt-run infrastructure.orchestrate staging minion=web1"
        );
        assert_eq!(
            CallPlace::Minion("web1".to_owned()).bring_up_command(&staging, [&net, &dns]),
            "salt web1 eos_terraform.plan net staging && salt web1 eos_terraform.plan dns staging"
        );
    }
}
