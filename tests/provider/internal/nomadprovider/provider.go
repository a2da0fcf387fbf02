// Package nomadprovider stands in for `hashicorp/nomad` where that cannot be downloaded: its `nomad_job`, against
// a real agent. It is made with the same SDK, since much of what the real one does is the SDK's own doing: values
// that an apply leaves as they were planned, and null that a refresh turns into an empty list. Jobspecs are parsed
// by the agent, so a plan needs one.
package nomadprovider

import (
	"context"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// New makes the provider for the server.
func New() *schema.Provider {
	text := func() *schema.Schema { return &schema.Schema{Type: schema.TypeString, Optional: true} }
	secret := text()
	secret.Sensitive = true
	return &schema.Provider{
		Schema:               map[string]*schema.Schema{"address": text(), "region": text(), "secret_id": secret},
		ResourcesMap:         map[string]*schema.Resource{"nomad_job": job()},
		ConfigureContextFunc: configure,
	}
}

// configure opens the API; what the block leaves out comes from NOMAD_ADDR, NOMAD_TOKEN and the like.
func configure(_ context.Context, d *schema.ResourceData) (any, diag.Diagnostics) {
	config := api.DefaultConfig()
	for key, into := range map[string]*string{
		"address":   &config.Address,
		"region":    &config.Region,
		"secret_id": &config.SecretID,
	} {
		if text := d.Get(key).(string); text != "" {
			*into = text
		}
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, diag.Errorf("the Nomad API cannot be configured: %s", err)
	}
	configured.Store(client)
	return client, nil
}
