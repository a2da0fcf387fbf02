//! Accidents while a job is taken over: its Nomad goes away, or the description has no room.

use serde_json::json;

use super::adopted::{Scene, plain};
use crate::support::disk::Disk;
use crate::support::proxy::{Mode, Proxy};
use crate::support::statuses;

const AWAY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nno leader";

#[test]
fn an_adoption_whose_nomad_goes_away_changes_no_job_and_the_next_runs_complete_it() {
    let Some(mut scene) = Scene::new() else { return };
    scene.runs("away-midway", &plain("away-midway"), &json!({}), 2);
    scene.described("away-midway");
    let proxy = Proxy::start(scene.pair.nomad.port);
    scene.site.infrastructure["settings"]["nomad"] =
        json!({ "address": format!("http://127.0.0.1:{}", proxy.port), "retry_for": "1s" });
    let before = scene.allocations("away-midway");
    // Before anything is known of the job, after it was read, and after its plan.
    for mode in [Mode::Answer(AWAY), Mode::AnswerAfter("/submission", AWAY), Mode::AnswerAfter("/plan", AWAY)]
    {
        proxy.set(mode);
        let report = scene.adopts("away-midway", json!({}));
        let error = &report["components"]["nomad-away-midway"]["error"];
        assert!(error["message"].as_str().unwrap().contains("no leader"), "{report:#}");
        assert!(!report.to_string().contains("hunter2"), "{report:#}");
        proxy.set(Mode::Pass);
        assert_eq!(scene.allocations("away-midway"), before);
    }
    let report = scene.adopts("away-midway", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    // An import whose apply did not complete is in the state, so a run has the rest to do.
    let report = scene.site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let report = scene.site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["nomad-away-midway"], "unchanged", "{report:#}");
    assert_eq!(scene.allocations("away-midway"), before);
}

#[test]
fn a_description_that_cannot_be_written_is_an_error_and_leaves_no_part_of_itself() {
    let Some(mut scene) = Scene::new() else { return };
    scene.runs("unwritten", &plain("unwritten"), &json!({}), 2);
    let folder = scene.file("");
    let Some(disk) = Disk::mount(&folder) else { return };
    for (is_full, said) in [(true, "No space left"), (false, "Read-only file system")] {
        match is_full {
            true => disk.leave(0),
            false => disk.read_only(true),
        }
        let report = scene.adopts("unwritten", json!({}));
        let error = &report["components"]["nomad-unwritten"]["error"];
        assert!(error["message"].as_str().unwrap().contains(said), "{report:#}");
        assert!(error.to_string().contains("described_jobs"), "{report:#}");
        disk.read_only(false);
        disk.clear();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }
    scene.described("unwritten");
}
