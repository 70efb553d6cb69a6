package propertytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A Cache is what the suite tests. Get returns the value of key, from the cache or
// from the loader that the cache was made with; an error of the loader comes back so
// that errors.Is finds it.
//
// Whatever else the cache can do is found by its methods; a property that needs one
// that is not there is skipped, and says so. A method of one of these
// names with another signature is an error.
//
//	Set(key K, value V)              the value of key is now this one
//	Invalidate(key K)                forget the value of key: the next Get loads
//	Clear()                          forget all
//	Peek(key K) (V, bool)            what is held of key, without a load or a trace of use
//	GetMany(ctx, keys []K) ([]V, error)   the values in the order of keys, or an error of
//	                                 those that the loader gave
//	Len() int                        entries held, at most the capacity
//	Bytes() int64                    bytes held; Size and Overhead of the suite say what they should be
//	Limit() int64                    what Bytes never exceeds
//	Resize(capacity int)             another capacity, which holds when it returns
//	Retire(version [32]byte)         forget all whose key is of this version: see Suite.Version
//	Pin(key K) (release func(), ok bool)  keep key until released; not ok if it is not held
//	Counts() Counts                  statistics
//	Mutated() []K                    keys of values found changed by their readers since the last call
//	Close() error                    end all goroutines
//
// All methods may be called concurrently, but Mutated and Close.
type Cache[K comparable, V any] interface {
	Get(ctx context.Context, key K) (V, error)
}

// A Loader is the slow way to a value, which the cache is in front of. The cache must
// hand it a context that is done only when nobody waits for the value any more.
type Loader[K comparable, V any] func(ctx context.Context, key K) (V, error)

// Counts are the statistics of a cache since it was made. A number below 0 is one that the
// cache does not keep.
type Counts struct {
	Hits, Misses int64 // a Get is one of them; one that waits for another's load is a miss
	Loads        int64 // that ended, well or not
	LoadErrors   int64 // that ended in an error or a panic
	Evictions    int64 // entries that left to make room for others
}

// A Suite says how to make the cache and what to keep in it. New, Keys and Value are
// required. Its functions may be called concurrently.
type Suite[K comparable, V any] struct {
	// New returns an empty cache over the loader with room for that many entries, or
	// in bytes for that many of the largest values that Value returns. It is called
	// once for each trace, in the bubble in which the trace runs, and may panic if it fails. A
	// cache without a bound ignores the capacity.
	New func(capacity int, load Loader[K, V]) Cache[K, V]

	// Keys are 4 to 8 keys, no two equal. Choose them so that a mistake would mix
	// them up: alike but for one field, "a"+"bc" and "ab"+"c", equal hashes.
	Keys []K

	// Value returns the value of a key at a version, 0, 1, 2 and so on: a new one each time, always
	// the same, and different for each key and version. It is called with other keys
	// than Keys too: those that differ from one of them in a single field.
	Value func(key K, version int) V

	// Size returns the bytes that the cache should count for key and value. Overhead is
	// how many bytes more than the sum of these Bytes may report, for whatever else it
	// counts. With Size, the cache's Bytes and Peek are held against it.
	Size     func(key K, value V) int64
	Overhead int64

	// Big returns a value that a cache of this capacity cannot hold, as different
	// from others as those of Value.
	Big func(capacity int, key K, version int) V

	// Mutate changes a value in place, as a careless reader would. Either the next
	// reader gets it whole, or the cache's Mutated names the key.
	Mutate func(value V)

	// Version returns the version of the data that key belongs to, which the
	// cache's Retire takes.
	Version func(key K) [32]byte

	// ExpireAfterWrite is how long the cache serves a value after it came, and
	// ExpireAfterAccess how long after it was last asked for, to within a fiftieth. 0 means
	// for ever. What is not 0 must be a second at least.
	ExpireAfterWrite, ExpireAfterAccess time.Duration

	// LRU says that the entry that was got, loaded or set least recently is the first to be evicted.
	LRU bool

	// Cmp are the options by which go-cmp compares values. Nil compares all fields,
	// floating-point numbers bit by bit.
	Cmp []cmp.Option

	// Skip names the properties that the cache does not promise, each with the reason.
	Skip map[string]string

	// Traces are run before the random ones, each by the property that it names: the
	// line that a report gave when a trace failed, kept so that it never fails again. One with a
	// step that this cache cannot do is passed over.
	Traces []string

	// Cases is how many random traces each property runs, unless the environment says
	// otherwise. 0 means 1,000, and 100 with -short.
	Cases int
}

