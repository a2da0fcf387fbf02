//! A service's instances: <https://developer.hashicorp.com/consul/api-docs/health>.

use reqwest::Url;
use serde::Deserialize;

use super::client::Client;
use super::trouble::Trouble;

/// An instance of a service, with its own checks and those of its node.
pub struct Instance {
    pub id: String,
    pub checks: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Check {
    pub name: String,
    pub status: String,
    #[serde(default)]
    pub output: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    service: Service,
    #[serde(default)]
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(rename = "ID")]
    id: String,
}

/// Returns all instances of a service. Consul answers 200 also to a token that may not see all of them, and leaves some
/// out; this is an error.
pub async fn instances(client: &Client, service: &str) -> Result<Vec<Instance>, Trouble> {
    let reply = client.get(&format!("health/service/{}", encoded(service))).await?;
    if reply.header("X-Consul-Results-Filtered-By-ACLs") == Some("true") {
        return Err(Trouble::Denied("its answer leaves out what this token may not see".to_owned()));
    }
    let found: Vec<Found> = client.parse(&reply)?;
    Ok(found.into_iter().map(|found| Instance { id: found.service.id, checks: found.checks }).collect())
}

/// A name, encoded as one segment of a URL's path.
fn encoded(name: &str) -> String {
    let mut url = Url::parse("consul:/").ok();
    if let Some(mut segments) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.pop_if_empty().push(name);
    }
    url.map(|url| url.path().trim_start_matches('/').to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_service_of_any_name_is_one_part_of_a_path() {
        for (name, expected) in
            [("web-1", "web-1"), ("a?b#c", "a%3Fb%23c"), ("50%", "50%25"), ("a b", "a%20b")]
        {
            assert_eq!(super::encoded(name), expected);
        }
    }
}
