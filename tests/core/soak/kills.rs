//! Chains of runs that are killed, each with a last run that recovers.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::judge::{Named, judge, named};
use super::scene::{Backend, COMPONENTS, Scene};
use super::stage::{Phase, Running, Stage};
use super::strike::{Victim, end_leftovers, strike, until_calm};
use super::tally::Tally;
use crate::support::draw::Draw;

/// The number of kills after which a new scene replaces the old one, because only a new scene has a first apply without
/// a state.
const KILLS_A_SCENE: u64 = 8;
/// After one of this many kills, the run that recovers from it is killed too.
const AGAIN: u64 = 4;
/// The most time between seeing a stage and the kill, in milliseconds.
const LATER: u64 = 60;
const RESUMES: u64 = 5;
/// The limit of kills, as a multiple of the wanted number, if a phase is hard to hit.
const AT_MOST: u64 = 3;

/// Kills `kills` runs, divided among the available backends, and more until each backend had its share of `each` in
/// every phase. Each backend works by itself.
pub fn many(seed: u64, kills: u64, each: u64) -> Tally {
    eprintln!("SEED={seed}");
    let backends = [Backend::Local, Backend::Pg, Backend::S3];
    let scenes: Vec<_> =
        backends.into_iter().filter_map(|backend| Some((backend, Scene::new(backend)?))).collect();
    let of = |number: u64| number.div_ceil(scenes.len().max(1) as u64);
    let (share, each) = (of(kills), of(each));
    let mut tally = Tally { seed, ..Tally::default() };
    std::thread::scope(|scope| {
        let work =
            |(backend, scene)| scope.spawn(move || Worker::new(seed, backend, scene).work(share, each));
        let workers: Vec<_> = scenes.into_iter().map(work).collect();
        workers.into_iter().for_each(|worker| tally.add(worker.join().unwrap()));
    });
    eprintln!("{tally}");
    tally.assert_nothing_lost();
    tally
}

struct Worker {
    backend: Backend,
    draw: Draw,
    scene: Scene,
    tally: Tally,
}

impl Worker {
    fn new(seed: u64, backend: Backend, scene: Scene) -> Self {
        Self { backend, draw: Draw::new(seed, backend as u64), scene, tally: Tally::default() }
    }

    fn work(mut self, kills: u64, each: u64) -> Tally {
        let mut next = KILLS_A_SCENE;
        while self.tally.total() < kills || (self.rarest() < each && self.tally.total() < AT_MOST * kills) {
            if self.tally.total() >= next {
                next += KILLS_A_SCENE;
                // The backend was available a moment ago.
                self.scene = Scene::new(self.backend).unwrap();
            }
            self.chain();
        }
        self.tally
    }

    /// Kills an apply and perhaps the next run too. Then resumes until everything is done.
    fn chain(&mut self) {
        self.scene.next_generation();
        let doing = if self.scene.is_new() { "creations" } else { "mostly replacements" };
        let mut named = BTreeSet::new();
        if !self.kill("orchestrate", doing, &mut named) {
            // The run completed; there is nothing to resume.
            return;
        }
        if self.draw.below(AGAIN) == 0 {
            self.kill("resume", "going on after a kill", &mut named);
        }
        self.tally.chains += 1;
        self.recover(&mut named);
        until_calm(&self.scene.site, &self.scene.world);
        let verdict = judge(&self.scene, &named);
        self.tally.named += verdict.named;
        self.tally.over_named += verdict.over_named;
        if !verdict.unnamed.is_empty() || !verdict.missing.is_empty() {
            self.keep_evidence(&named);
        }
        let backend = self.backend;
        self.tally.unnamed.extend(verdict.unnamed.into_iter().map(|id| format!("{backend:?} {id}")));
        self.tally.missing.extend(verdict.missing.into_iter().map(|id| format!("{backend:?} {id}")));
        verdict.strays.iter().for_each(|id| self.scene.world.delete(id));
        // A provider that outlived its terraform does not count as a second terraform.
        let overlaps = self.scene.world.overlaps();
        let overlaps = overlaps.iter().filter(|one| one["other_orphaned"] != true);
        self.tally.overlaps.extend(overlaps.map(|one| format!("{backend:?} {one}")));
    }

