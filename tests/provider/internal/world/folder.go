// Package world keeps things as JSON files in a folder, where a test can see and change them.
//
// The folder has `things/<id>.json` and `accounts/<name>.json`. It also has the provider's input, `faults.json`, its output, `operations.log` and
// `overlaps.log`, and its own files, `counts.json`, `leases.json` and `.lock`.
package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Folder is the path of a world that exists.
type Folder struct{ path string }

// Open refuses a path that is not a folder, because a misspelt world would look like an empty one.
func Open(path string) (Folder, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Folder{}, fmt.Errorf("the world %s cannot be opened: %w", path, err)
	}
	if !info.IsDir() {
		return Folder{}, fmt.Errorf("the world %s is not a folder", path)
	}
	return Folder{path}, nil
}

func (f Folder) join(names ...string) string {
	return filepath.Join(append([]string{f.path}, names...)...)
}

// locked runs `work` under this world's lock, which only one process can hold.
func (f Folder) locked(work func() error) error {
	lock, err := os.OpenFile(f.join(".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // closing frees the lock
	for {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return err
	}
	return work()
}

// readJSON leaves `into` unchanged if the file does not exist.
func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s is not the JSON it should be: %w", path, err)
	}
	return nil
}

// writeJSON replaces the whole file: after a crash, the file is the old one or the new one.
func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = fresh.Write(append(text, '\n'))
	err = errors.Join(err, fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh.Name()))
	}
	return nil
}

// appendLine adds one JSON line. O_APPEND keeps the lines of several processes separate.
func appendLine(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = log.Write(append(text, '\n'))
	return errors.Join(err, log.Close())
}
