package nomadprovider

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type jobResource struct{ client *api.Client }

func (r *jobResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if req.ProviderData == nil {
		return // called before the provider is configured
	}
	client, ok := req.ProviderData.(*api.Client)
	if !ok {
		resp.Diagnostics.AddError("Wrong provider data", fmt.Sprintf("it is a %T", req.ProviderData))
		return
	}
	r.client = client
}

func (r *jobResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var planned model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, err := planned.Timeouts.of(func(t *timeouts) types.String { return t.Create })
	r.register(ctx, planned, timeout, err, &resp.State, &resp.Diagnostics)
}

func (r *jobResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var planned model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, err := planned.Timeouts.of(func(t *timeouts) types.String { return t.Update })
	r.register(ctx, planned, timeout, err, &resp.State, &resp.Diagnostics)
}

// register saves the job before it monitors: a deployment that fails taints what was created, and leaves
// what was updated without a change for the next plan.
func (r *jobResource) register(ctx context.Context, planned model, timeout time.Duration, err error, state *tfsdk.State, into *diag.Diagnostics) {
	if err != nil {
		into.AddAttributeError(path.Root("timeouts"), "Not a duration", err.Error())
		return
	}
	job, err := parse(r.client, planned)
	if err != nil {
		into.AddAttributeError(path.Root("jobspec"), "Wrong jobspec", err.Error())
		return
	}
	options := api.RegisterOptions{PolicyOverride: planned.PolicyOverride.ValueBool()}
	answer, _, err := r.client.Jobs().RegisterOpts(job, &options, &api.WriteOptions{Namespace: *job.Namespace})
	if err != nil {
		into.AddError("Cannot register the job", fmt.Sprintf("error applying jobspec: %s", err))
		return
	}
	planned.ID, planned.Namespace = types.StringPointerValue(job.ID), types.StringPointerValue(job.Namespace)
	planned.DeploymentID, planned.DeploymentStatus = types.StringNull(), types.StringNull()
	if err := r.fill(&planned); err != nil {
		into.AddError("Cannot read the job", err.Error())
	}
	into.Append(state.Set(ctx, planned)...)
	if planned.Detach.ValueBool() || answer.EvalID == "" || into.HasError() {
		return
	}
	deployment, err := monitor(r.client, answer.EvalID, timeout)
	if err != nil {
		into.AddError("The job did not come up",
			fmt.Sprintf("error waiting for job '%s' to schedule/deploy successfully: %s", *job.ID, err))
		return
	}
	if deployment != nil {
		planned.DeploymentID = types.StringValue(deployment.ID)
		planned.DeploymentStatus = types.StringValue(deployment.Status)
	}
	if err := r.fill(&planned); err != nil {
		into.AddError("Cannot read the job", err.Error())
	}
	into.Append(state.Set(ctx, planned)...)
}

// Read sees that a job is gone, and what Nomad computes; a jobspec that was changed outside it does not see.
func (r *jobResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var kept model
	resp.Diagnostics.Append(req.State.Get(ctx, &kept)...)
	if resp.Diagnostics.HasError() {
		return
	}
	err := r.fill(&kept)
	switch {
	case missing(err):
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.AddError("Cannot read the job", fmt.Sprintf("error checking for job: %s", err))
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, kept)...)
	}
}

// fill takes over what the agent says of the job.
func (r *jobResource) fill(into *model) error {
	namespace := into.Namespace.ValueString()
	if namespace == "" {
		namespace = api.DefaultNamespace
	}
	job, _, err := r.client.Jobs().Info(into.ID.ValueString(), &api.QueryOptions{Namespace: namespace})
	if err != nil {
		return err
	}
	into.Name, into.Namespace = types.StringPointerValue(job.ID), types.StringPointerValue(job.Namespace)
	into.Type, into.Region = types.StringPointerValue(job.Type), types.StringPointerValue(job.Region)
	into.Status = types.StringPointerValue(job.Status)
	into.ModifyIndex = types.StringValue("0")
	if job.JobModifyIndex != nil {
		into.ModifyIndex = index(*job.JobModifyIndex)
	}
	datacenters, problems := types.SetValueFrom(context.Background(), types.StringType, job.Datacenters)
	into.Datacenters = datacenters
	if problems.HasError() {
		return fmt.Errorf("datacenters: %v", problems)
	}
	return nil
}

func (r *jobResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var kept model
	resp.Diagnostics.Append(req.State.Get(ctx, &kept)...)
	if resp.Diagnostics.HasError() || !kept.DeregisterOnDestroy.ValueBool() {
		return
	}
	options := api.WriteOptions{Namespace: kept.Namespace.ValueString()}
	_, _, err := r.client.Jobs().Deregister(kept.ID.ValueString(), kept.PurgeOnDestroy.ValueBool(), &options)
	if err != nil {
		resp.Diagnostics.AddError("Cannot deregister the job", fmt.Sprintf("error deregistering job: %s", err))
	}
}

// ImportState takes `job` or `job@namespace`.
func (r *jobResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id, namespace, found := strings.Cut(req.ID, "@")
	if !found {
		namespace = api.DefaultNamespace
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("namespace"), namespace)...)
}

func index(of uint64) types.String { return types.StringValue(strconv.FormatUint(of, 10)) }
