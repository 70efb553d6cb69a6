package propertytest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An ending is how a bubble came to its end.
type ending struct {
	hung     bool // it did not, in real time
	panicked any  // what its main goroutine panicked with, or the complaint of synctest
}

// Complaints of testing/synctest, Go 1.26.
const (
	leakComplaint  = "blocked goroutines remain"
	blockComplaint = "all goroutines in bubble are blocked"
)

// leaked reports whether goroutines were left when the bubble's main goroutine returned.
func (e ending) leaked() bool {
	return e.panicked != nil && strings.Contains(fmt.Sprint(e.panicked), leakComplaint)
}

// blocked reports whether the main goroutine of the bubble waited for what could never come.
func (e ending) blocked() bool {
	return e.panicked != nil && strings.Contains(fmt.Sprint(e.panicked), blockComplaint)
}

// inBubble runs f in a synctest bubble and waits no longer than patience in real time. A bubble that
// hangs, for example because the cache waits for a mutex that it holds while it loads, is left
// behind with its goroutines: nothing can end them.
//
// f must not fail t: a failed bubble would end the test.
func inBubble(t *testing.T, patience time.Duration, f func()) ending {
	ended := make(chan any, 1)
	go func() {
		var panicked any
		defer func() {
			if complaint := recover(); complaint != nil && panicked == nil {
				panicked = complaint
			}
			ended <- panicked
		}()
		synctest.Test(t, func(*testing.T) {
			// A panic must not leave by the root of the bubble, for testing ends the process then.
			defer func() { panicked = recover() }()
			f()
		})
	}()
	return watch(ended, patience)
}

// watch waits until something ended, or for so long. It counts the time in short pieces, so that
// a process that was stopped for a while does not blame what it runs.
func watch(ended <-chan any, patience time.Duration) ending {
	const piece = 20 * time.Millisecond
	watchdog := time.NewTicker(piece)
	defer watchdog.Stop()
	for waited := time.Duration(0); waited < patience; waited += piece {
		select {
		case panicked := <-ended:
			return ending{panicked: panicked}
		case <-watchdog.C:
		}
	}
	return ending{hung: true}
}
