package nomadprovider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// model is a `nomad_job` as Terraform keeps it.
type model struct {
	ID                   types.String `tfsdk:"id"`
	Jobspec              types.String `tfsdk:"jobspec"`
	JSON                 types.Bool   `tfsdk:"json"`
	Detach               types.Bool   `tfsdk:"detach"`
	PurgeOnDestroy       types.Bool   `tfsdk:"purge_on_destroy"`
	DeregisterOnDestroy  types.Bool   `tfsdk:"deregister_on_destroy"`
	DeregisterOnIDChange types.Bool   `tfsdk:"deregister_on_id_change"`
	PolicyOverride       types.Bool   `tfsdk:"policy_override"`
	RerunIfDead          types.Bool   `tfsdk:"rerun_if_dead"`
	Name                 types.String `tfsdk:"name"`
	Namespace            types.String `tfsdk:"namespace"`
	Type                 types.String `tfsdk:"type"`
	Region               types.String `tfsdk:"region"`
	Datacenters          types.Set    `tfsdk:"datacenters"`
	ModifyIndex          types.String `tfsdk:"modify_index"`
	Status               types.String `tfsdk:"status"`
	DeploymentID         types.String `tfsdk:"deployment_id"`
	DeploymentStatus     types.String `tfsdk:"deployment_status"`
	HCL2                 []hcl2       `tfsdk:"hcl2"`
	Timeouts             *timeouts    `tfsdk:"timeouts"`
}

type hcl2 struct {
	Vars map[string]string `tfsdk:"vars"`
}

type timeouts struct {
	Create types.String `tfsdk:"create"`
	Update types.String `tfsdk:"update"`
}

// Shorter than Nomad's own progress_deadline, as in the real provider.
const defaultTimeout = 5 * time.Minute

func (t *timeouts) of(pick func(*timeouts) types.String) (time.Duration, error) {
	if t == nil || pick(t).ValueString() == "" {
		return defaultTimeout, nil
	}
	return time.ParseDuration(pick(t).ValueString())
}

func (*jobResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "nomad_job"
}

func (*jobResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	flag := func(value bool) schema.BoolAttribute {
		return schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(value)}
	}
	known := schema.StringAttribute{Computed: true}
	span := schema.StringAttribute{Optional: true}
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id":                      known,
			"jobspec":                 schema.StringAttribute{Required: true},
			"json":                    flag(false),
			"detach":                  flag(true),
			"purge_on_destroy":        flag(false),
			"deregister_on_destroy":   flag(true),
			"deregister_on_id_change": flag(true),
			"policy_override":         flag(false),
			"rerun_if_dead":           flag(false),
			"name":                    known,
			"namespace":               known,
			"type":                    known,
			"region":                  known,
			"datacenters":             schema.SetAttribute{Computed: true, ElementType: types.StringType},
			"modify_index":            known,
			"status":                  known,
			"deployment_id":           known,
			"deployment_status":       known,
		},
		Blocks: map[string]schema.Block{
			"hcl2": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{
					"vars": schema.MapAttribute{Optional: true, ElementType: types.StringType},
				},
			}},
			"timeouts": schema.SingleNestedBlock{
				Attributes: map[string]schema.Attribute{"create": span, "update": span},
			},
		},
	}
}
