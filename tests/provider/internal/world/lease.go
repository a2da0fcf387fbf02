package world

import (
	"os"
	"slices"
	"time"
)

// Lease is held by one write, for as long as it lasts.
type Lease struct {
	Call
	Operation string  `json:"operation"`
	Provider  Process `json:"provider"`
	Terraform Process `json:"terraform"`
}

// Overlap says that one terraform wrote to a component while a write of another's was under way.
type Overlap struct {
	At    int64 `json:"at"`
	Ours  Lease `json:"ours"`
	Other Lease `json:"other"`
	// OtherOrphaned: the other's terraform is dead, and only its provider still wrote.
	OtherOrphaned bool `json:"other_orphaned"`
}

func (l Lease) collides(other Lease) bool {
	return l.Component == other.Component && l.Terraform != other.Terraform && other.Provider.alive()
}

// take notes a write and records every write of another terraform that it meets. It refuses nothing.
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
	// A world that was taken away in the meantime is not made again.
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
