// The providers for tests, in one binary that serves what it is called: `eos.test/eos/world`, a folder of
// JSON files, and a stand-in for `hashicorp/nomad`.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"eos.test/provider/internal/nomadprovider"
	"eos.test/provider/internal/worldprovider"
)

func main() {
	// terraform-provider-TYPE_vVERSION, as Terraform finds it in the mirror.
	called, version, _ := strings.Cut(filepath.Base(os.Args[0]), "_v")
	options, serve := providerserver.ServeOpts{Address: "eos.test/eos/world"}, worldprovider.New(version)
	if strings.HasSuffix(called, "-nomad") {
		options, serve = providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/nomad"}, nomadprovider.New(version)
	}
	go leave()
	if err := providerserver.Serve(context.Background(), serve, options); err != nil {
		log.Fatal(err)
	}
}
