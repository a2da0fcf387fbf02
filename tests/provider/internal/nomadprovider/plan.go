package nomadprovider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// plan refuses a wrong jobspec, sets the known values of the job, and decides whether it is replaced. All other values
// keep their former value in the plan, and so in the state after an apply.
func plan(_ context.Context, d *schema.ResourceDiff, meta any) error {
	client := meta.(*api.Client)
	if !d.NewValueKnown("jobspec") {
		return unknown(d, "name", "modify_index", "namespace", "type", "region", "datacenters", "allocation_ids",
			"task_groups", "deployment_id", "deployment_status", "status", "status_description", "version",
			"submit_time", "create_index", "stop", "priority", "parent_id", "stable", "all_at_once", "constraints",
			"update_strategy", "periodic_config")
	}
	var failed error
	if d.Get("status") == "dead" && d.Get("rerun_if_dead").(bool) {
		failed = unknown(d, "status")
	}
	before, after := d.GetChange("jobspec")
	if failed != nil || same(client, specOf(d), before.(string), after.(string)) {
		return failed
	}
	job, err := parse(client, specOf(d))
	if err != nil {
		return err
	}
	// If Nomad cannot plan the job now, the job is not refused yet.
	answer, _, planning := client.Jobs().PlanOpts(job, &api.PlanOptions{}, &api.WriteOptions{Namespace: *job.Namespace})
	switch {
	case d.Get("namespace") != *job.Namespace:
		failed = errors.Join(d.SetNew("namespace", *job.Namespace), d.ForceNew("namespace"))
	case d.Id() != *job.ID:
		failed = d.SetNew("name", *job.ID)
		if d.Get("deregister_on_id_change").(bool) {
			failed = errors.Join(failed, d.ForceNew("name"))
		}
	case planning == nil && index(answer.JobModifyIndex) != d.Get("modify_index"):
		return errors.New("job modify index has changed since last refresh")
	}
	groupUpdates(job)
	known := map[string]any{
		"name": job.ID, "type": job.Type, "region": job.Region, "datacenters": job.Datacenters, "status": job.Status,
		"periodic_config": periods(job.Periodic), "task_groups": groups(job.TaskGroups),
	}
	for key, value := range known {
		failed = errors.Join(failed, d.SetNew(key, value))
	}
	return errors.Join(failed, unknown(d, "modify_index", "allocation_ids"))
}

func unknown(d *schema.ResourceDiff, keys ...string) error {
	for _, key := range keys {
		if err := d.SetNewComputed(key); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// groupUpdates gives each group the job's update block, as the server does.
func groupUpdates(job *api.Job) {
	for _, group := range job.TaskGroups {
		switch {
		case job.Update == nil:
		case group.Update != nil:
			merged := job.Update.Copy()
			merged.Merge(group.Update)
			group.Update = merged
		case !job.Update.Empty():
			group.Update = job.Update.Copy()
		}
		if group.Update != nil {
			group.Update.Canonicalize()
		}
	}
}
