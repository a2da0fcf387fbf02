//! Shows progress on stderr. On a terminal it is redrawn in place; elsewhere each change is one plain line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::style::Style;
use super::units;
use super::width::{cut, pad};
use crate::model::Name;
use crate::printable::{one_line, printable};
use crate::report::{Counts, Status};

/// Redrawing more often would flicker.
const REDRAW: Duration = Duration::from_millis(100);

/// A component entered a new stage.
#[derive(Clone, Debug)]
pub struct StageUpdate {
    pub component: Name,
    pub stage: Stage,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    Waiting {
        on: Vec<Name>,
    },
    /// Another run has the component's lock.
    WaitingForLock {
        /// For a person.
        reason: String,
        /// For programs.
        holder: Value,
    },
    Preparing,
    Initialising,
    Planning,
    Applying {
        done: u64,
        total: u64,
        address: String,
    },
    Destroying {
        done: u64,
        total: u64,
        address: String,
    },
    /// Waiting for the health gates.
    Verifying {
        passing: usize,
        gates: usize,
        begun: bool,
        last: String,
    },
    Finished {
        status: Status,
        changes: Counts,
        seconds: f64,
    },
}

impl Stage {
    /// The word for the stage, in progress and in the tag of an event.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::WaitingForLock { .. } => "waiting_for_lock",
            Self::Preparing => "preparing",
            Self::Initialising => "initialising",
            Self::Planning => "planning",
            Self::Applying { .. } => "applying",
            Self::Destroying { .. } => "destroying",
            Self::Verifying { .. } => "verifying",
            Self::Finished { status, .. } => status.word(),
        }
    }

    /// `4/6  aws_s3_bucket.audit`, `+3 ~0 -0`.
    fn detail(&self) -> String {
        match self {
            Self::Applying { done, total, address } | Self::Destroying { done, total, address } => {
                format!("{done}/{total}  {}", one_line(address)).trim_end().to_owned()
            }
            Self::WaitingForLock { reason, .. } => one_line(reason).into_owned(),
            Self::Verifying { passing, gates, last, .. } => {
                format!("waiting for health {passing}/{gates}  {}", one_line(last)).trim_end().to_owned()
            }
            Self::Finished { changes, .. } if !changes.is_empty() => units::counts(changes),
            _ => String::new(),
        }
    }
}

/// Draws the progress of one run. Writes nothing for a run without components.
pub struct ProgressDisplay {
    environment: String,
    parallel: usize,
    names: usize,
    terminal: bool,
    began: Instant,
    drawn: Option<Instant>,
    /// Number of lines of the live part that are currently on the terminal.
    lines: usize,
    stages: BTreeMap<Name, (Stage, Instant)>,
}

impl ProgressDisplay {
    pub fn new(environment: &str, components: &BTreeSet<Name>, parallel: usize) -> Self {
        Self {
            environment: environment.to_owned(),
            parallel,
            names: components.iter().map(|name| name.as_str().width()).max().unwrap_or(0),
            terminal: std::io::stderr().is_terminal(),
            began: Instant::now(),
            drawn: None,
            lines: 0,
            stages: BTreeMap::new(),
        }
    }

    pub fn update(&mut self, update: StageUpdate) {
        let StageUpdate { component, stage } = update;
        let known = self.stages.get(&component);
        let is_other_holder = matches!(stage, Stage::WaitingForLock { .. });
        let news = is_other_holder || known.is_none_or(|(before, _)| before.word() != stage.word());
        let since = match known {
            Some((Stage::Waiting { .. }, _)) | None => Instant::now(),
            Some((_, since)) => *since,
        };
        if self.terminal {
            match stage {
                Stage::Finished { .. } => {
                    self.erase();
                    self.write(&format!("{}\n", cut(&self.line(&component, &stage, since), size().1)));
                    self.stages.remove(&component);
                    self.draw();
                }
                stage => {
                    self.stages.insert(component, (stage, since));
                    self.tick();
                }
            }
        } else if news && !matches!(stage, Stage::Waiting { .. }) {
            self.write(&format!("{}\n", self.line(&component, &stage, since)));
            self.stages.insert(component, (stage, since));
        } else {
            self.stages.insert(component, (stage, since));
        }
    }

