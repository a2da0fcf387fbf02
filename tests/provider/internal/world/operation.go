package world

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Kind is what a call does to a thing.
type Kind string

// The kinds of calls, as `faults.json` and `operations.log` name them.
const (
	Create Kind = "create"
	Read   Kind = "read"
	Update Kind = "update"
	Delete Kind = "delete"
)

// Call is one request to the provider. Component comes from the provider's configuration.
type Call struct {
	Kind      Kind   `json:"kind"`
	Component string `json:"component"`
	ID        string `json:"id"`
	Name      string `json:"name"`
}

// Failed is a call that failed. Told is true if the call took effect and Terraform may know it.
type Failed struct {
	Told bool
	err  error
}

func (f *Failed) Error() string { return f.err.Error() }
func (f *Failed) Unwrap() error { return f.err }

// entry is a line of `operations.log`. There is one at the start of a call and one at its end; after a crash there is
// only the first.
type entry struct {
	// At is the wall clock's time in nanoseconds.
	At    int64  `json:"at"`
	Event string `json:"event"`
	Lease
	CWD string `json:"cwd"`
	// Outcome is the result at the end of a call: empty if it succeeded, otherwise the error.
	Outcome string `json:"outcome,omitempty"`
}

var (
	operations atomic.Int64
	underWay   atomic.Int64
)

// UnderWay is the number of calls that are being served.
func UnderWay() int64 { return underWay.Load() }

// Do executes the effect of a call, with its faults before and after, and logs the start and the end.
func (f Folder) Do(call Call, effect func() error) error {
	underWay.Add(1)
	defer underWay.Add(-1)
	lease := Lease{call, fmt.Sprintf("%d-%d-%d", self.PID, self.Born, operations.Add(1)), self, terraform}
	if err := f.begin(lease); err != nil {
		return &Failed{err: err}
	}
	failed := f.attempt(call, effect)
	if err := f.end(lease, failed); err != nil && failed == nil {
		failed = &Failed{Told: true, err: err}
	}
	if failed == nil {
		return nil
	}
	return failed
}

func (f Folder) attempt(call Call, effect func() error) *Failed {
	faults, err := f.due(call)
	if err == nil {
		_, err = f.phase(faults, before)
	}
	if err == nil {
		err = effect()
	}
	if err != nil {
		return &Failed{err: err}
	}
	if which, err := f.phase(faults, after); err != nil {
		return &Failed{Told: !which.Unsaved, err: err}
	}
	return nil
}

func (f Folder) phase(faults []Fault, when string) (Fault, error) {
	for _, one := range faults {
		if one.When != when {
			continue
		}
		if err := f.strike(one); err != nil {
			return one, err
		}
	}
	return Fault{}, nil
}

func (f Folder) begin(lease Lease) error {
	err := appendLine(f.join("operations.log"), entry{time.Now().UnixNano(), "start", lease, cwd, ""})
	if err != nil || lease.Kind == Read {
		return err
	}
	return f.take(lease)
}

func (f Folder) end(lease Lease, failed *Failed) error {
	outcome := ""
	if failed != nil {
		outcome = failed.Error()
	}
	var err error
	if lease.Kind != Read {
		err = f.give(lease)
	}
	line := entry{time.Now().UnixNano(), "end", lease, cwd, outcome}
	return errors.Join(err, appendLine(f.join("operations.log"), line))
}
