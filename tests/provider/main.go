// The provider for tests: `eos.test/eos/world`, in a folder of JSON files.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"eos.test/provider/internal/worldprovider"
)

// The mirror's folder gives the version to Terraform.
const version = "1.0.0"

func main() {
	go leave()
	options := providerserver.ServeOpts{Address: "eos.test/eos/world"}
	if err := providerserver.Serve(context.Background(), worldprovider.New(version), options); err != nil {
		log.Fatal(err)
	}
}
