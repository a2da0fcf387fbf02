package nomadprovider

import (
	"context"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan catches a wrong jobspec at plan, says what of the job is known already, and when it is replaced.
func (r *jobResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.client == nil {
		return
	}
	var planned, prior model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	}
	if resp.Diagnostics.HasError() || planned.Jobspec.IsUnknown() {
		return
	}
	rerun := planned.RerunIfDead.ValueBool() && prior.Status.ValueString() == "dead"
	if planned.Jobspec.Equal(prior.Jobspec) && !rerun {
		return
	}
	job, err := parse(r.client, planned)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("jobspec"), "Wrong jobspec", err.Error())
		return
	}
	planned.ID = types.StringUnknown()
	planned.Name, planned.Namespace = types.StringPointerValue(job.ID), types.StringPointerValue(job.Namespace)
	planned.Type, planned.Region = types.StringPointerValue(job.Type), types.StringUnknown()
	planned.Datacenters = types.SetUnknown(types.StringType)
	planned.ModifyIndex, planned.Status = types.StringUnknown(), types.StringUnknown()
	planned.DeploymentID, planned.DeploymentStatus = types.StringUnknown(), types.StringUnknown()
	if !req.State.Raw.IsNull() {
		r.compare(job, prior, &planned, resp)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, planned)...)
}

func (r *jobResource) compare(job *api.Job, prior model, planned *model, resp *resource.ModifyPlanResponse) {
	switch {
	case prior.Namespace.ValueString() != *job.Namespace:
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("namespace"))
	case prior.ID.ValueString() != *job.ID:
		if planned.DeregisterOnIDChange.ValueBool() {
			resp.RequiresReplace = append(resp.RequiresReplace, path.Root("name"))
		}
	default:
		planned.ID = prior.ID
		// A job that cannot be planned now is not refused yet, as in the real provider.
		answer, _, err := r.client.Jobs().PlanOpts(job, &api.PlanOptions{}, &api.WriteOptions{Namespace: *job.Namespace})
		if err == nil && index(answer.JobModifyIndex) != prior.ModifyIndex {
			resp.Diagnostics.AddError("Changed meanwhile", "job modify index has changed since last refresh")
		}
	}
}
