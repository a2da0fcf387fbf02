//! Encodes names as parts of a URL's path.

use reqwest::Url;

/// The path of these parts. Each part stays one part, with any characters.
pub fn path(parts: &[&str]) -> String {
    let mut url = Url::parse("http://host/").ok();
    // This cannot fail: an http address always accepts a path.
    if let Some(mut segments) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.pop_if_empty().extend(parts);
    }
    url.map(|url| url.path().trim_start_matches('/').to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn any_name_is_encoded_as_one_part_of_a_path() {
        for (name, expected) in [
            ("web-1", "v1/web-1/x"),
            ("a?b#c", "v1/a%3Fb%23c/x"),
            ("50%", "v1/50%25/x"),
            ("a b", "v1/a%20b/x"),
            ("a/b", "v1/a%2Fb/x"),
            ("a\\b", "v1/a%5Cb/x"),
        ] {
            assert_eq!(path(&["v1", name, "x"]), expected);
        }
    }
}
