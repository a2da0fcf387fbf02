package world

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Thing is one file of the world. Revision counts the provider's writes, from 1.
type Thing struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Body      string  `json:"body"`
	ReplaceOn *string `json:"replace_on"`
	Secret    *string `json:"secret"`
	Unique    bool    `json:"unique"`
	Revision  int64   `json:"revision"`
}

// ErrGone says that a thing's file no longer exists.
var ErrGone = errors.New("it is gone from the world")

var (
	name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)
	id   = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_.-]{0,99})-[0-9a-f]{8}$`)
)

// NewID makes an id from the name and a random part, because a world may have a name twice, like a cloud.
func NewID(of string) (string, error) {
	if !name.MatchString(of) {
		return "", fmt.Errorf("%q is no name for a thing: letters, digits, '_', '.' and '-', at most 100", of)
	}
	random := make([]byte, 4)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	return of + "-" + hex.EncodeToString(random), nil
}

// NameOf is the name in an id. It refuses a text that is not an id, because ids become paths.
func NameOf(of string) (string, error) {
	parts := id.FindStringSubmatch(of)
	if parts == nil {
		return "", fmt.Errorf("%q is no id of a thing, which is its name, '-' and eight hexadecimal digits", of)
	}
	return parts[1], nil
}

// Digest is the computed attribute of a thing, made from its body.
func (t Thing) Digest() string {
	sum := sha256.Sum256([]byte(t.Body))
	return hex.EncodeToString(sum[:])
}

func (f Folder) thing(id string) string { return f.join("things", id+".json") }

// Get reads a thing. It returns ErrGone if the thing has no file.
func (f Folder) Get(id string) (Thing, error) {
	text, err := os.ReadFile(f.thing(id))
	if errors.Is(err, fs.ErrNotExist) {
		return Thing{}, ErrGone
	}
	if err != nil {
		return Thing{}, err
	}
	var thing Thing
	if err := json.Unmarshal(text, &thing); err != nil {
		return Thing{}, fmt.Errorf("%s is not a thing: %w", f.thing(id), err)
	}
	return thing, nil
}

// Add writes a new thing. A unique thing is written only if no other thing has its name.
func (f Folder) Add(thing Thing) error {
	return f.locked(func() error {
		if err := os.MkdirAll(f.join("things"), 0o700); err != nil {
			return err
		}
		if thing.Unique {
			if err := f.free(thing.Name); err != nil {
				return err
			}
		}
		return writeJSON(f.thing(thing.ID), thing)
	})
}

func (f Folder) free(name string) error {
	paths, err := filepath.Glob(f.thing("*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		var other Thing
		if err := readJSON(path, &other); err != nil {
			return err
		}
		if other.Name == name {
			return fmt.Errorf("a thing called %q already exists, with the id %s", name, other.ID)
		}
	}
	return nil
}

// Put overwrites a thing that exists.
func (f Folder) Put(thing Thing) error {
	return f.locked(func() error {
		if _, err := f.Get(thing.ID); err != nil {
			return err
		}
		return writeJSON(f.thing(thing.ID), thing)
	})
}

// Remove deletes a thing. A thing that is already gone is not an error.
func (f Folder) Remove(id string) error {
	err := os.Remove(f.thing(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
