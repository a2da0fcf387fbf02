package world

import (
	"os"
	"slices"
	"time"
)

// Lease is held by one write as long as the write lasts.
type Lease struct {
	Call
	Operation string  `json:"operation"`
	Provider  Process `json:"provider"`
	Terraform Process `json:"terraform"`
}

// Overlap says that one terraform wrote to a component during a write of another terraform.
type Overlap struct {
	At    int64 `json:"at"`
	Ours  Lease `json:"ours"`
	Other Lease `json:"other"`
	// OtherOrphaned is true if the other terraform is dead, and only its provider was still writing.
	OtherOrphaned bool `json:"other_orphaned"`
}

func (l Lease) collides(other Lease) bool {
	return l.Component == other.Component && l.Terraform != other.Terraform && other.Provider.alive()
}

// take records a write, and every overlap with a write of another terraform. It refuses nothing.
func (f Folder) take(ours Lease) error {
	return f.leases(func(held []Lease) ([]Lease, error) {
		for _, other := range held {
			if !ours.collides(other) {
				continue
			}
			overlap := Overlap{time.Now().UnixNano(), ours, other, !other.Terraform.alive()}
			if err := appendLine(f.join("overlaps.log"), overlap); err != nil {
				return nil, err
			}
		}
		held = slices.DeleteFunc(held, func(one Lease) bool { return !one.Provider.alive() })
		return append(held, ours), nil
	})
}

func (f Folder) give(ours Lease) error {
	return f.leases(func(held []Lease) ([]Lease, error) {
		return slices.DeleteFunc(held, func(one Lease) bool { return one.Operation == ours.Operation }), nil
	})
}

func (f Folder) leases(change func([]Lease) ([]Lease, error)) error {
	// A world that was removed in the meantime is not made again.
	if _, err := os.Stat(f.path); err != nil {
		return err
	}
	return f.locked(func() error {
		var held []Lease
		path := f.join("leases.json")
		if err := readJSON(path, &held); err != nil {
			return err
		}
		held, err := change(held)
		if err != nil {
			return err
		}
		return writeJSON(path, held)
	})
}
