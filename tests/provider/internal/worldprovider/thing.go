package worldprovider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"eos.test/provider/internal/world"
)

type thingResource struct{ configured }

func (t *thingResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var planned model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id, err := world.NewID(planned.Name.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "Not a name", err.Error())
		return
	}
	thing := planned.thing(id, 1)
	err = t.do(world.Create, thing.ID, func() error { return t.folder.Add(thing) })
	// A state that is set together with an error taints the resource.
	if told(err) {
		resp.Diagnostics.Append(resp.State.Set(ctx, modelOf(thing))...)
	}
	report(&resp.Diagnostics, world.Create, thing.Name, err)
}

func (t *thingResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	id := idOf(ctx, req.State, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	var thing world.Thing
	err := t.do(world.Read, id, func() (err error) {
		thing, err = t.folder.Get(id)
		return err
	})
	switch {
	case errors.Is(err, world.ErrGone):
		resp.State.RemoveResource(ctx)
	case err != nil:
		report(&resp.Diagnostics, world.Read, id, err)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, modelOf(thing))...)
	}
}

func (t *thingResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var planned, prior model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	thing := planned.thing(prior.ID.ValueString(), prior.Revision.ValueInt64()+1)
	err := t.do(world.Update, thing.ID, func() error { return t.folder.Put(thing) })
	if told(err) {
		resp.Diagnostics.Append(resp.State.Set(ctx, modelOf(thing))...)
	}
	report(&resp.Diagnostics, world.Update, thing.Name, err)
}

// Delete leaves the resource in the state if it fails, even after the file is gone. Only a read notices that.
func (t *thingResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	id := idOf(ctx, req.State, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	err := t.do(world.Delete, id, func() error { return t.folder.Remove(id) })
	report(&resp.Diagnostics, world.Delete, id, err)
}

func (t *thingResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if _, err := world.NameOf(req.ID); err != nil {
		resp.Diagnostics.AddError("Not an id", err.Error())
		return
	}
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

// do executes a call on the thing with an id, with the world's faults.
func (t *thingResource) do(kind world.Kind, id string, effect func() error) error {
	name, err := world.NameOf(id)
	if err != nil {
		return err
	}
	call := world.Call{Kind: kind, Component: t.component, ID: id, Name: name}
	return t.folder.Do(call, effect)
}

func idOf(ctx context.Context, state tfsdk.State, into *diag.Diagnostics) string {
	var id string
	into.Append(state.GetAttribute(ctx, path.Root("id"), &id)...)
	return id
}

// told is whether Terraform learns about the effect. It does, except after a failure that hides the effect.
func told(err error) bool {
	var failed *world.Failed
	return err == nil || errors.As(err, &failed) && failed.Told
}

func report(into *diag.Diagnostics, kind world.Kind, name string, err error) {
	if err != nil {
		into.AddError(fmt.Sprintf("Cannot %s the thing %s", kind, name), err.Error())
	}
}
