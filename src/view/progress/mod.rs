//! Shows progress on stderr. On a terminal it is redrawn in place; elsewhere each change is one plain line.

pub mod live;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr;

use super::alike::FEW;
use super::style::Style;
use super::units;
use super::width::pad;
use crate::model::Name;
use crate::printable::{one_line, printable};

pub use stage::{Stage, StageUpdate};

/// Redrawing more often would flicker.
const REDRAW: Duration = Duration::from_millis(100);
/// The columns of the word for a stage, and the usual ones of a detail.
const WORD: usize = 14;
const DETAIL: usize = 24;

/// Draws the progress of one run. Writes nothing for a run without components.
pub struct ProgressDisplay {
    environment: String,
    parallel: usize,
    components: usize,
    /// The columns of the longest name.
    names: usize,
    terminal: bool,
    style: Style,
    began: Instant,
    drawn: Option<Instant>,
    stages: BTreeMap<Name, (Stage, Instant)>,
    /// Number of finished components by their status.
    finished: BTreeMap<&'static str, usize>,
}

/// Also after a panic, nothing of the block stays: the next line of the process would erase other lines.
impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        self.finish();
    }
}

impl ProgressDisplay {
    pub fn new(environment: &str, components: &BTreeSet<Name>, parallel: usize) -> Self {
        Self {
            environment: environment.to_owned(),
            parallel,
            components: components.len(),
            names: components.iter().map(|name| name.as_str().width()).max().unwrap_or(0),
            terminal: live::is_terminal(),
            style: Style { colour: live::has_colour() },
            began: Instant::now(),
            drawn: None,
            stages: BTreeMap::new(),
            finished: BTreeMap::new(),
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
                Stage::Finished { status, .. } => {
                    self.stages.remove(&component);
                    *self.finished.entry(status.word()).or_default() += 1;
                    let line = self
                        .keeps(&stage)
                        .then(|| self.line(&component, &stage, since, live::size().1) + "\n");
                    self.draw(&line.unwrap_or_default());
                }
                stage => {
                    self.stages.insert(component, (stage, since));
                    self.tick();
                }
            }
        } else if news && !matches!(stage, Stage::Waiting { .. }) {
            live::above(&format!("{}\n", self.line(&component, &stage, since, usize::MAX)));
            self.stages.insert(component, (stage, since));
        } else {
            self.stages.insert(component, (stage, since));
        }
    }

    /// Whether the line of a finished component stays on the terminal. Of many, only those that ended badly do.
    fn keeps(&self, stage: &Stage) -> bool {
        let is_bad = matches!(stage, Stage::Finished { status, .. } if status.result() == Some(false));
        self.components <= FEW || is_bad
    }

    /// Redraws the live block, if enough time has passed.
    pub fn tick(&mut self) {
        if self.terminal && self.drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            self.draw("");
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
        live::above(&format!("{}\n", printable(text)));
    }

    /// Removes the live block. The report follows.
    pub fn finish(&mut self) {
        if self.terminal {
            live::show(Vec::new());
        }
    }

    /// Redraws the block, below a text that stays.
    fn draw(&mut self, above: &str) {
        let (height, width) = live::size();
        let lines = if self.stages.is_empty() { Vec::new() } else { self.lines(height, width) };
        self.drawn = Some(Instant::now());
        live::change(above, lines);
    }

    /// The block. Lines that do not fit would scroll, and could not be redrawn: the last line counts them.
    fn lines(&self, height: usize, width: usize) -> Vec<String> {
        let waits = |stage: &Stage| matches!(stage, Stage::Waiting { .. });
        let (waiting, running): (Vec<_>, Vec<_>) =
            self.stages.iter().partition(|(_, (stage, _))| waits(stage));
        let all: Vec<_> = running.into_iter().chain(waiting).collect();
        // The first line, and the one of the cursor.
        let room = height.saturating_sub(2).max(1);
        let shown = if all.len() > room { room - 1 } else { all.len() };
        let mut lines = vec![self.head()];
        let line =
            |(name, (stage, since)): &(&Name, &(Stage, Instant))| self.line(name, stage, *since, width);
        lines.extend(all[..shown].iter().map(line));
        let mut left = BTreeMap::<_, usize>::new();
        for (_, (stage, _)) in &all[shown..] {
            *left.entry(stage.shown()).or_default() += 1;
        }
        if !left.is_empty() {
            lines.push(format!("  … and {}", counted(&left)));
        }
        lines
    }

    /// `staging · 3 left · 10 in parallel · 2 applied · 4.1s`
    fn head(&self) -> String {
        let mut parts = vec![
            self.environment.clone(),
            format!("{} left", self.stages.len()),
            format!("{} in parallel", self.parallel),
        ];
        // In a small run, each of them has its own line.
        if self.components > FEW && !self.finished.is_empty() {
            parts.push(counted(&self.finished));
        }
        parts.push(units::seconds(self.began.elapsed().as_secs_f64()));
        parts.join(" · ")
    }

    /// `  storage   applying   4/6  aws_s3_bucket.audit   3.1s`
    fn line(&self, name: &Name, stage: &Stage, since: Instant, width: usize) -> String {
        let time = match stage {
            Stage::Waiting { .. } => String::new(),
            Stage::Finished { seconds, .. } => units::seconds(*seconds),
            _ if self.terminal => units::seconds(since.elapsed().as_secs_f64()),
            _ => String::new(),
        };
        let around = self.names + WORD + "        ".len() + time.len();
        let room = width.saturating_sub(around).max(DETAIL);
        let detail = match stage {
            Stage::Waiting { on } => {
                let open = on.iter().filter(|one| self.stages.contains_key(*one));
                open.map(|one| format!("{one} …")).collect::<Vec<_>>().join("  ")
            }
            stage => stage.detail(room),
        };
        // The wait for a lock or an API is one sentence.
        let is_sentence = matches!(stage, Stage::WaitingForLock { .. } | Stage::WaitingForRequests { .. });
        let (padded, gap) = if is_sentence { (0, " ") } else { (WORD, "  ") };
        let word = self.style.status(stage.shown(), padded);
        let line =
            format!("  {}  {word}{gap}{}  {time}", pad(name.as_str(), self.names), pad(&detail, DETAIL));
        super::width::cut(line.trim_end(), width)
    }
}

