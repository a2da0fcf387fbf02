//! Asks a run on this host to stop, from any process.

use std::collections::BTreeMap;

use serde_json::json;

use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::query::find_run;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::store::run_log::LoggedRun;
use crate::report::Report;
use crate::words::words;
use crate::workdir::replace;

pub fn cancel(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let run_id = arguments.run_id("run_id", || words![command("status").here(), " shows what is running"]);
    arguments.value("minion");
    let run = find_run::named(&mut arguments, &call.request, &run_id);
    let builder = ReportBuilder::new("cancel", "", false, &call.request.identity);
    match arguments.check().and(run).and_then(|run| ask(&run)) {
        Ok(()) => {
            builder.report(BTreeMap::new(), BTreeMap::from([("cancelled_run".to_owned(), json!(run_id))]))
        }
        Err(error) => builder.failed(error),
    }
}

fn ask(run: &LoggedRun) -> Result<()> {
    let run_id = &run.run_id;
    let refuse = |code, message: String| {
        let remedy = words![command("status").of(&run.environment), " shows what is running now"];
        Err(Error::new(Layer::Salt, Phase::Validation, code, message, remedy))
    };
    if run.history.finished.is_some() {
        return refuse(Code::RunEnded, format!("run {run_id} has ended"));
    }
    if !run.history.is_alive() {
        return refuse(Code::RunGone, format!("the process of run {run_id} has ended"));
    }
    replace(&run.folder.join("cancel"), b"")
}
