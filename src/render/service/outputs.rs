//! Renders `outputs.tf`: the outputs of a service that others may read.

use super::names::mark;
use super::text::TextWriter;
use crate::model::service::{
    CONSUL_DOMAIN, CONSUL_SERVICE, JobShape, JobSource, NomadService, PortNumber, Registry,
};

pub fn outputs(service: &NomadService) -> String {
    let mut text = TextWriter::new(mark(service));
    let name = &service.name;
    let mut output = |name: &str, what: &str, set: &dyn Fn(&mut TextWriter)| {
        text.gap();
        text.block(&format!("output \"{name}\""), |text| {
            text.value("description", what);
            set(text);
        });
    };
    output("job_id", "The job's id in Nomad.", &|text| text.set("value", format!("nomad_job.{name}.id")));
    if let JobSource::Generated(shape) = &service.job
        && shape.registry == Registry::Consul
        && let Some(main) = &shape.main
    {
        let host = format!("{}{CONSUL_DOMAIN}", service.registered_name());
        output(CONSUL_SERVICE, "Its name in Consul's DNS.", &|text| text.value("value", host.as_str()));
        let what = "Its address; a port that Nomad chooses stands in the DNS's SRV record.";
        output(&format!("{}_url", name.as_str().replace('-', "_")), what, &|text| {
            text.set("value", url(&host, shape, main));
        });
    }
    text.finish()
}

/// `tcp://` if the check only opens a connection. In the mesh, the address is that of the sidecar.
fn url(host: &str, shape: &JobShape, main: &str) -> String {
    let scheme = if shape.checks().next().is_some_and(|check| check.body.text("type") == Some("tcp")) {
        "tcp"
    } else {
        "http"
    };
    let port = match (&shape.mesh, shape.ports.get(main).and_then(|port| port.fixed)) {
        (Some(_), _) => return format!("\"{scheme}://{}\"", host.replace(".service.", ".virtual.")),
        (None, Some(PortNumber::FromVariable)) => ":${var.port}".to_owned(),
        (None, Some(PortNumber::Fixed(port))) => format!(":{port}"),
        (None, None) => String::new(),
    };
    format!("\"{scheme}://{host}{port}\"")
}
