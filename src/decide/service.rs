//! Decides whether a service is registered as required: each new instance, and enough instances in total.

use crate::count::counted;

use super::rollout::short_id;

/// One instance of a service in a catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredInstance {
    /// `_nomad-task-{allocation}-{task or group}-{service}-{port}` if Nomad registered it.
    pub id: String,
    /// The first check that does not pass. None if all checks pass. A check with a warning does not pass.
    pub failing: Option<String>,
}

/// The name under which Consul knows the proxies of a service of the mesh, and the end of their ids.
pub const SIDECAR: &str = "-sidecar-proxy";

/// Adds the failing checks of the sidecars to their instances: the mesh reaches an instance only through its sidecar.
pub fn with_sidecars(
    mut registered: Vec<RegisteredInstance>,
    sidecars: &[RegisteredInstance],
) -> Vec<RegisteredInstance> {
    for one in registered.iter_mut().filter(|one| one.failing.is_none()) {
        let of_one = |sidecar: &&RegisteredInstance| sidecar.id.strip_suffix(SIDECAR) == Some(&one.id);
        one.failing = sidecars.iter().find(of_one).and_then(|sidecar| sidecar.failing.clone());
    }
    registered
}

/// Describes what passes, or what does not. `new` are the allocations that must serve the service themselves: an old
/// instance that still passes proves nothing about them.
pub fn served(new: &[String], registered: &[RegisteredInstance], least: u64) -> Result<String, String> {
    for allocation in new {
        let prefix = format!("_nomad-task-{allocation}-");
        let short = short_id(allocation);
        let mut own = registered.iter().filter(|one| one.id.starts_with(&prefix)).peekable();
        if own.peek().is_none() {
            return Err(format!("allocation {short} is not registered yet"));
        }
        if let Some(failing) = own.find_map(|one| one.failing.as_ref()) {
            return Err(format!("allocation {short}: {failing}"));
        }
    }
    let passing = registered.iter().filter(|one| one.failing.is_none()).count() as u64;
    if passing >= least {
        return Ok(format!("{passing} of {} passing", counted(registered.len(), "instance")));
    }
    let failing = registered.iter().find_map(|one| one.failing.as_ref());
    let why = failing.map(|failing| format!(": {failing}")).unwrap_or_default();
    Err(format!("{passing} of {} passing, {least} needed{why}", counted(registered.len(), "instance")))
}

/// Returns the failed check to report later, after another query of the new instances. `wanted` is their required
/// number. If an instance disappeared, it does not count as recovered.
pub fn remembered(
    before: Option<RegisteredInstance>,
    new: &[RegisteredInstance],
    wanted: u64,
) -> Option<RegisteredInstance> {
    if let Some(failing) = new.iter().find(|one| one.failing.is_some()) {
        return Some(failing.clone());
    }
    let is_well =
        |before: &RegisteredInstance| new.len() as u64 >= wanted || new.iter().any(|one| one.id == before.id);
    before.filter(|before| !is_well(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(allocation: &str, failing: Option<&str>) -> RegisteredInstance {
        let id = format!("_nomad-task-{allocation}-group-web-web-http");
        RegisteredInstance { id, failing: failing.map(str::to_owned) }
    }

    #[test]
    fn the_table_decides_whether_a_service_is_healthy() {
        let critical = Some("check up is critical");
        let (old, new) = (one("old", None), one("new", None));
        let by_hand = RegisteredInstance { id: "web-1".to_owned(), failing: None };
        // The new allocations, the registered instances, the required number, whether the service is served.
        type Row<'a> = (&'a [&'a str], Vec<RegisteredInstance>, u64, bool);
        let table: Vec<Row<'_>> = vec![
            (&[], vec![], 1, false),
            (&[], vec![by_hand.clone()], 1, true),
            (&[], vec![by_hand.clone()], 2, false),
            (&[], vec![by_hand.clone(), one("old", critical)], 1, true),
            // The old instance passes, but that proves nothing about the new one.
            (&["new"], vec![old.clone()], 1, false),
            (&["new"], vec![old.clone(), one("new", critical)], 1, false),
            (&["new"], vec![one("old", critical), new.clone()], 1, true),
            (&["new"], vec![new.clone()], 1, true),
            (&["new"], vec![new.clone()], 2, false),
            (&["new"], vec![new.clone(), one("new", critical)], 1, false),
            (&["new", "other"], vec![new.clone(), old], 1, false),
            (&["new", "other"], vec![new, one("other", None)], 2, true),
        ];
        for (new, registered, least, expected) in table {
            let new: Vec<_> = new.iter().map(|&id| id.to_owned()).collect();
            assert_eq!(served(&new, &registered, least).is_ok(), expected, "{new:?} {registered:?} {least}");
        }
    }

    #[test]
    fn the_failing_check_of_a_sidecar_counts_for_its_own_instance_only() {
        let instance = |name: &str, failing: Option<&str>| RegisteredInstance {
            id: name.to_owned(),
            failing: failing.map(str::to_owned),
        };
        let services = vec![instance("a", None), instance("b", Some("own")), instance("c", None)];
        let listening = Some("listening is critical");
        let sidecars = [instance("a-sidecar-proxy", listening), instance("b-sidecar-proxy", listening)];
        let expected = [instance("a", listening), instance("b", Some("own")), instance("c", None)];
        assert_eq!(with_sidecars(services, &sidecars), expected);
    }

    #[test]
    fn a_failed_check_is_remembered_until_it_or_all_wanted_instances_pass() {
        let critical = Some("check up is critical");
        // The remembered check, the instances found (two are required), the check remembered afterwards.
        type Row = (Option<RegisteredInstance>, Vec<RegisteredInstance>, Option<RegisteredInstance>);
        let table: [Row; 7] = [
            (None, vec![one("a", None)], None),
            (None, vec![one("a", None), one("b", critical)], Some(one("b", critical))),
            (Some(one("a", critical)), vec![], Some(one("a", critical))),
            (Some(one("a", critical)), vec![one("a", None)], None),
            (Some(one("a", critical)), vec![one("b", None)], Some(one("a", critical))),
            (Some(one("a", critical)), vec![one("b", None), one("c", None)], None),
            (Some(one("a", critical)), vec![one("a", None), one("b", critical)], Some(one("b", critical))),
        ];
        for (before, new, expected) in table {
            assert_eq!(remembered(before.clone(), &new, 2), expected, "{before:?} {new:?}");
        }
    }
}
