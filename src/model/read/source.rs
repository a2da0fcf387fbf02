//! Reads the source of a module: `salt://folder` or an absolute path, with `//subfolder` as in Terraform.

use super::scalars;
use super::tree::Tree;
use crate::model::component::Source;

const FORMS: &str = "must be salt://a/folder or an absolute path; add //subfolder if terraform runs in a subfolder, and for \
     salt:// ?saltenv=NAME at the end";

pub(super) fn source(tree: &Tree) -> Result<Source, String> {
    let text = scalars::text(tree)?;
    if text.contains(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    match text.strip_prefix("salt://") {
        Some(rest) => salt(rest),
        None if text.starts_with('/') => {
            let (root, subdir) = split(&text)?;
            match root.as_str() {
                "" => Err(FORMS.to_owned()),
                root => Ok(Source::Path { root: format!("/{root}").into(), subdir }),
            }
        }
        None if scalars::begins_with_a_home(&text) => Err(scalars::NO_HOME.to_owned()),
        None => Err(FORMS.to_owned()),
    }
}

/// `folder//subfolder?saltenv=NAME`, as Terraform writes it, or `folder?saltenv=NAME//subfolder`. With `//subfolder`
/// alone, the folder is the top of file_roots.
fn salt(text: &str) -> Result<Source, String> {
    let (path, saltenv) = match text.split_once("?saltenv=") {
        None => (text.to_owned(), None),
        Some((path, rest)) => {
            let (saltenv, below) = rest.split_once("//").unwrap_or((rest, ""));
            match below {
                "" => (path.to_owned(), Some(saltenv)),
                below if path.contains("//") => {
                    return Err(format!(
                        "names two subfolders, before and after ?saltenv=; remove //{below}"
                    ));
                }
                below => (format!("{path}//{below}"), Some(saltenv)),
            }
        }
    };
    if let Some(saltenv) = saltenv
        && (saltenv.split('/').any(str::is_empty) || saltenv.contains(['?', '&']))
    {
        return Err("must name one Salt environment after ?saltenv=, and nothing else".to_owned());
    }
    if let Some(query) = query(&path) {
        return Err(format!("has {query:?}, but salt:// takes only ?saltenv=NAME"));
    }
    if path.starts_with('/') && !path.starts_with("//") {
        return Err(FORMS.to_owned());
    }
    let (root, subdir) = split(&path)?;
    if root.is_empty() && subdir.is_empty() {
        return Err(FORMS.to_owned());
    }
    let saltenv = saltenv.map_or_else(String::new, |saltenv| format!("?saltenv={saltenv}"));
    Ok(Source::Salt { url: format!("salt://{root}{saltenv}"), subdir })
}

/// The root without the slashes around it, and the subfolder.
fn split(path: &str) -> Result<(String, String), String> {
    let (root, subdir) = path.split_once("//").unwrap_or((path, ""));
    let (root, subdir) = (root.trim_matches('/'), subdir.trim_matches('/'));
    if root.split('/').chain(subdir.split('/')).any(|part| part == ".." || part == ".") {
        return Err("must not contain the parts . or ..".to_owned());
    }
    Ok((root.to_owned(), subdir.to_owned()))
}

/// A query such as `?ref=v1`, if the path ends with one. A folder's name may contain a question mark.
fn query(path: &str) -> Option<&str> {
    let query = &path[path.rfind('?')?..];
    let (key, _) = query[1..].split_once('=')?;
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_key.then_some(query)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::PillarPath;

    fn read(text: &str) -> Result<(String, String), String> {
        source(&Tree::new(&json!(text), PillarPath::root())).map(|source| match source {
            Source::Salt { url, subdir } => (url, subdir),
            Source::Path { root, subdir } => (root.display().to_string(), subdir),
            Source::Service(_) => unreachable!("no text is a service"),
        })
    }

    #[test]
    fn the_salt_environment_may_stand_at_the_end_as_in_terraform() {
        let of_dev = Ok(("salt://tree?saltenv=dev".to_owned(), "sub".to_owned()));
        assert_eq!(read("salt://tree//sub?saltenv=dev"), of_dev);
        assert_eq!(read("salt://tree?saltenv=dev//sub"), of_dev);
        assert_eq!(read("salt://tree?saltenv=dev"), Ok(("salt://tree?saltenv=dev".into(), String::new())));
        let branch = Ok(("salt://tree?saltenv=feature/x".to_owned(), "sub".to_owned()));
        assert_eq!(read("salt://tree//sub?saltenv=feature/x"), branch);
        for wrong in [
            "salt://tree//a?saltenv=dev//b",
            "salt://tree?saltenv=",
            "salt://tree?saltenv=/",
            "salt://tree//sub?saltenv=dev&ref=v1",
            "salt://tree//sub?ref=v1",
            "salt://tree?env=dev",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read("salt://what?/sub"), Ok(("salt://what?/sub".to_owned(), String::new())));
    }

    #[test]
    fn the_top_of_file_roots_is_a_source_with_a_subfolder() {
        assert_eq!(read("salt:////live/web"), Ok(("salt://".to_owned(), "live/web".to_owned())));
        let of_dev = Ok(("salt://?saltenv=dev".to_owned(), "live/web".to_owned()));
        assert_eq!(read("salt:////live/web?saltenv=dev"), of_dev);
        for wrong in ["salt://", "salt:////", "salt:///live/web"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_source_leaves_its_root_or_is_read_twice_differently(
            text in "(salt:/)?/?/?[a-z./?=& ]{0,16}(//[a-z./]{0,6})?(\\?saltenv=[a-z/?]{0,5})?(//[a-z]{0,3})?"
        ) {
            if let Ok((root, subdir)) = read(&text) {
                let parts = || root.trim_start_matches("salt://").split('/').chain(subdir.split('/'));
                prop_assert!(parts().all(|part| part != ".." && part != "."), "{root} {subdir}");
                prop_assert!(!subdir.starts_with('/') && !subdir.ends_with('/'), "{root} {subdir}");
                let again = if subdir.is_empty() { root.clone() } else { format!("{root}//{subdir}") };
                prop_assert_eq!(read(&again), Ok((root, subdir)), "{}", again);
            }
        }
    }
}
