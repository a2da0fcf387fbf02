//! In which form a run or plan is shown, and where to.

use std::path::PathBuf;

use crate::command_line::command;
use crate::model::Authentication;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::{CallPlace, Request};
use crate::words::words;

pub enum Form {
    /// The facts alone. The reader draws them.
    Text,
    Markdown,
    /// The page itself.
    Html,
    /// The page in a file.
    File(PathBuf),
}

impl Form {
    pub fn of(arguments: &mut Arguments, request: &Request) -> Self {
        let (format, html) = (arguments.text("format"), arguments.text("html"));
        match (format.as_deref(), html) {
            (Some(_), Some(_)) => arguments.problem("html", "is a format of its own: leave format out"),
            (None, Some(path)) => return Self::file(arguments, request, &path),
            (None | Some("text"), None) => {}
            (Some("markdown"), None) => return Self::Markdown,
            (Some("html"), None) => return Self::Html,
            (Some(_), None) => arguments.problem("format", "must be one of: text, markdown, html"),
        }
        Self::Text
    }

    /// Whoever calls a running master would choose a file of the master's user. The process of a person has only the
    /// rights of this person.
    fn file(arguments: &mut Arguments, request: &Request, path: &str) -> Self {
        let identity = &request.identity;
        let is_own_process = identity.known.authentication == Authentication::System
            && identity.automation.is_none()
            && matches!(identity.place, CallPlace::Master { .. });
        if !is_own_process {
            let page = command("show").with("format", "html");
            arguments.problem(
                "html",
                words![
                    "writes a file only for the user who runs the program on this host: ",
                    page,
                    " returns the page"
                ],
            );
        }
        match std::path::absolute(path) {
            Ok(path) => Self::File(path),
            Err(_) => {
                arguments.problem("html", "must be the name of a file");
                Self::Text
            }
        }
    }
}
