// Package nomadprovider stands in for `hashicorp/nomad` where that cannot be downloaded: its `nomad_job`, against
// a real agent. Jobspecs are parsed by the agent, so a plan needs one, and two jobspecs that differ in their
// text alone differ; else it behaves as the real one, taints and monitoring included.
package nomadprovider

import (
	"context"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type nomadProvider struct{ version string }

// New makes the provider for the server.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return nomadProvider{version} }
}

// settings is the provider's block; what it leaves out comes from NOMAD_ADDR, NOMAD_TOKEN and the like.
type settings struct {
	Address  types.String `tfsdk:"address"`
	Region   types.String `tfsdk:"region"`
	SecretID types.String `tfsdk:"secret_id"`
}

func (p nomadProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "nomad", p.version
}

func (nomadProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"address":   schema.StringAttribute{Optional: true},
			"region":    schema.StringAttribute{Optional: true},
			"secret_id": schema.StringAttribute{Optional: true, Sensitive: true},
		},
	}
}

func (nomadProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var given settings
	resp.Diagnostics.Append(req.Config.Get(ctx, &given)...)
	if resp.Diagnostics.HasError() || given.Address.IsUnknown() {
		return
	}
	config := api.DefaultConfig()
	for value, into := range map[*types.String]*string{
		&given.Address:  &config.Address,
		&given.Region:   &config.Region,
		&given.SecretID: &config.SecretID,
	} {
		if text := value.ValueString(); text != "" {
			*into = text
		}
	}
	client, err := api.NewClient(config)
	if err != nil {
		resp.Diagnostics.AddError("Cannot configure the Nomad API", err.Error())
		return
	}
	resp.ResourceData = client
}

func (nomadProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &jobResource{} }}
}

func (nomadProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
