package world

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Process is a pid with its start time in clock ticks since boot, because a pid alone may be used again.
type Process struct {
	PID  int    `json:"pid"`
	Born uint64 `json:"born"`
}

// These are read at the start, because a provider gets another parent when its terraform is killed.
var (
	self      = process(os.Getpid())
	terraform = process(os.Getppid())
	cwd, _    = os.Getwd()
)

func process(pid int) Process {
	born, _ := born(pid)
	return Process{pid, born}
}

func (p Process) alive() bool {
	born, err := born(p.PID)
	return err == nil && born == p.Born
}

// born is field 22 of /proc/PID/stat, see proc(5). The second field may contain spaces and parentheses.
func born(pid int) (uint64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	rest := string(text)
	fields := strings.Fields(rest[strings.LastIndexByte(rest, ')')+1:])
	if len(fields) < 20 || fields[0] == "Z" {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	return strconv.ParseUint(fields[19], 10, 64)
}
