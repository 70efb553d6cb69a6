package linear

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	versions = 2
	keys     = versions * keysOf
	threads  = 3
	calls    = 12 // of each thread
)

// A subject is a cache under test, of keys from 0 to keys-1. Values are numbers above 0.
type subject interface {
	// get has the cache load with this function, if it loads for this caller.
	get(ctx context.Context, key int, load func(context.Context) (int, error)) (int, error)
	look(key int) (int, bool)
	set(key, value int) (held, known bool)
	remove(key int) (was, known bool)
	clear()
	retire(version int)
}

// A storm is a cache under calls from several threads, and the history of these.
type storm struct {
	subject
	clock  atomic.Int64
	ids    atomic.Int64 // of values
	clears atomic.Int64 // at most 36, as many as there are calls

	mu      sync.Mutex
	history []porcupine.Operation // guarded by mu
	over    bool                  // whatever a load that nobody waits for still does is not told; guarded by mu
	fault   string                // that is seen without a model; guarded by mu
}

// now is an instant that is later than all before it, on whatever thread.
func (s *storm) now() int64 { return s.clock.Add(1) }

func (s *storm) note(thread int, began int64, a action, o outcome) {
	s.noteUntil(thread, began, s.now(), a, o)
}

func (s *storm) noteUntil(thread int, began, ended int64, a action, o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.history = append(s.history, porcupine.Operation{ClientId: thread, Input: a, Call: began, Output: o, Return: ended})
}

// blow lets all threads loose on a cache, and returns when all is over.
func blow(on subject, seed, round uint64) *storm {
	s := &storm{subject: on}
	var running sync.WaitGroup
	start := make(chan struct{})
	for thread := range threads {
		running.Go(func() {
			rng := rand.New(rand.NewPCG(seed, round*threads+uint64(thread)))
			// Few keys a round, so that the threads meet.
			from, span := int(round)%keys, 1+int(round/keys)%keys
			<-start
			for range calls {
				s.act(thread, (from+rng.IntN(span))%keys, rng)
			}
		})
	}
	close(start)
	running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	end := s.now()
	for i := range s.history {
		if s.history[i].Return == never {
			s.history[i].Return = end
		}
	}
	return s
}

// never is when an operation returns that nobody sees return.
const never = -1

// act makes one call.
func (s *storm) act(thread, key int, rng *rand.Rand) {
	began := s.now()
	switch n := rng.IntN(20); {
	case n < 4:
		id, ok := s.look(key)
		if !ok {
			id = 0
		}
		s.note(thread, began, action{kind: look, key: key}, outcome{id: id})
	case n == 4:
		id := int(s.ids.Add(1))
		held, known := s.set(key, id)
		s.note(thread, began, action{kind: set, key: key, id: id, unknown: !known}, outcome{ok: held})
	case n < 8:
		was, known := s.remove(key)
		s.note(thread, began, action{kind: remove, key: key, unknown: !known}, outcome{ok: was})
	case n == 8:
		s.clear()
		ended := s.now()
		number := int(s.clears.Add(1))
		for k := range keys {
			s.noteUntil(thread, began, ended, action{kind: ground, key: k, id: number}, outcome{})
			s.noteUntil(thread, began, ended, action{kind: drop, key: k, id: number}, outcome{})
		}
	case n == 9:
		s.retire(version(key))
		s.note(thread, began, action{kind: retire, key: key}, outcome{})
	default:
		s.load(thread, key, began, n == 10, rng)
	}
}

// A failure is the error of a load.
type failure struct {
	id        int
	cancelled bool // because its context was done
}

func (f *failure) Error() string { return fmt.Sprintf("load %d fails, as it was told to", f.id) }

