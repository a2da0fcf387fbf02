// Package worldprovider is the Terraform provider of a world: the resources `world_thing` and `world_account`.
package worldprovider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"eos.test/provider/internal/world"
)

type worldProvider struct{ version string }

// New makes the provider for the plugin server.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return worldProvider{version} }
}

// settings is the provider's block.
type settings struct {
	World     types.String `tfsdk:"world"`
	Component types.String `tfsdk:"component"`
}

// configured is the configuration that resources get.
type configured struct {
	folder    world.Folder
	component string
}

// Configure takes what the provider's own Configure has made. Every resource embeds it.
func (c *configured) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if req.ProviderData == nil {
		return // called before the provider is configured
	}
	given, ok := req.ProviderData.(configured)
	if !ok {
		resp.Diagnostics.AddError("Wrong provider data", fmt.Sprintf("it is a %T", req.ProviderData))
		return
	}
	*c = given
}

func (p worldProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "world", p.version
}

func (worldProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "Things kept as JSON files in a folder, for tests.",
		Attributes: map[string]schema.Attribute{
			"world": schema.StringAttribute{
				Required:    true,
				Description: "The folder. It must exist.",
			},
			"component": schema.StringAttribute{
				Optional:    true,
				Description: "Whose state this is: writes of two terraforms to one component at once are recorded.",
			},
		},
	}
}

func (worldProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var given settings
	resp.Diagnostics.Append(req.Config.Get(ctx, &given)...)
	if resp.Diagnostics.HasError() {
		return
	}
	folder, err := world.Open(given.World.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("No such world", err.Error())
		return
	}
	resp.ResourceData = configured{folder, given.Component.ValueString()}
}

func (worldProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &thingResource{} },
		func() resource.Resource { return &accountResource{} },
	}
}

func (worldProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
