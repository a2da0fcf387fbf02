//! A text that outlives its call. Its commands are written as its reader writes them, not as the first caller did.

use serde::{Deserialize, Serialize};

use crate::command_line::Command;
use crate::words::Words;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct KeptText(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Command(Command),
}

/// An earlier version stored the text alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Text(String),
    Parts(Vec<Part>),
}

impl From<Stored> for KeptText {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Text(text) => Self(vec![Part::Text(text)]),
            Stored::Parts(parts) => Self(parts),
        }
    }
}

impl From<&Words> for KeptText {
    fn from(words: &Words) -> Self {
        let part = |(text, command): (&str, Option<&Command>)| match command {
            Some(command) => Part::Command(command.clone()),
            None => Part::Text(text.to_owned()),
        };
        Self(words.parts().map(part).collect())
    }
}

impl From<&KeptText> for Words {
    fn from(kept: &KeptText) -> Self {
        kept.0.iter().fold(Self::default(), |words, part| match part {
            Part::Text(text) => words.and(text),
            Part::Command(command) => words.and(command.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;
    use crate::command_line::{CommandLine, Program, command};
    use crate::words::words;

    #[test]
    fn a_kept_text_names_its_commands_as_the_reader_writes_them_and_hides_what_was_hidden() {
        let of = |words: &[&str]| CommandLine {
            program: Program::Eos,
            words: words.iter().map(ToString::to_string).collect(),
            ..CommandLine::default()
        };
        let mut text = of(&["eos", "-c", "/x"]).during(|| {
            let again = command("plan").of("staging").with("components", "web");
            words!["hunter2".to_owned(), " is wrong: ", again, ", then look"]
        });
        assert_eq!(text, "hunter2 is wrong: eos -c /x plan staging web, then look");
        text.replace_others(|text| text.replace("hunter2", "(sensitive)"));
        let kept: KeptText = from_value(to_value(KeptText::from(&text)).unwrap()).unwrap();
        let expected = "(sensitive) is wrong: eos --api URL plan staging web, then look";
        assert_eq!(of(&["eos", "--api", "URL"]).during(|| Words::from(&kept)), expected);
        let expected = "(sensitive) is wrong: salt-run infrastructure.plan staging components=web, then look";
        assert_eq!(Words::from(&kept), expected);
        let earlier: KeptText = from_value(json!("run again")).unwrap();
        assert_eq!(Words::from(&earlier), "run again");
    }
}
