package nomadprovider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// defaultTimeout is shorter than Nomad's own progress_deadline, as in the real provider.
const defaultTimeout = 5 * time.Minute

func job() *schema.Resource {
	timeout := schema.DefaultTimeout(defaultTimeout)
	return &schema.Resource{
		CreateContext: register,
		UpdateContext: register,
		ReadContext:   read,
		DeleteContext: deregister,
		CustomizeDiff: plan,
		Importer:      &schema.ResourceImporter{StateContext: take},
		Timeouts:      &schema.ResourceTimeout{Create: timeout, Update: timeout},
		Schema: map[string]*schema.Schema{
			"jobspec": {Type: schema.TypeString, Required: true, DiffSuppressFunc: isSameJob},
			"hcl2": {Type: schema.TypeList, Optional: true, MaxItems: 1, Elem: &schema.Resource{
				Schema: map[string]*schema.Schema{
					"allow_fs": flag(false),
					"vars":     {Type: schema.TypeMap, Optional: true},
				},
			}},
			"json":                    {Type: schema.TypeBool, Optional: true},
			"policy_override":         {Type: schema.TypeBool, Optional: true},
			"purge_on_destroy":        {Type: schema.TypeBool, Optional: true},
			"preserve_counts":         flag(false),
			"deregister_on_destroy":   flag(true),
			"deregister_on_id_change": flag(true),
			"detach":                  flag(true),
			"rerun_if_dead":           flag(false),
			"read_allocation_ids":     flag(false),

			"all_at_once":        found(schema.TypeBool),
			"allocation_ids":     list(schema.TypeList),
			"constraints":        blocks(texts("ltarget", "rtarget", "operand")),
			"create_index":       found(schema.TypeInt),
			"datacenters":        list(schema.TypeSet),
			"deployment_id":      found(schema.TypeString),
			"deployment_status":  found(schema.TypeString),
			"modify_index":       found(schema.TypeString),
			"name":               found(schema.TypeString),
			"namespace":          found(schema.TypeString),
			"parent_id":          found(schema.TypeString),
			"periodic_config":    blocks(periodic()),
			"priority":           found(schema.TypeInt),
			"region":             found(schema.TypeString),
			"stable":             found(schema.TypeBool),
			"status":             found(schema.TypeString),
			"status_description": found(schema.TypeString),
			"stop":               found(schema.TypeBool),
			"submit_time":        found(schema.TypeString),
			"task_groups":        blocks(group()),
			"type":               found(schema.TypeString),
			"update_strategy":    blocks(strategy()),
			"version":            found(schema.TypeInt),
		},
	}
}

func flag(value bool) *schema.Schema {
	return &schema.Schema{Type: schema.TypeBool, Optional: true, Default: value}
}

func found(kind schema.ValueType) *schema.Schema {
	return &schema.Schema{Type: kind, Computed: true}
}

func list(kind schema.ValueType) *schema.Schema {
	return &schema.Schema{Type: kind, Computed: true, Elem: &schema.Schema{Type: schema.TypeString}}
}

func blocks(of map[string]*schema.Schema) *schema.Schema {
	return &schema.Schema{Type: schema.TypeList, Computed: true, Elem: &schema.Resource{Schema: of}}
}

func texts(names ...string) map[string]*schema.Schema {
	all := map[string]*schema.Schema{}
	for _, name := range names {
		all[name] = found(schema.TypeString)
	}
	return all
}

func periodic() map[string]*schema.Schema {
	all := texts("spec", "spec_type", "timezone")
	all["enabled"], all["prohibit_overlap"] = found(schema.TypeBool), found(schema.TypeBool)
	return all
}

func strategy() map[string]*schema.Schema {
	all := texts("stagger", "health_check", "min_healthy_time", "healthy_deadline")
	all["max_parallel"], all["canary"] = found(schema.TypeInt), found(schema.TypeInt)
	all["auto_revert"] = found(schema.TypeBool)
	return all
}

func group() map[string]*schema.Schema {
	mount := texts("volume", "destination")
	mount["read_only"] = found(schema.TypeBool)
	task := texts("name", "driver")
	task["meta"], task["volume_mounts"] = found(schema.TypeMap), blocks(mount)
	volume := texts("name", "type", "source")
	volume["read_only"] = found(schema.TypeBool)
	all := texts("name")
	all["count"], all["meta"] = found(schema.TypeInt), found(schema.TypeMap)
	all["task"], all["volumes"], all["update_strategy"] = blocks(task), blocks(volume), blocks(strategy())
	return all
}
