//! Artifacts, which Nomad downloads before a task starts.

use serde_json::json;

use super::checks::Scene;
use crate::support::web::Web;

/// That of a file without content.
const CHECKSUM: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A service that ends well only if the artifact is there.
fn scene(name: &'static str, web: &Web, checksum: &str) -> Option<Scene> {
    Scene::new(
        name,
        &[],
        json!({
            "command": "/bin/sh", "args": ["-c", "test -f local/empty && exec sleep 600"],
            "check": { "type": "script", "name": "inside", "interval": "1s", "timeout": "1s",
                "command": "/bin/sh", "args": ["-c", "true"] },
            "artifacts": [{
                "source": format!("{}/themes/empty", web.url()), "destination": "local/empty", "mode": "file",
                "options": { "checksum": checksum }, "headers": { "X-From": "eos" },
            }],
        }),
    )
}

#[test]
fn an_artifact_is_in_the_task_before_it_starts() {
    let web = Web::always(200);
    let Some(scene) = scene("fetched", &web, CHECKSUM) else { return };
    scene.ends("applied");
    assert!(web.asked()[0].to_lowercase().contains("x-from: eos"), "{:?}", web.asked());
    scene.destroy();
}

#[test]
fn an_artifact_with_another_checksum_or_that_does_not_exist_fails_with_the_reason() {
    let wrong = CHECKSUM.replace("e3b0", "e3b1");
    for (name, status, checksum, told) in
        [("tampered", 200, wrong.as_str(), "hecksum"), ("missing", 404, CHECKSUM, "404")]
    {
        let web = Web::always(status);
        let Some(scene) = scene(name, &web, checksum) else { return };
        let message = scene.ends("failed");
        assert!(message.contains(told) && message.contains("/themes/empty"), "{name}: {message}");
        scene.destroy();
    }
}
