package worldprovider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"eos.test/provider/internal/world"
)

// model is a `world_thing` as Terraform stores it.
type model struct {
	ID        types.String `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	Body      types.String `tfsdk:"body"`
	ReplaceOn types.String `tfsdk:"replace_on"`
	Secret    types.String `tfsdk:"secret"`
	Unique    types.Bool   `tfsdk:"unique"`
	Digest    types.String `tfsdk:"digest"`
	Revision  types.Int64  `tfsdk:"revision"`
}

func (*thingResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "world_thing"
}

func (*thingResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replaces := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		Description: "One thing: a JSON file of the world.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"name":       schema.StringAttribute{Required: true, PlanModifiers: replaces},
			"replace_on": schema.StringAttribute{Optional: true, PlanModifiers: replaces},
			"secret":     schema.StringAttribute{Optional: true, Sensitive: true},
			"body": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(""),
			},
			"unique": schema.BoolAttribute{
				Optional:    true,
				Computed:    true,
				Default:     booldefault.StaticBool(false),
				Description: "Whether another thing of this name makes the creation fail.",
			},
			"digest": schema.StringAttribute{
				Computed:    true,
				Description: "The SHA-256 of the body.",
			},
			"revision": schema.Int64Attribute{
				Computed:    true,
				Description: "How many times the provider wrote it.",
			},
		},
	}
}

func (m model) thing(id string, revision int64) world.Thing {
	return world.Thing{
		ID:        id,
		Name:      m.Name.ValueString(),
		Body:      m.Body.ValueString(),
		ReplaceOn: m.ReplaceOn.ValueStringPointer(),
		Secret:    m.Secret.ValueStringPointer(),
		Unique:    m.Unique.ValueBool(),
		Revision:  revision,
	}
}

func modelOf(thing world.Thing) model {
	return model{
		ID:        types.StringValue(thing.ID),
		Name:      types.StringValue(thing.Name),
		Body:      types.StringValue(thing.Body),
		ReplaceOn: types.StringPointerValue(thing.ReplaceOn),
		Secret:    types.StringPointerValue(thing.Secret),
		Unique:    types.BoolValue(thing.Unique),
		Digest:    types.StringValue(thing.Digest()),
		Revision:  types.Int64Value(thing.Revision),
	}
}
