package main

import (
	"os"
	"time"

	"eos.test/provider/internal/world"
)

// alone is long enough that a test about orphaned providers still finds one.
const alone = time.Minute

// leave ends a provider whose terraform was killed a while ago, if it has no calls in progress. No other provider does
// so, but otherwise a soak test would fill the machine with providers.
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
