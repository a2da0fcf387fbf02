package main

import (
	"os"
	"time"

	"eos.test/provider/internal/world"
)

// Long enough that a test of who ends orphaned providers still meets one.
const alone = time.Minute

// leave ends a provider whose terraform was killed a while ago and that has nothing left to do:
// no other provider does so, but a soak test would fill the machine with them.
func leave() {
	parent, lost := os.Getppid(), time.Time{}
	for {
		time.Sleep(time.Second)
		if os.Getppid() == parent || world.UnderWay() > 0 {
			lost = time.Time{}
			continue
		}
		if lost.IsZero() {
			lost = time.Now()
		}
		if time.Since(lost) > alone {
			os.Exit(0)
		}
	}
}
