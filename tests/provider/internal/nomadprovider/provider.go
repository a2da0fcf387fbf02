// Package nomadprovider replaces `hashicorp/nomad` if that cannot be downloaded. It has `nomad_job`, and uses a real
// agent. It is built with the same SDK, because much of the real provider's behaviour comes from the SDK: an apply
// leaves values as they were planned, and a refresh turns null into an empty list. The agent parses jobspecs, so a plan
// needs an agent.
package nomadprovider

import (
	"context"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// New makes the provider for the plugin server.
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

// configure opens the API. Values that are not in the block come from NOMAD_ADDR, NOMAD_TOKEN and similar variables.
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
