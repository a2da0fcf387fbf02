package nomadprovider

import (
	"fmt"
	"time"

	"github.com/hashicorp/nomad/api"
)

// pause is the time between two requests. The real provider waits 3 to 5 seconds.
const pause = 200 * time.Millisecond

// monitor follows the evaluations of a registration, then their deployment. It returns an empty deployment if there is
// none. Like the real provider, it ignores Terraform's stop, and each of the two parts has the whole timeout.
func monitor(client *api.Client, evaluation, namespace string, timeout time.Duration) (*api.Deployment, error) {
	var deployment string
	options := &api.QueryOptions{Namespace: namespace}
	err := poll("evaluation_complete", timeout, func() (done bool, err error) {
		one, _, err := client.Evaluations().Info(evaluation, options)
		switch {
		case err != nil:
			return false, err
		case one.Status == "failed" || one.Status == "canceled":
			return false, fmt.Errorf("evaluation failed: %s", one.StatusDescription)
		case one.Status != "complete":
			return false, nil
		case one.NextEval != "":
			evaluation = one.NextEval
			return false, nil
		}
		deployment = one.DeploymentID
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("error waiting for evaluation: %w", err)
	}
	last := &api.Deployment{}
	if deployment == "" {
		return last, nil
	}
	err = poll("deployment_successful", timeout, func() (done bool, err error) {
		last, _, err = client.Deployments().Info(deployment, options)
		switch {
		case err != nil:
			return false, err
		case last.Status == "failed" || last.Status == "cancelled":
			return false, fmt.Errorf("deployment '%s' terminated with status '%s': '%s'",
				last.ID, last.Status, last.StatusDescription)
		}
		return last.Status == "successful", nil
	})
	if err != nil {
		return nil, fmt.Errorf("error waiting for evaluation: %w", err)
	}
	return last, nil
}

func poll(target string, timeout time.Duration, step func() (bool, error)) error {
	deadline := time.Now().Add(timeout)
	for {
		done, err := step()
		if done || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("timeout while waiting for state to become '%s' (timeout: %s)", target, timeout)
		}
		time.Sleep(pause)
	}
}
