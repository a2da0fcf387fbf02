package nomadprovider

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"
)

// parse has the agent read a jobspec; JSON may have a "Job" root, as `nomad job run -output` writes it.
func parse(client *api.Client, from model) (*api.Job, error) {
	job, err := read(client, from)
	if err != nil {
		return nil, fmt.Errorf("error parsing jobspec: %w", err)
	}
	if job.ID == nil || *job.ID == "" {
		return nil, errors.New("error parsing jobspec: it is not a valid Nomad jobspec")
	}
	job.Canonicalize()
	return job, nil
}

func read(client *api.Client, from model) (*api.Job, error) {
	text := from.Jobspec.ValueString()
	if !from.JSON.ValueBool() {
		return client.Jobs().ParseHCLOpts(&api.JobsParseRequest{JobHCL: text, Variables: variables(from.HCL2)})
	}
	var root struct{ Job *api.Job }
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		return nil, err
	}
	if root.Job != nil {
		return root.Job, nil
	}
	job := &api.Job{}
	return job, json.Unmarshal([]byte(text), job)
}

// variables is the text of an HCL2 variables file; a JSON string is an HCL string but for its templates.
func variables(blocks []hcl2) string {
	escape := strings.NewReplacer("${", "$${", "%{", "%%{")
	var lines []string
	for _, block := range blocks {
		for name, value := range block.Vars {
			quoted, _ := json.Marshal(value) // a string always can
			lines = append(lines, name+" = "+escape.Replace(string(quoted))+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// missing is whether the agent answered that there is no such job.
func missing(err error) bool {
	var answer api.UnexpectedResponseError
	return errors.As(err, &answer) && answer.StatusCode() == 404
}