    /// Starts a run and kills it; false if the run ended before.
    fn kill(&mut self, operation: &str, doing: &'static str, into: &mut BTreeSet<Named>) -> bool {
        let (focus, stage) = self.aim();
        let victim = self.draw.one_of(&Victim::ALL);
        let delay = Duration::from_millis(self.draw.below(LATER));
        let site = &self.scene.site;
        let mut running = Running::start(site, operation);
        let phase = running.wait(focus, stage, delay);
        let struck = phase.map(|phase| (phase, strike(&mut running.us, site, focus, victim)));
        let report = running.report();
        into.extend(report.iter().flat_map(named));
        let Some((phase, victim)) = struck else {
            let report = report.unwrap_or_default();
            assert!(report["result"] == true || operation == "resume", "{report:#}");
            self.tally.missed += 1;
            return false;
        };
        *self.tally.kills.entry((phase, victim, self.backend)).or_default() += 1;
        *self.tally.doing.entry(doing).or_default() += 1;
        true
    }

    /// The smallest number of kills among all phases.
    fn rarest(&self) -> u64 {
        Phase::ALL.map(|phase| self.tally.of_phase(phase)).into_iter().min().unwrap_or_default()
    }

    /// Chooses a component and a stage, for the phase with the fewest kills so far.
    fn aim(&mut self) -> (&'static str, Stage) {
        let least = self.rarest();
        let rare: Vec<_> =
            Phase::ALL.into_iter().filter(|phase| self.tally.of_phase(*phase) == least).collect();
        let later = &COMPONENTS[2..];
        match self.draw.one_of(&rare) {
            Phase::Planning => (self.draw.one_of(later), Stage::Planning),
            Phase::Beginning => (self.draw.one_of(&COMPONENTS), Stage::Beginning),
            Phase::Creating => (self.draw.one_of(&COMPONENTS), Stage::Creating),
            Phase::Saving => (self.draw.one_of(&COMPONENTS), Stage::Saving),
            Phase::Between => (self.draw.one_of(later), Stage::Next),
        }
    }

    /// Calls `resume` until everything is done, and runs the commands that a report names.
    fn recover(&mut self, into: &mut BTreeSet<Named>) {
        for call in 1..=RESUMES {
            let report = self.scene.site.run("resume", json!({}));
            into.extend(named(&report));
            if report["result"] == true || report["error"]["code"] == "run_complete" {
                *self.tally.resumes.entry(call).or_default() += 1;
                return;
            }
            self.follow(&report);
            if call == RESUMES {
                self.keep_evidence(into);
                panic!("{:?} is not recovered: {report:#}", self.backend);
            }
        }
    }

    fn follow(&mut self, report: &Value) {
        assert!(report["error"].is_null(), "{report:#}");
        for (name, one) in report["components"].as_object().into_iter().flatten() {
            let error = &one["error"];
            let Some(code) = error["code"].as_str() else { continue };
            *self.tally.refusals.entry(format!("{:?}: {code}", self.backend)).or_default() += 1;
            if code == "locked" {
                let what = end_leftovers(&self.scene.site, name);
                *self.tally.by_hand.entry(format!("locked: {what}")).or_default() += 1;
                continue;
            }
            eprintln!("{:?}: {error:#}", self.backend);
            if let Some(command) = error["details"]["command"].as_str() {
                let said = self.scene.by_hand(command);
                assert!(said.status.success(), "{command}: {}", String::from_utf8_lossy(&said.stderr));
                *self.tally.by_hand.entry(code.to_owned()).or_default() += 1;
            }
        }
    }

    /// Copies all files, for a person who must find the cause.
    fn keep_evidence(&self, named: &BTreeSet<Named>) {
        let folder = tempfile::Builder::new().prefix("eos-soak-").tempdir().unwrap().keep();
        let world = self.scene.world.path("");
        for from in [self.scene.site.folder.path(), world.as_path()] {
            std::process::Command::new("cp").arg("-r").arg(from).arg(&folder).status().unwrap();
        }
        std::fs::write(folder.join("named"), format!("{named:#?}")).unwrap();
        eprintln!("{:?}: what is there is kept in {}", self.backend, folder.display());
    }
}
