//! Examines everything below the environments: each check is ok, or says what to do.
//!
//! People call it when something is broken. So each check is independent of the others, and one that cannot be made says
//! why. It takes no lock, writes nothing, and every question to a server ends with the time limit of all of them.

mod host;
mod left_behind;
mod pillar;
mod references;

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use serde_json::{Value, json};

use self::left_behind::LeftBehind;
use self::pillar::ExaminedPillar;
use crate::decide::doctor::{
    Check, CheckStatus, Group, HostClock, SaltConfiguration, clock, folded, lock_scope, of_layer, runs, salt,
};
use crate::decide::layers::ServerClock;
use crate::error::Error;
use crate::model;
use crate::operation::layers::{self, Layers};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::report::Report;

pub fn doctor(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let named = arguments.environments_named();
    arguments.value("minion");
    // Problems of the pillar are a finding. Only a wrong call is refused.
    let problems: Vec<_> =
        arguments.finish().into_iter().filter(|problem| problem.path.is_argument()).collect();
    let about = match &named[..] {
        [one] => one.as_str(),
        _ => "",
    };
    let builder = ReportBuilder::new("doctor", about, false, &call.request.identity);
    if !problems.is_empty() {
        return builder.failed(model::refusal(problems));
    }
    let mut checks = examine(call, &builder, &named);
    for check in &mut checks {
        builder.secrets.words(&mut check.message);
        builder.secrets.words(&mut check.remedy);
    }
    let is_well = checks.iter().all(|check| check.status < CheckStatus::Wrong);
    let extra = BTreeMap::from([("checks".to_owned(), json!(checks))]);
    Report { result: Some(is_well), ..builder.answer(BTreeMap::new(), extra) }
}

fn examine(call: &Call<'_>, builder: &ReportBuilder, named: &[String]) -> Vec<Check> {
    let (watched, began) = (Instant::now(), SystemTime::now());
    let ExaminedPillar { subjects, mut found, is_known } = pillar::examined(call, named);
    let all = subjects.len();
    let configuration = call.host.configuration();
    let is_told = !configuration.is_null();
    let configuration: SaltConfiguration = serde_json::from_value(configuration).unwrap_or_default();
    let of_salt = salt(&configuration, env!("CARGO_PKG_VERSION"), is_told);
    found.extend(of_salt.into_iter().map(|check| (None, check)));
    found.extend(host::checks(&subjects).into_iter().map(|check| (None, check)));
    let asked = layers::of_subjects(call, builder, &subjects, true);
    let (mut clocks, mut newest) = (Vec::new(), None);
    for (subject, asked) in subjects.iter().zip(each(asked, all)) {
        let environment = is_known.then(|| subject.draft.environment.to_string());
        let mut add = |check| found.push((environment.clone(), check));
        let sees_locks = match asked {
            Ok(layers) => of_layers(layers, &mut clocks, &mut add),
            Err(error) => {
                add(Check::of_error(Group::Salt, "layers", CheckStatus::Unknown, error));
                false
            }
        };
        let LeftBehind { runs: left, other_hosts, newest_run } =
            left_behind::examined(&subject.draft, sees_locks);
        runs(left).into_iter().for_each(&mut add);
        newest = newest.max(newest_run);
        lock_scope(&host::scope(subject, &configuration, other_hosts)).into_iter().for_each(&mut add);
    }
    let ahead = newest.and_then(|newest| newest.duration_since(SystemTime::now()).ok());
    let own = HostClock { stepped: stepped(began, watched), newest_run_to_come: ahead };
    found.extend(clock(&clocks, own).into_iter().map(|check| (None, check)));
    folded(found, all)
}

/// The answer for each environment. If nobody could ask, each has that error.
fn each(asked: Result<Vec<Layers>, Error>, all: usize) -> Vec<Result<Layers, Error>> {
    match asked {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) => (0..all).map(|_| Err(error.clone())).collect(),
    }
}

/// The checks of the layers. Returns whether the locks could be seen.
fn of_layers(layers: Layers, clocks: &mut Vec<ServerClock>, add: &mut impl FnMut(Check)) -> bool {
    let mut sees_locks = false;
    for (name, mut report) in layers.into_each() {
        sees_locks |= report.facts.get("locks").is_some_and(Value::is_array);
        clocks.append(&mut report.clocks);
        of_layer(name, report).into_iter().for_each(&mut *add);
    }
    sees_locks
}

/// Seconds by which the clock went ahead of one that only counts.
fn stepped(began: SystemTime, watched: Instant) -> f64 {
    let counted = watched.elapsed().as_secs_f64();
    match SystemTime::now().duration_since(began) {
        Ok(passed) => passed.as_secs_f64() - counted,
        Err(back) => -back.duration().as_secs_f64() - counted,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_was_set_differs_from_the_time_that_has_passed() {
        let now = (SystemTime::now(), Instant::now());
        assert!(stepped(now.0, now.1).abs() < 0.5);
        let back = stepped(now.0 + Duration::from_secs(3600), now.1);
        assert!((-3601.0..-3599.0).contains(&back), "{back}");
        let forward = stepped(now.0 - Duration::from_secs(60), now.1);
        assert!((59.0..61.0).contains(&forward), "{forward}");
    }
}
