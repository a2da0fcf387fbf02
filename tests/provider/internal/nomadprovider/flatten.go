package nomadprovider

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// writer sets attributes, and stores the first error.
type writer struct {
	d   *schema.ResourceData
	err error
}

func (into *writer) set(key string, value any) {
	if err := into.d.Set(key, value); into.err == nil {
		into.err = err
	}
}

func (into *writer) job(job *api.Job) {
	submitted, changed := "", "0"
	if job.SubmitTime != nil {
		submitted = strconv.FormatInt(*job.SubmitTime, 10)
	}
	if job.JobModifyIndex != nil {
		changed = index(*job.JobModifyIndex)
	}
	constraints := []any{}
	for _, one := range job.Constraints {
		constraints = append(constraints, map[string]any{"ltarget": one.LTarget, "rtarget": one.RTarget, "operand": one.Operand})
	}
	for key, value := range map[string]any{
		"name": job.ID, "namespace": job.Namespace, "type": job.Type, "region": job.Region,
		"datacenters": job.Datacenters, "modify_index": changed, "submit_time": submitted,
		"status": job.Status, "status_description": job.StatusDescription, "version": job.Version,
		"create_index": job.CreateIndex, "stop": job.Stop, "stable": job.Stable, "priority": job.Priority,
		"parent_id": job.ParentID, "all_at_once": job.AllAtOnce, "constraints": constraints,
		"update_strategy": updates(job.Update), "periodic_config": periods(job.Periodic),
		"task_groups": groups(job.TaskGroups),
	} {
		into.set(key, value)
	}
}

func groups(of []*api.TaskGroup) []any {
	all := []any{}
	for _, one := range of {
		tasks, volumes := []any{}, []any{}
		for _, task := range one.Tasks {
			mounts := []any{}
			for _, mount := range task.VolumeMounts {
				mounts = append(mounts, map[string]any{
					"volume": mount.Volume, "destination": mount.Destination, "read_only": mount.ReadOnly,
				})
			}
			tasks = append(tasks, map[string]any{
				"name": task.Name, "driver": task.Driver, "meta": words(task.Meta), "volume_mounts": mounts,
			})
		}
		for _, volume := range one.Volumes {
			volumes = append(volumes, map[string]any{
				"name": volume.Name, "type": volume.Type, "source": volume.Source, "read_only": volume.ReadOnly,
			})
		}
		slices.SortFunc(volumes, func(a, b any) int {
			return cmp.Compare(a.(map[string]any)["name"].(string), b.(map[string]any)["name"].(string))
		})
		group := map[string]any{
			"name": or(one.Name, ""), "count": or(one.Count, 1), "meta": words(one.Meta), "task": tasks, "volumes": volumes,
		}
		if one.Update != nil {
			group["update_strategy"] = updates(one.Update)
		}
		all = append(all, group)
	}
	return all
}

func updates(of *api.UpdateStrategy) []any {
	if of == nil {
		return nil
	}
	all := map[string]any{}
	keep(all, "max_parallel", of.MaxParallel)
	keep(all, "canary", of.Canary)
	keep(all, "auto_revert", of.AutoRevert)
	keep(all, "health_check", of.HealthCheck)
	for key, span := range map[string]*time.Duration{
		"stagger": of.Stagger, "min_healthy_time": of.MinHealthyTime, "healthy_deadline": of.HealthyDeadline,
	} {
		if span != nil {
			all[key] = span.String()
		}
	}
	return []any{all}
}

func periods(of *api.PeriodicConfig) []any {
	if of == nil {
		return nil
	}
	all := map[string]any{}
	keep(all, "enabled", of.Enabled)
	keep(all, "prohibit_overlap", of.ProhibitOverlap)
	keep(all, "spec", of.Spec)
	keep(all, "spec_type", of.SpecType)
	keep(all, "timezone", of.TimeZone)
	return []any{all}
}

func keep[T any](into map[string]any, key string, value *T) {
	if value != nil {
		into[key] = *value
	}
}

func or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

func words(of map[string]string) map[string]any {
	all := map[string]any{}
	for key, value := range of {
		all[key] = value
	}
	return all
}
