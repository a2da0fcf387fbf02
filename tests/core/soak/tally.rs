//! The counts of a soak test.

use std::collections::BTreeMap;
use std::fmt;

use super::scene::Backend;
use super::stage::Phase;
use super::strike::Victim;

#[derive(Default)]
pub struct Tally {
    pub seed: u64,
    pub kills: BTreeMap<(Phase, Victim, Backend), u64>,
    /// The work of the killed run: creations, replacements, or resuming after an earlier kill.
    pub doing: BTreeMap<&'static str, u64>,
    /// Runs that ended before the kill. They do not count.
    pub missed: u64,
    pub chains: u64,
    /// Numbers of chains, by the number of calls of `resume` until everything was done.
    pub resumes: BTreeMap<u64, u64>,
    /// Reasons why a resume was not enough, as `component backend: code`, with their numbers.
    pub refusals: BTreeMap<String, u64>,
    /// Numbers of commands from reports that were needed, by the code of the error.
    pub by_hand: BTreeMap<String, u64>,
    pub named: u64,
    pub over_named: u64,
    /// `unnamed`, `missing` and `overlaps` must be empty.
    pub unnamed: Vec<String>,
    pub missing: Vec<String>,
    pub overlaps: Vec<String>,
}

impl Tally {
    pub fn total(&self) -> u64 {
        self.kills.values().sum()
    }

    pub fn of_phase(&self, phase: Phase) -> u64 {
        self.by(|key| key.0 == phase)
    }

    fn by(&self, which: impl Fn(&(Phase, Victim, Backend)) -> bool) -> u64 {
        self.kills.iter().filter(|(key, _)| which(key)).map(|(_, count)| count).sum()
    }

    pub fn add(&mut self, other: Self) {
        let merge = |into: &mut BTreeMap<String, u64>, from: BTreeMap<String, u64>| {
            from.into_iter().for_each(|(key, count)| *into.entry(key).or_default() += count);
        };
        other.kills.into_iter().for_each(|(key, count)| *self.kills.entry(key).or_default() += count);
        other.doing.into_iter().for_each(|(key, count)| *self.doing.entry(key).or_default() += count);
        other.resumes.into_iter().for_each(|(key, count)| *self.resumes.entry(key).or_default() += count);
        merge(&mut self.refusals, other.refusals);
        merge(&mut self.by_hand, other.by_hand);
        self.missed += other.missed;
        self.chains += other.chains;
        self.named += other.named;
        self.over_named += other.over_named;
        self.unnamed.extend(other.unnamed);
        self.missing.extend(other.missing);
        self.overlaps.extend(other.overlaps);
    }

    pub fn assert_nothing_lost(&self) {
        assert!(self.unnamed.is_empty(), "orphans that no report named: {:#?}\n{self}", self.unnamed);
        assert!(self.missing.is_empty(), "in a state, not in the world: {:#?}\n{self}", self.missing);
        assert!(self.overlaps.is_empty(), "two terraforms at once: {:#?}\n{self}", self.overlaps);
    }

    pub fn assert_each_phase(&self, least: u64) {
        for phase in Phase::ALL {
            assert!(self.of_phase(phase) >= least, "too few kills in {phase:?}\n{self}");
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kills: {} in {} chains, SEED={}", self.total(), self.chains, self.seed)?;
        for phase in Phase::ALL {
            writeln!(f, "  {:5} {}", self.of_phase(phase), phase.word())?;
        }
        writeln!(f, "by victim")?;
        for victim in Victim::ALL {
            writeln!(f, "  {:5} {}", self.by(|key| key.1 == victim), victim.word())?;
        }
        writeln!(f, "by backend")?;
        for backend in [Backend::Local, Backend::Pg, Backend::S3] {
            writeln!(f, "  {:5} {backend:?}", self.by(|key| key.2 == backend))?;
        }
        writeln!(f, "by what was under way")?;
        for (what, count) in &self.doing {
            writeln!(f, "  {count:5} {what}")?;
        }
        writeln!(f, "runs over before their moment came: {}", self.missed)?;
        let by_hand: u64 = self.by_hand.values().sum();
        writeln!(f, "calls of resume until all was done (calls: chains): {:?}", self.resumes)?;
        writeln!(f, "what kept a resume from doing all: {:?}", self.refusals)?;
        writeln!(f, "commands of a report that a hand had to follow: {by_hand} {:?}", self.by_hand)?;
        writeln!(f, "recovery_required: {}", self.by_hand.get("recovery_required").unwrap_or(&0))?;
        writeln!(f, "orphans named: {}", self.named)?;
        writeln!(f, "named, and not there or in a state after all: {}", self.over_named)?;
        writeln!(f, "ORPHANS NOT NAMED: {}", self.unnamed.len())?;
        writeln!(f, "in a state and not in the world: {}", self.missing.len())?;
        write!(f, "two terraforms at once: {}", self.overlaps.len())
    }
}
