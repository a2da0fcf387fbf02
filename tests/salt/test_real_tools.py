"""A real cloud provider with moto, and other terraforms on this machine."""

import glob
import json
import os
from pathlib import Path

import pytest

from support import mirrors, modules, moto, programs

BUCKET = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
variable "url" {
  type = string
}
variable "owner" {
  type = string
}
provider "aws" {
  region                      = "us-east-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    s3 = var.url
  }
}
resource "aws_s3_bucket" "this" {
  bucket = "eos-real-provider"
  tags = {
    owner = var.owner
  }
}
output "arn" {
  value = aws_s3_bucket.this.arn
}
"""


@pytest.mark.matrix
@pytest.mark.together("moto")
def test_the_real_aws_provider_creates_keeps_and_changes_a_bucket(site, backend):
    mirror = mirrors.require("hashicorp/aws")
    server = backend("s3")
    config = site.folder / "cli.tfrc"
    config.write_text(mirrors.installation({"path": mirror}))
    source = site.module("bucket", {"main.tf": BUCKET})
    reader = site.module("echo", modules.ECHO)

    def pillar(owner):
        url = server.arguments["endpoints"]["s3"]
        site.environment(
            {
                "bucket": {"source": source, "variables": {"url": url, "owner": owner}},
                "reader": {"source": reader, "from_outputs": {"value": "bucket.arn"}},
            },
            settings={
                "terraform": {
                    "cli_config_file": str(config),
                    "env": {
                        **mirrors.LARGE,
                        "AWS_ACCESS_KEY_ID": moto.ACCESS_KEY,
                        "AWS_SECRET_ACCESS_KEY": "env:EOS_TEST_SECRET",
                    },
                }
            },
        )

    env = {"EOS_TEST_SECRET": moto.SECRET_KEY}
    pillar("first")
    made = site.orchestrate(env=env)
    assert made.rc == 0, made
    assert made.report["components"]["reader"]["outputs"] == {
        "value": "arn:aws:s3:::eos-real-provider"
    }
    again = site.orchestrate(env=env)
    assert again.statuses == {"bucket": "unchanged", "reader": "unchanged"}, again
    pillar("second")
    tested = site.orchestrate("test=True", env=env)
    assert tested.statuses == {"bucket": "planned", "reader": "unchanged"}, tested
    (change,) = tested.report["components"]["bucket"]["resource_changes"]
    assert change["address"] == "aws_s3_bucket.this" and change["actions"] == ["update"]
    assert moto.SECRET_KEY not in made.said + again.said + tested.said


def others():
    """The terraforms and tofus that the other tests do not use."""
    usual = programs.find("terraform") or programs.find("tofu")
    asked = os.environ.get("EOS_TEST_TERRAFORMS", "").split(os.pathsep)
    found = [programs.find("tofu"), *glob.glob(str(Path.home() / ".tfenv/versions/*/terraform"))]
    found += glob.glob("/opt/terraform*/terraform") + glob.glob("/opt/tofu*/tofu")
    found += programs.built_tofu()
    return [one for one in [*asked, *found] if one and one != usual]


def test_other_terraforms_and_opentofu_run_the_same_environment(site):
    programs_to_try = others() or programs.missing("tofu, or a terraform of another version")
    source = site.module("echo", modules.ECHO)
    for number, program in enumerate(programs_to_try):
        site.environment(
            {
                "first": {"source": source, "variables": {"value": json.dumps({"n": number})}},
                "second": {"source": source, "from_outputs": {"value": "first.value"}},
            },
            name=f"with-{number}",
            settings={"terraform": {"binary": program}},
        )
        first = site.orchestrate(environment=f"with-{number}")
        assert first.rc == 0, (program, first)
        second = site.orchestrate(environment=f"with-{number}")
        assert set(second.statuses.values()) == {"unchanged"}, (program, second)
