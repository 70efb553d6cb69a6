package propertytest

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// An environment is how much is run, and from which seed.
type environment struct {
	seed     int64
	cases    int
	trace    string        // the only one to run, if not empty
	patience time.Duration // how long in real time a case may stand still
}

// Variables by which a run is told from outside. They are no flags, because a flag
// breaks `go test ./... -flag` in packages that do not have it.
const (
	seedVariable  = "OPTCACHE_SEED"
	casesVariable = "OPTCACHE_CASES"
	traceVariable = "OPTCACHE_TRACE"
)

// usualSeed begins the random numbers of every run that is not told otherwise, so that
// a run fails for everybody or for nobody.
const usualSeed = 7

// shrinking is how long it may take while a trace that hangs is shrunk: what it
// comes to is played once more with all patience.
const shrinking = 200 * time.Millisecond

// patience is how long a case of a few microseconds may take on a busy machine, and
// once more before it is blamed.
const patience = 4 * time.Second

func fromEnvironment(cases int) (environment, error) {
	e := environment{seed: usualSeed, cases: cases, trace: os.Getenv(traceVariable), patience: patience}
	if e.cases == 0 {
		e.cases = 1000
		if testing.Short() {
			e.cases = 100
		}
	}
	if text := os.Getenv(casesVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return e, fmt.Errorf("reading %s: %q is no whole number from 1", casesVariable, text)
		}
		e.cases = n
	}
	if e.trace != "" { // a slip in it would leave nothing to run, and all would seem well
		if _, err := parseTrace(e.trace, math.MaxInt); err != nil {
			return e, fmt.Errorf("reading %s: %w", traceVariable, err)
		}
	}
	switch text := os.Getenv(seedVariable); text {
	case "":
	case "random":
		e.seed = processSeed
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return e, fmt.Errorf("reading %s: %q is neither random nor a whole number", seedVariable, text)
		}
		e.seed = n
	}
	return e, nil
}

// processSeed is one for the process, so that its reports can all be run again by one number.
var processSeed = int64(rand.Uint32())

// seedOf gives each property random numbers of its own, so that another property, or
// its absence, changes nothing.
func (e environment) seedOf(property string) int64 {
	h := fnv.New64a()
	h.Write([]byte(property))
	return e.seed ^ int64(h.Sum64())
}