// Run tests the cache that s.New makes, each property in a subtest of its name. It needs a
// constructor, four keys or more, and a value for each key and version, so a test is
//
//	func TestCache(t *testing.T) {
//		propertytest.Run(t, propertytest.Suite[string, string]{
//			New: func(capacity int, load propertytest.Loader[string, string]) propertytest.Cache[string, string] {
//				c, _ := lru.New[string, string](capacity)
//				return adapter{c, load}
//			},
//			Keys:  []string{"", "a", "b", "ab"},
//			Value: func(key string, version int) string { return fmt.Sprint(key, "/", version) },
//		})
//	}
//
// The adapter is for a cache of another library; one of your own that has a method Get(ctx, key) and
// takes its loader from New needs none. What a cache can do besides Get is found by its methods, such as Invalidate:
// the list is at [Cache]. A property for which one is missing is skipped, and says so.
//
//	type adapter struct {
//		cache *lru.Cache[string, string]
//		load  propertytest.Loader[string, string]
//	}
//
//	func (a adapter) Get(ctx context.Context, key string) (string, error) {
//		if v, ok := a.cache.Get(key); ok {
//			return v, nil
//		}
//		v, err := a.load(ctx, key)
//		if err == nil {
//			a.cache.Add(key, v)
//		}
//		return v, err
//	}
//
//	func (a adapter) Invalidate(key string) { a.cache.Remove(key) }
//
// The suite owns the loader, and so the truth: it changes the value of a key behind the cache, tells the
// cache by Invalidate, and knows what Get may answer. Of this cache sequential and keeps hold, and races
// fails, as it should, at
//
//	1 get 0 load 1    its load takes 1 ms, and reads the old value
//	2 update 0        the value changes, and the cache is told to forget
//	3 get 0 at 1      begins at 1 ms                        -> the old value
//
// for the load that began before the update stores its value after it. The report ends with a line that plays this
// again; put its trace into Traces to keep it. A cache that promises nothing of the kind lists
// the property in Skip, with the reason; all properties are listed in the comment of the package.
//
// A cache that holds a lock while it loads stands still in the first property that asks for two keys at a
// time; those that would only say the same after it are skipped.
func Run[K comparable, V any](t *testing.T, s Suite[K, V]) {
	t.Helper()
	p, err := prepare(t, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, prop := range properties {
		t.Run(prop.name, func(t *testing.T) {
			t.Helper()
			if why := p.lacks(prop); why != "" {
				t.Skip(why)
			}
			if f := p.check(t, prop); f != nil {
				t.Error(f)
			}
		})
	}
}

// Check is Run for those who want to look at the failures: it tests the named
// properties, or all, and returns a [*Failure] for each that does not hold, joined. A property that
// is named and cannot be asked of the cache gives a [*Skipped]. t is neither failed nor written to.
// An error that is neither means that the suite itself is not sound: a name that is none, or values
// that cannot be told apart.
func Check[K comparable, V any](t *testing.T, s Suite[K, V], names ...string) error {
	p, err := prepare(t, s)
	if err != nil {
		return err
	}
	chosen, err := named(names)
	if err != nil {
		return err
	}
	var failures []error
	for _, prop := range chosen {
		why := p.lacks(prop)
		if why != "" && len(names) > 0 && !p.playsOther(prop) {
			failures = append(failures, &Skipped{prop.name, why})
		}
		if why != "" {
			continue
		}
		if f := p.check(t, prop); f != nil {
			failures = append(failures, f)
		}
	}
	return errors.Join(failures...)
}

// A Skipped is a property that was not asked, because the cache lacks a method for it or the suite
// says so: no failure, but no proof either.
type Skipped struct {
	Property string
	Reason   string // what is lacking
}

func (s *Skipped) Error() string { return s.Property + " cannot be asked: " + s.Reason }