/// `12 planning, 458 waiting`.
fn counted(of: &BTreeMap<&'static str, usize>) -> String {
    of.iter().map(|(word, count)| format!("{count} {}", units::word(word))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Counts, Status};
    use crate::view::width::columns;

    fn display(count: usize) -> ProgressDisplay {
        let names = (0..count).map(|number| Name::new(&format!("tenant-{number:03}")).unwrap()).collect();
        let mut display = ProgressDisplay::new("staging", &names, 10);
        display.terminal = true;
        for (number, name) in names.into_iter().enumerate() {
            let stage = match number {
                0..10 => {
                    let address = "module.network.aws_route_table_association.private".repeat(3);
                    Stage::Applying { done: 1, total: 200, address }
                }
                _ => Stage::Waiting { on: Vec::new() },
            };
            display.stages.insert(name, (stage, Instant::now()));
        }
        display
    }

    #[test]
    fn a_block_of_500_components_fits_the_terminal_and_counts_what_it_does_not_show() {
        let mut display = display(500);
        display.finished = BTreeMap::from([("applied", 12), ("unchanged", 3)]);
        for (height, width) in [(24, 79), (50, 119), (8, 79)] {
            let lines = display.lines(height, width);
            assert!(lines.len() < height, "{lines:#?}");
            assert!(lines.iter().all(|line| columns(line) <= width), "{lines:#?}");
            assert!(lines[0].starts_with("staging · 500 left · 10 in parallel · 12 applied, 3 unchanged · "));
            let hidden = 500 - (lines.len() - 2);
            let last = lines.last().unwrap();
            let running = hidden.saturating_sub(490);
            let expected = match running {
                0 => format!("  … and {hidden} waiting"),
                running => format!("  … and {running} applying, 490 waiting"),
            };
            assert_eq!(*last, expected);
        }
    }

    #[test]
    fn a_panic_leaves_no_block_for_the_next_line_to_erase() {
        let panicked = std::panic::catch_unwind(|| {
            let mut display = display(3);
            display.draw("");
            assert!(live::is_shown());
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(panicked.is_err() && !live::is_shown());
    }

    #[test]
    fn a_detail_without_room_ends_with_an_ellipsis_and_the_time_stays() {
        for width in [79, 119] {
            let line = &display(1).lines(24, width)[1];
            assert!(columns(line) <= width && line.contains("…  0.0s"), "{line}");
        }
    }

    #[test]
    fn in_a_run_of_many_only_what_ended_badly_keeps_its_line() {
        let stays = |count: usize, status: Status| {
            let changes = Counts::default();
            let stage = Stage::Finished { status, changes, seconds: 1.0 };
            display(count).keeps(&stage)
        };
        assert!(stays(24, Status::Unchanged) && stays(500, Status::Failed));
        assert!(!stays(500, Status::Applied) && !stays(25, Status::Planned));
    }
}
