package nomadprovider

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// spec is the input from which a job is parsed.
type spec struct {
	text          string
	json, allowFS bool
	variables     map[string]string
}

func (s spec) format() string {
	if s.json {
		return "json"
	}
	return "hcl2"
}

// getter is a resource's data, planned or from the state.
type getter interface{ Get(key string) any }

func specOf(d getter) spec {
	of := spec{text: d.Get("jobspec").(string), json: d.Get("json").(bool), variables: map[string]string{}}
	for _, block := range d.Get("hcl2").([]any) {
		// An empty block is nil.
		if given, ok := block.(map[string]any); ok {
			of.allowFS = given["allow_fs"].(bool)
			for name, value := range given["vars"].(map[string]any) {
				of.variables[name] = fmt.Sprint(value)
			}
		}
	}
	return of
}

// configured is the client of this process, for SDK functions that get no client. A process serves one configuration.
var configured atomic.Pointer[api.Client]

// isSameJob is whether two jobspecs describe the same job, even if their texts differ.
func isSameJob(_, before, after string, d *schema.ResourceData) bool {
	client := configured.Load()
	return client != nil && same(client, specOf(d), before, after)
}

func same(client *api.Client, of spec, before, after string) bool {
	if before == after {
		return true
	}
	if before == "" {
		return false
	}
	of.text = before
	one, err := parse(client, of)
	if err != nil {
		return false
	}
	of.text = after
	other, err := parse(client, of)
	if err != nil {
		return false
	}
	one.Canonicalize()
	other.Canonicalize()
	return reflect.DeepEqual(one, other)
}

// parse lets the agent parse a jobspec. JSON may have a "Job" root, as `nomad job run -output` writes it.
func parse(client *api.Client, from spec) (*api.Job, error) {
	job, err := parsed(client, from)
	if err != nil {
		return nil, fmt.Errorf("error parsing jobspec: %w", err)
	}
	if job.ID == nil || *job.ID == "" {
		return nil, errors.New("error parsing jobspec: it is not a valid Nomad jobspec")
	}
	if job.Namespace == nil || *job.Namespace == "" {
		namespace := api.DefaultNamespace
		job.Namespace = &namespace
	}
	return job, nil
}

func parsed(client *api.Client, from spec) (*api.Job, error) {
	if !from.json {
		return client.Jobs().ParseHCLOpts(&api.JobsParseRequest{JobHCL: from.text, Variables: variables(from.variables)})
	}
	var root struct{ Job *api.Job }
	if err := json.Unmarshal([]byte(from.text), &root); err != nil {
		return nil, err
	}
	if root.Job != nil {
		return root.Job, nil
	}
	job := &api.Job{}
	return job, json.Unmarshal([]byte(from.text), job)
}

// variables is the text of an HCL2 variables file. Apart from templates, a JSON string is also an HCL string.
func variables(values map[string]string) string {
	escape := strings.NewReplacer("${", "$${", "%{", "%%{")
	var lines []string
	for name, value := range values {
		quoted, _ := json.Marshal(value) // a string never fails
		lines = append(lines, name+" = "+escape.Replace(string(quoted))+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// missing is whether the agent answered that there is no such job.
func missing(err error) bool {
	var answer api.UnexpectedResponseError
	return errors.As(err, &answer) && answer.StatusCode() == 404
}
