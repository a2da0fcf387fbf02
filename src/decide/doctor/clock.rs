//! Judges the clock of this host: compared with servers, and with itself.

use std::time::Duration;

use super::check::{Check, CheckStatus, Group};
use crate::decide::layers::ServerClock;
use crate::error::Code;
use crate::words::words;

/// Seconds of difference at which times in logs mislead.
const LARGE: f64 = 5.0;
/// Seconds of difference at which tokens and certificates are refused.
const TOO_LARGE: f64 = 60.0;
/// A clock that is corrected in small steps does not differ by so many seconds from one that only counts.
const STEP: f64 = 1.0;

/// What this host itself says about its clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HostClock {
    /// Seconds by which the clock went ahead of one that only counts, while Eos watched; negative if it went back.
    pub stepped: f64,
    /// By how much the newest run began in the future.
    pub newest_run_to_come: Option<Duration>,
}

pub fn clock(servers: &[ServerClock], host: HostClock) -> Vec<Check> {
    const NAME: &str = "clock";
    let bad = |status, message: String, remedy: &'static str| {
        Check::bad(Group::Host, NAME, (status, Code::ClockWrong), message, remedy)
    };
    let mut found = Vec::new();
    for ServerClock { server, ahead, inexact } in servers {
        let certain = ahead.abs() - inexact;
        if certain >= LARGE {
            let side = if *ahead > 0.0 { "ahead of" } else { "behind" };
            let message = format!("this host is {} {side} the clock of {server}", seconds(ahead.abs()));
            let status = if certain >= TOO_LARGE { CheckStatus::Wrong } else { CheckStatus::Warning };
            let remedy = "set both clocks by NTP (chronyc tracking, timedatectl): tokens, certificates and requests \
                          to clouds depend on the time";
            found.push(bad(status, message, remedy));
        }
    }
    if let Some(ahead) = host.newest_run_to_come.filter(|ahead| ahead.as_secs_f64() >= LARGE) {
        let message = format!("the newest run began {} in the future", seconds(ahead.as_secs_f64()));
        let remedy = "this clock was set back, or was wrong then: check it, and NTP (chronyc tracking)";
        found.push(bad(CheckStatus::Warning, message, remedy));
    }
    if host.stepped.abs() >= STEP {
        let side = if host.stepped > 0.0 { "forward" } else { "back" };
        let message =
            format!("the clock was set {side} by {} during this check", seconds(host.stepped.abs()));
        let remedy = "find the program that sets it; a clock under NTP is corrected in small steps";
        found.push(bad(CheckStatus::Warning, message, remedy));
    }
    if !found.is_empty() {
        return found;
    }
    if servers.is_empty() {
        let said = "it runs evenly; there is no server to compare it with";
        return vec![Check::ok(Group::Host, NAME, said)];
    }
    let mut names: Vec<_> = servers.iter().map(|one| one.server).collect();
    names.sort_unstable();
    names.dedup();
    vec![Check::ok(Group::Host, NAME, words!["as that of ", names.join(", ")])]
}

/// `12s`, `3m 5s`.
fn seconds(seconds: f64) -> String {
    humantime::format_duration(Duration::from_secs(seconds.round() as u64)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(servers: &[ServerClock], host: HostClock) -> (CheckStatus, String) {
        let all = clock(servers, host);
        let worst = all.iter().max_by_key(|one| one.status).unwrap();
        assert_eq!(worst.status == CheckStatus::Ok, worst.remedy.is_empty(), "{worst:?}");
        (worst.status, worst.message.to_string())
    }

    #[test]
    fn only_a_certain_difference_to_a_server_counts() {
        use CheckStatus::{Ok, Warning, Wrong};
        for (ahead, inexact, status) in [
            (0.4, 0.5, Ok),
            (-4.9, 0.5, Ok),
            (6.0, 0.5, Warning),
            (-6.0, 0.5, Warning),
            // The answer took so long that nobody knows.
            (6.0, 5.0, Ok),
            (61.0, 0.5, Wrong),
            (-3600.0, 0.5, Wrong),
        ] {
            let servers = [ServerClock { server: "nomad", ahead, inexact }];
            let found = worst(&servers, HostClock::default());
            assert_eq!(found.0, status, "{ahead} {inexact} {found:?}");
        }
        let behind = [ServerClock { server: "vault", ahead: -125.0, inexact: 0.5 }];
        let said = worst(&behind, HostClock::default()).1;
        assert_eq!(said, "this host is 2m 5s behind the clock of vault");
    }

    #[test]
    fn a_clock_that_was_set_is_told_also_without_a_server() {
        assert_eq!(worst(&[], HostClock::default()).0, CheckStatus::Ok);
        let back = HostClock { newest_run_to_come: Some(Duration::from_secs(7200)), ..HostClock::default() };
        assert_eq!(
            worst(&[], back),
            (CheckStatus::Warning, "the newest run began 2h in the future".to_owned())
        );
        let stepped = HostClock { stepped: -30.0, ..HostClock::default() };
        assert_eq!(
            worst(&[], stepped),
            (CheckStatus::Warning, "the clock was set back by 30s during this check".to_owned())
        );
    }
}
