package nomadprovider

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// register saves the job in the state before it monitors the deployment. So a failed deployment taints a new job, and
// an updated job stays in the state.
func register(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	client, timeout := meta.(*api.Client), d.Timeout(schema.TimeoutCreate)
	if !d.IsNewResource() {
		timeout = d.Timeout(schema.TimeoutUpdate)
		// If Nomad refuses the job, the new values are not saved.
		d.Partial(true)
	}
	spec := specOf(d)
	job, err := parse(client, spec)
	if err != nil {
		return diag.FromErr(err)
	}
	options := api.RegisterOptions{
		PolicyOverride: d.Get("policy_override").(bool),
		PreserveCounts: d.Get("preserve_counts").(bool),
		Submission:     &api.JobSubmission{Source: spec.text, Format: spec.format(), VariableFlags: spec.variables},
	}
	answer, _, err := client.Jobs().RegisterOpts(job, &options, &api.WriteOptions{Namespace: *job.Namespace})
	if err != nil {
		return diag.Errorf("error applying jobspec: %s", err)
	}
	d.Partial(false)
	d.SetId(*job.ID)
	into := writer{d: d}
	into.set("name", *job.ID)
	into.set("namespace", *job.Namespace)
	into.set("modify_index", index(answer.JobModifyIndex))
	if !d.Get("detach").(bool) && answer.EvalID != "" {
		deployment, err := monitor(client, answer.EvalID, *job.Namespace, timeout)
		if err != nil {
			return diag.Errorf("error waiting for job '%s' to schedule/deploy successfully: %s", *job.ID, err)
		}
		into.set("deployment_id", deployment.ID)
		into.set("deployment_status", deployment.Status)
	}
	if into.err != nil {
		return diag.FromErr(into.err)
	}
	return read(ctx, d, meta)
}

// read sets the attributes from the agent's answer. It also sets the jobspec if the agent stores the submission.
func read(_ context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	client, id, options := meta.(*api.Client), d.Id(), &api.QueryOptions{Namespace: namespaceOf(d)}
	job, _, err := client.Jobs().Info(id, options)
	if missing(err) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("error checking for job: %s", err)
	}
	into := writer{d: d}
	into.job(job)
	into.set("allocation_ids", nil)
	if d.Get("read_allocation_ids").(bool) {
		stubs, _, err := client.Jobs().Allocations(id, false, options)
		if err != nil {
			return diag.Errorf("error listing allocations: %s", err)
		}
		ids := []string{}
		for _, stub := range stubs {
			ids = append(ids, stub.ID)
		}
		into.set("allocation_ids", ids)
	}
	if submitted, _, err := client.Jobs().Submission(id, int(*job.Version), options); err == nil && submitted != nil {
		into.submission(submitted)
	}
	return diag.FromErr(into.err)
}

func (into *writer) submission(submitted *api.JobSubmission) {
	if submitted.Source != "" {
		into.set("jobspec", submitted.Source)
	}
	now := specOf(into.d)
	if submitted.Format == "hcl2" && !maps.Equal(now.variables, submitted.VariableFlags) {
		into.set("hcl2", []any{map[string]any{"allow_fs": now.allowFS, "vars": submitted.VariableFlags}})
	}
}

func deregister(_ context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	if !d.Get("deregister_on_destroy").(bool) {
		return nil
	}
	options := api.WriteOptions{Namespace: namespaceOf(d)}
	_, _, err := meta.(*api.Client).Jobs().Deregister(d.Id(), d.Get("purge_on_destroy").(bool), &options)
	if err != nil {
		return diag.Errorf("error deregistering job: %s", err)
	}
	return nil
}

// take imports `job@namespace`.
func take(_ context.Context, d *schema.ResourceData, _ any) ([]*schema.ResourceData, error) {
	at := strings.LastIndex(d.Id(), "@")
	if at < 1 || at == len(d.Id())-1 {
		return nil, fmt.Errorf("the import ID should follow the pattern <id>@<namespace>")
	}
	into := writer{d: d}
	into.set("namespace", d.Id()[at+1:])
	d.SetId(d.Id()[:at])
	return []*schema.ResourceData{d}, into.err
}

func namespaceOf(d *schema.ResourceData) string {
	if namespace := d.Get("namespace").(string); namespace != "" {
		return namespace
	}
	return api.DefaultNamespace
}

func index(of uint64) string { return strconv.FormatUint(of, 10) }
