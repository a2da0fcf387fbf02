//! Cuts the power at moments of a recording, and starts the next run.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::disk::{Disk, Leaf, Tree, lay_out, tree};
use super::judge::{Thing, World, ids, in_state, streams, told, verdict};
use super::layouts::Layout;
use super::scene::Scene;
use crate::support::statuses;

const STATE: &str = "root/staging/pair/terraform.tfstate";
/// How often a remedy is followed after one cut.
const PATIENCE: usize = 3;

/// What became of all cuts of a scene.
#[derive(Default)]
pub struct Tally {
    /// Disks that the next run can distinguish.
    pub distinct: u64,
    pub cuts: usize,
    /// How often each refusal came.
    pub refusals: BTreeMap<String, usize>,
    /// Cuts after which a resource was named that had not been begun.
    pub over_named: usize,
    pub failures: Vec<String>,
}

impl Tally {
    pub fn assert_well(&self, name: &str) {
        let Self { distinct, cuts, over_named, refusals, failures } = self;
        eprintln!(
            "{name}: {cuts} cuts of {distinct}, {over_named} of them named more than had begun, refusals {refusals:?}"
        );
        assert!(failures.is_empty(), "{name}: {} failures\n{}", failures.len(), failures.join("\n"));
    }
}

pub struct Player<'a, T> {
    scene: &'a Scene,
    /// Whether the next different disk is tried.
    is_tried: T,
    seen: BTreeSet<u64>,
    ids: BTreeMap<String, String>,
    tally: Tally,
}

impl<'a, T: FnMut() -> bool> Player<'a, T> {
    pub fn new(scene: &'a Scene, is_tried: T) -> Self {
        let mut disk = scene.before.clone();
        scene.operations.iter().for_each(|operation| disk.play(operation));
        let (before, after) = (scene.before.now(), disk.now());
        let new = streams(&after).into_iter().filter(|(path, _)| !before.contains_key(*path));
        let state = state(&after);
        let ids = new.flat_map(|(_, stream)| ids(stream, &state)).collect();
        Self { scene, is_tried, seen: BTreeSet::new(), ids, tally: Tally::default() }
    }

    /// Plays the recording. `choose` gives the disks to try after each operation.
    pub fn play(mut self, mut choose: impl FnMut(usize, &Disk) -> Vec<Layout>) -> Tally {
        let mut disk = self.scene.before.clone();
        for (number, operation) in self.scene.operations.iter().enumerate() {
            disk.play(operation);
            let layouts = choose(number, &disk);
            if layouts.is_empty() {
                continue;
            }
            let world = self.world(&disk.now());
            for layout in layouts {
                if !self.seen.insert(digest(&layout.tree, &world)) {
                    continue;
                }
                if (self.is_tried)() {
                    self.cut(number, &layout, world.clone());
                }
                self.tally.distinct += 1;
            }
        }
        self.tally
    }

    /// What exists when the power is cut.
    fn world(&self, now: &Tree) -> World {
        let before = self.scene.before.now();
        let mut world = World { there: state(&before), ..World::default() };
        let new = streams(now).into_iter().filter(|(path, _)| !before.contains_key(*path));
        new.for_each(|(_, stream)| world.hear(stream, &self.ids));
        world
    }