// load makes one call that may load, and that leaves early if it is told to.
func (s *storm) load(thread, key int, began int64, leaves bool, rng *rand.Rand) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if leaves {
		soon := rng.IntN(pauses)
		go func() {
			pause(soon)
			cancel()
		}()
	}
	took, fails := rng.IntN(pauses), rng.IntN(8) == 0
	var mine atomic.Int64 // id of the load that the cache made for this call
	value, err := s.get(ctx, key, func(ctx context.Context) (int, error) {
		id := int(s.ids.Add(1))
		mine.Store(int64(id))
		s.note(thread, began, action{kind: register, key: key, id: id}, outcome{})
		pause(took)
		err := &failure{id, !fails && ctx.Err() != nil}
		failed := fails || err.cancelled
		s.noteUntil(thread, s.now(), never, action{kind: land, key: key, id: id, fails: failed}, outcome{})
		if failed {
			return 0, err
		}
		return id, nil
	})
	var failed *failure
	switch {
	case errors.As(err, &failed) && failed.cancelled && !leaves:
		s.fail("the context of load %d was done while a caller waited for it", failed.id)
	case errors.As(err, &failed):
		value = failed.id
	case err != nil && leaves && errors.Is(err, context.Canceled):
		s.note(thread, began, action{kind: leave, key: key}, outcome{})
		return
	case err != nil:
		s.fail("a get of key %d: %v", key, err)
		return
	}
	own := value != 0 && int(mine.Load()) == value
	if own {
		s.landed(value)
	}
	s.note(thread, began, action{kind: get, key: key, own: own}, outcome{id: value})
}

// landed notes that a load has landed, as its own caller has its value.
func (s *storm) landed(id int) {
	ended := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.history {
		if a := s.history[i].Input.(action); a.kind == land && a.id == id {
			s.history[i].Return = ended
		}
	}
}

// pauses is how long a load may take, and a caller's patience.
const pauses = 8

func pause(times int) {
	for range times {
		runtime.Gosched()
	}
}

// fail keeps the first fault that needs no model to be told.
func (s *storm) fail(what string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == "" {
		s.fault = fmt.Sprintf(what, args...)
	}
}

// judge says what is wrong with the history; "" if it can be put into one order.
func (s *storm) judge(bounded bool) string {
	if s.fault != "" {
		return s.fault
	}
	m := model(bounded)
	for _, part := range byVersion(s.history) {
		switch porcupine.CheckOperationsTimeout(m, part, patience) {
		case porcupine.Illegal:
			return "no order of these explains what each returned:\n" + tell(part)
		case porcupine.Unknown:
			return fmt.Sprintf("no order was found in %s, nor that there is none:\n%s", patience, tell(part))
		}
	}
	return ""
}

// patience is how long the search for an order may take, which takes a millisecond most times.
const patience = 30 * time.Second

// tell lists operations in the order in which they began.
func tell(history []porcupine.Operation) string {
	history = slices.Clone(history)
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var b strings.Builder
	for _, op := range history {
		fmt.Fprintf(&b, "%6d to %6d  thread %d  %s\n", op.Call, op.Return, op.ClientId, describe(op.Input.(action), op.Output.(outcome)))
	}
	return b.String()
}

// describe writes an operation in a few words.
func describe(a action, o outcome) string {
	text := fmt.Sprintf("%s key %d", kindNames[a.kind], a.key)
	switch a.kind {
	case register, set:
		text += fmt.Sprintf(", value %d", a.id)
	case land:
		if text += fmt.Sprintf(", value %d", a.id); a.fails {
			text += " fails"
		}
	case get, look:
		text += fmt.Sprintf(" -> %d", o.id)
		if o.id == 0 {
			text = fmt.Sprintf("%s key %d -> nothing", kindNames[a.kind], a.key)
		}
		if a.own {
			text += ", its own load"
		}
	case retire:
		text = fmt.Sprintf("retire version %d", version(a.key))
	}
	if (a.kind == set || a.kind == remove) && !a.unknown {
		text += fmt.Sprintf(" -> %t", o.ok)
	}
	return text
}
