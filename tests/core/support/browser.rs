//! A real browser without a window: Debian's Chromium.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const NAMES: [&str; 2] = ["chromium", "chromium-headless-shell"];

pub struct Browser {
    program: &'static str,
    profile: tempfile::TempDir,
}

/// How a page is looked at.
#[derive(Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub height: u32,
    pub is_dark: bool,
}

impl Browser {
    /// None, with a message, if there is no Chromium; with `CI=true` this is a failure.
    pub fn new() -> Option<Self> {
        let starts = |name: &&&str| {
            let asked =
                Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            asked.is_ok_and(|status| status.success())
        };
        let Some(program) = NAMES.iter().find(starts) else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "chromium is missing");
            eprintln!("SKIPPED, missing: chromium");
            return None;
        };
        Some(Self {
            program,
            profile: tempfile::Builder::new().prefix("eos-chromium-").tempdir_in("/tmp").unwrap(),
        })
    }

    /// Takes a picture of the upper part of a page.
    pub fn picture(&self, page: &Path, to: &Path, look: Look) {
        let _ = std::fs::remove_file(to);
        self.run(page, look, &[&format!("--screenshot={}", to.display())]);
        let bytes = std::fs::read(to).unwrap();
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 5_000, "no picture: {} bytes", bytes.len());
    }

    /// Prints a page into a PDF.
    pub fn print(&self, page: &Path, to: &Path) {
        let look = Look { width: 1000, height: 800, is_dark: false };
        self.run(page, look, &[&format!("--print-to-pdf={}", to.display()), "--no-pdf-header-footer"]);
        assert!(std::fs::read(to).unwrap().starts_with(b"%PDF"));
    }

    /// What a script of another page, which has this one in a frame, sees in it. `script`: an expression with `page`,
    /// the document in the frame.
    pub fn seen(&self, page: &str, look: Look, script: &str) -> Value {
        let folder = tempfile::tempdir_in(self.profile.path()).unwrap();
        let outer = folder.path().join("outer.html");
        let (width, height, page) =
            (look.width, look.height, page.replace('&', "&amp;").replace('"', "&quot;"));
        let text = format!(
            "<!doctype html><iframe width={width} height={height} style='border:0' srcdoc=\"{page}\"></iframe>\
             <script>onload = () => {{ const page = document.querySelector('iframe').contentDocument; \
             document.body.textContent = 'BEGIN' + JSON.stringify({script}) + 'END' }}</script>"
        );
        std::fs::write(&outer, text).unwrap();
        let look = Look { width: width.max(600) + 50, ..look };
        let dom = self.run(&outer, look, &["--dump-dom"]);
        let seen = dom.split("BEGIN").nth(1).and_then(|rest| rest.split("END").next());
        let seen = seen.unwrap_or_else(|| panic!("nothing seen: {dom:.2000}"));
        serde_json::from_str(&seen.replace("&quot;", "\"").replace("&amp;", "&")).unwrap()
    }

    fn run(&self, page: &Path, look: Look, more: &[&str]) -> String {
        let mut command = Command::new(self.program);
        command
            .args([
                "--headless",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-extensions",
            ])
            // Chromium refuses to run as root with its sandbox, and a container has none. The page is our own.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"])
            .arg(format!("--user-data-dir={}", self.profile.path().display()))
            .arg(format!("--window-size={},{}", look.width, look.height))
            .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!look.is_dark)))
            .args(more)
            .arg(format!("file://{}", page.display()));
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