    /// Redraws the live part, if enough time has passed.
    pub fn tick(&mut self) {
        if self.terminal && self.drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            self.erase();
            self.draw();
        }
    }

    /// Where terraform is changing something now: `storage: aws_s3_bucket.audit`.
    pub fn in_flight(&self) -> impl Iterator<Item = String> {
        self.stages.iter().filter_map(|(name, (stage, _))| match stage {
            Stage::Applying { address, .. } | Stage::Destroying { address, .. } if !address.is_empty() => {
                Some(format!("{name}: {}", one_line(address)))
            }
            Stage::Applying { .. } | Stage::Destroying { .. } => Some(name.to_string()),
            _ => None,
        })
    }

    /// Writes a line that stays.
    pub fn note(&mut self, text: &str) {
        self.erase();
        self.write(&format!("{}\n", printable(text)));
    }

    /// Removes the live part. The report follows.
    pub fn finish(&mut self) {
        self.erase();
    }

    fn draw(&mut self) {
        if self.stages.is_empty() {
            return;
        }
        let (height, width) = size();
        let counts = format!("{} left · {} in parallel", self.stages.len(), self.parallel);
        let elapsed = units::seconds(self.began.elapsed().as_secs_f64());
        let mut lines = vec![format!("{} · {counts} · {elapsed}", self.environment)];
        let waiting = |stage: &Stage| matches!(stage, Stage::Waiting { .. });
        let (waits, runs): (Vec<_>, Vec<_>) = self.stages.iter().partition(|(_, (stage, _))| waiting(stage));
        for (name, (stage, since)) in runs.into_iter().chain(waits) {
            lines.push(self.line(name, stage, *since));
        }
        // Lines that do not fit would scroll, and could not be redrawn.
        lines.truncate(height.saturating_sub(1).max(1));
        let text: String = lines.iter().map(|line| format!("{}\n", cut(line, width))).collect();
        self.lines = lines.len();
        self.drawn = Some(Instant::now());
        self.write(&text);
    }

    fn erase(&mut self) {
        if self.lines > 0 {
            // Erases line by line: some terminals do not erase larger areas completely.
            self.write(&"\x1b[1A\x1b[2K".repeat(self.lines));
            self.lines = 0;
        }
    }

    /// `  storage   applying   4/6  aws_s3_bucket.audit   3.1s`
    fn line(&self, name: &Name, stage: &Stage, since: Instant) -> String {
        let detail = match stage {
            Stage::Waiting { on } => {
                let open = on.iter().filter(|one| self.stages.contains_key(*one));
                open.map(|one| format!("{one} …")).collect::<Vec<_>>().join("  ")
            }
            stage => stage.detail(),
        };
        let time = match stage {
            Stage::Waiting { .. } => String::new(),
            Stage::Finished { seconds, .. } => units::seconds(*seconds),
            _ if self.terminal => units::seconds(since.elapsed().as_secs_f64()),
            _ => String::new(),
        };
        let word = Style { colour: self.terminal }.status(stage.word(), 14);
        format!("  {}  {word}  {}  {time}", pad(name.as_str(), self.names), pad(&detail, 24))
            .trim_end()
            .to_owned()
    }

    fn write(&self, text: &str) {
        // If stderr is closed, nobody can be informed.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Lines and usable columns. The last column is not used: a line that reaches it may wrap, and an extra line would
/// remain after the next redraw.
fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    let (lines, columns) = size
        .filter(|size| size.ws_row > 0 && size.ws_col > 0)
        .map_or((24, 80), |size| (size.ws_row.into(), size.ws_col.into()));
    (lines, columns - 1)
}