    fn cut(&mut self, number: usize, layout: &Layout, mut world: World) {
        let disk = self.scene.disk();
        lay_out(&after_restart(&layout.tree), &disk);
        let begun: BTreeSet<_> = world.there.iter().map(|thing| thing.address.clone()).collect();
        let changed = world != self.world(&self.scene.before.now());
        let (operation, arguments) = &self.scene.next;
        let mut reports = vec![self.scene.site.run(operation, arguments.clone())];
        let mut problems = Vec::new();
        let is_used =
            *operation == "apply" && statuses(&reports[0]).values().any(|status| status == "applied");
        if is_used && changed {
            problems.push("an approved plan was applied twice".to_owned());
        }
        if is_used && !layout.tree.keys().any(|path| path.ends_with("pair.approval.json")) {
            problems.push("a plan was applied without an approval".to_owned());
        }
        for attempt in 0.. {
            let report = reports.last().unwrap();
            if report["result"] == true {
                break;
            }
            let code = refusal(report);
            *self.tally.refusals.entry(code.clone()).or_default() += 1;
            match self.follow(&code).filter(|_| attempt < PATIENCE) {
                Some(report) => reports.push(report),
                None => {
                    problems.push(format!("it is refused: {code}"));
                    break;
                }
            }
        }
        let names: BTreeSet<_> = reports.iter().flat_map(told).collect();
        let after = tree(&disk);
        let state = state(&after);
        for (_, stream) in streams(&after).into_iter().filter(|(path, _)| !layout.tree.contains_key(*path)) {
            world.hear(stream, &ids(stream, &state));
        }
        problems.extend(verdict(&world, &state, &names));
        self.tally.cuts += 1;
        self.tally.over_named += usize::from(names.iter().any(|name| !begun.contains(name)));
        if !problems.is_empty() {
            let last: String = format!("{:?}", self.scene.operations[number]).chars().take(160).collect();
            let reports: String = reports.iter().map(short).collect();
            self.tally.failures.push(format!(
                "after operation {number} ({last}), lost: {}:\n  {}\n{reports}",
                layout.lost,
                problems.join("\n  ")
            ));
        }
    }

    /// Does what the remedy says, and returns the next report. None if the remedy would lose something.
    fn follow(&self, code: &str) -> Option<Value> {
        let site = &self.scene.site;
        match code {
            // "Make a new plan; if policy stops it, get it approved."
            "plan_spent" | "plan_moved" | "no_such_plan" => {
                let plan = site.run("plan", json!({}));
                match statuses(&plan)["pair"].as_str() {
                    "unchanged" => return Some(plan),
                    "blocked" => drop(site.run("approve", json!({ "plan_id": plan["plan_id"] }))),
                    _ => {}
                }
                Some(site.run("apply", json!({ "plan_id": plan["plan_id"] })))
            }
            // "Approve it."
            "destroys" => {
                site.run("approve", self.scene.next.1.clone());
                Some(site.run("apply", self.scene.next.1.clone()))
            }
            _ => None,
        }
    }
}

fn state(tree: &Tree) -> BTreeSet<Thing> {
    match tree.get(Path::new(STATE)) {
        Some(Leaf::File(text)) => in_state(text),
        _ => BTreeSet::new(),
    }
}

fn short(report: &Value) -> String {
    let one = &report["components"]["pair"];
    format!(
        "  -> {} {} {} notes {}\n",
        report["error"]["message"], one["status"], one["error"]["message"], one["notes"]
    )
}

fn refusal(report: &Value) -> String {
    let one = &report["components"]["pair"];
    let codes = [&report["error"]["code"], &one["error"]["code"], &one["reason"]];
    codes.iter().find_map(|code| code.as_str()).unwrap_or("none").to_owned()
}

/// A restart gives the machine another boot id.
fn after_restart(tree: &Tree) -> Tree {
    let boot_id = eos::process::boot_id();
    let other: String = boot_id.chars().map(|mark| if mark == '-' { '-' } else { '0' }).collect();
    let replaced = |bytes: &Vec<u8>| match String::from_utf8(bytes.clone()) {
        Ok(text) => text.replace(&boot_id, &other).into_bytes(),
        Err(_) => bytes.clone(),
    };
    let leaf = |leaf: &Leaf| match leaf {
        Leaf::File(bytes) => Leaf::File(replaced(bytes)),
        other => other.clone(),
    };
    tree.iter().map(|(path, one)| (path.clone(), leaf(one))).collect()
}

/// Two disks are the same to the next run if they differ only in files that it never reads.
fn digest(tree: &Tree, world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    let world = (world.there.clone(), world.gone.clone());
    world.hash(&mut hasher);
    for (path, leaf) in tree {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(".unfinished-") {
            continue;
        }
        let unread = name == "lock" || name.ends_with(".stderr") || name == "plan.stdout";
        let path: &PathBuf = path;
        path.hash(&mut hasher);
        match leaf {
            Leaf::File(bytes) if !unread => bytes.hash(&mut hasher),
            Leaf::Link(target) => target.hash(&mut hasher),
            _ => {}
        }
    }
    hasher.finish()
}
