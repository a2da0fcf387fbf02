// The providers for tests, in one binary. Its last word selects the provider: `eos.test/eos/world`, a folder of JSON
// files, or a replacement of `hashicorp/nomad`.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-sdk/v2/plugin"

	"eos.test/provider/internal/nomadprovider"
	"eos.test/provider/internal/worldprovider"
)

func main() {
	// The word is the path of the script in the mirror: terraform-provider-TYPE_vVERSION.
	called, version, _ := strings.Cut(filepath.Base(os.Args[len(os.Args)-1]), "_v")
	go leave()
	if strings.HasSuffix(called, "-nomad") {
		address := "registry.terraform.io/hashicorp/nomad"
		plugin.Serve(&plugin.ServeOpts{ProviderAddr: address, ProviderFunc: nomadprovider.New})
		return
	}
	options := providerserver.ServeOpts{Address: "eos.test/eos/world"}
	if err := providerserver.Serve(context.Background(), worldprovider.New(version), options); err != nil {
		log.Fatal(err)
	}
}
