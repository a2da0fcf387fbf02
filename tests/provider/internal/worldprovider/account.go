package worldprovider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"eos.test/provider/internal/world"
)

// accountResource is a `world_account`. Its password is write-only: it is in no plan and in no state.
type accountResource struct{ configured }

type account struct {
	Name     types.String `tfsdk:"name"`
	Password types.String `tfsdk:"password_wo"`
	Version  types.Int64  `tfsdk:"password_wo_version"`
}

func (*accountResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "world_account"
}

func (*accountResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "One account: a JSON file of the world.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"password_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
			"password_wo_version": schema.Int64Attribute{Optional: true},
		},
	}
}

func (a *accountResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	a.write(ctx, req.Config, &resp.State, &resp.Diagnostics)
}

func (a *accountResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	a.write(ctx, req.Config, &resp.State, &resp.Diagnostics)
}

// write takes the password from the configuration, because a plan does not have it.
func (a *accountResource) write(ctx context.Context, config tfsdk.Config, state *tfsdk.State, into *diag.Diagnostics) {
	var given account
	into.Append(config.Get(ctx, &given)...)
	if into.HasError() {
		return
	}
	err := a.folder.PutAccount(world.Account{
		Name:     given.Name.ValueString(),
		Password: given.Password.ValueStringPointer(),
		Version:  given.Version.ValueInt64Pointer(),
	})
	if err != nil {
		into.AddError("Cannot write the account", err.Error())
		return
	}
	given.Password = types.StringNull()
	into.Append(state.Set(ctx, given)...)
}

// Read keeps the state: nothing outside changes an account.
func (*accountResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (a *accountResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var name string
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("name"), &name)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := a.folder.RemoveAccount(name); err != nil {
		resp.Diagnostics.AddError("Cannot remove the account", err.Error())
	}
}
