package world

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// Fault is one entry of the list in `faults.json`, which is read again at each call.
type Fault struct {
	// ID distinguishes the rule from others. Calls are counted by it, over all processes.
	ID string `json:"id"`
	// On is create, read, update or delete.
	On Kind `json:"on"`
	// Name and Component restrict the rule; empty matches any.
	Name      string `json:"name"`
	Component string `json:"component"`
	// Nth is the number of the matching call, from 1; 0 is every call.
	Nth int `json:"nth"`
	// When is "before" or "after" the effect of the call.
	When string `json:"when"`
	// Do is fail, delay, hang (until the rule is taken out of the file) or crash.
	Do string `json:"do"`
	// MS is the length of a delay in milliseconds.
	MS int `json:"ms"`
	// Unsaved makes the call fail after its effect, without reporting the effect to Terraform.
	Unsaved bool `json:"unsaved"`
	// Message is the message of a failure.
	Message string `json:"message"`
}

const (
	before = "before"
	after  = "after"
)

func (f Fault) check() error {
	switch {
	case f.ID == "":
		return errors.New("a fault needs an id")
	case !slices.Contains([]Kind{Create, Read, Update, Delete}, f.On):
		return fmt.Errorf("fault %s: on is create, read, update or delete, not %q", f.ID, f.On)
	case f.When != before && f.When != after:
		return fmt.Errorf("fault %s: when is before or after, not %q", f.ID, f.When)
	case !slices.Contains([]string{"fail", "delay", "hang", "crash"}, f.Do):
		return fmt.Errorf("fault %s: do is fail, delay, hang or crash, not %q", f.ID, f.Do)
	case (f.Do == "delay") != (f.MS > 0):
		return fmt.Errorf("fault %s: ms is for a delay, which needs it", f.ID)
	case f.Unsaved && (f.Do != "fail" || f.When != after):
		return fmt.Errorf("fault %s: unsaved is for a failure after the effect", f.ID)
	case f.Nth < 0:
		return fmt.Errorf("fault %s: nth counts from 1", f.ID)
	}
	return nil
}

func (f Fault) concerns(call Call) bool {
	return f.On == call.Kind && (f.Name == "" || f.Name == call.Name) &&
		(f.Component == "" || f.Component == call.Component)
}

// faults reads the present `faults.json`. A rule that makes no sense is an error; it is not ignored.
func (f Folder) faults() ([]Fault, error) {
	path := f.join("faults.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var all []Fault
	if err := decoder.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, one := range all {
		if err := one.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return all, nil
}

// due counts a call, and returns the faults for it.
func (f Folder) due(call Call) ([]Fault, error) {
	all, err := f.faults()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(one Fault) bool { return !one.concerns(call) })
	if len(all) == 0 {
		return nil, nil
	}
	counts := map[string]int{}
	err = f.locked(func() error {
		path := f.join("counts.json")
		if err := readJSON(path, &counts); err != nil {
			return err
		}
		for _, one := range all {
			counts[one.ID]++
		}
		return writeJSON(path, counts)
	})
	all = slices.DeleteFunc(all, func(one Fault) bool { return one.Nth != 0 && one.Nth != counts[one.ID] })
	return all, err
}

// strike executes a fault. A provider that hangs or is slow also ignores Terraform's stop.
func (f Folder) strike(fault Fault) error {
	switch fault.Do {
	case "delay":
		time.Sleep(time.Duration(fault.MS) * time.Millisecond)
	case "hang":
		for f.holds(fault.ID) {
			time.Sleep(20 * time.Millisecond)
		}
	case "crash":
		// The panic is in its own goroutine, so that no handler can recover from it.
		go panic("the fault " + fault.ID + " asked for a crash")
		select {}
	case "fail":
		if fault.Message != "" {
			return errors.New(fault.Message)
		}
		return fmt.Errorf("the fault %s made this fail", fault.ID)
	}
	return nil
}

func (f Folder) holds(id string) bool {
	all, err := f.faults()
	return err == nil && slices.ContainsFunc(all, func(one Fault) bool { return one.ID == id })
}
