package proof

import (
	"errors"
	"testing"

	"github.com/bmadventure/optcache/property_test"
)

func suite(build func(int, propertytest.Loader[string, []int]) propertytest.Cache[string, []int]) propertytest.Suite[string, []int] {
	return propertytest.Suite[string, []int]{
		New:  build,
		Keys: []string{"", "a", "b", "ab", "ba", "A"},
		Value: func(key string, version int) []int {
			v := []int{version}
			for _, b := range []byte(key) {
				v = append(v, int(b))
			}
			return v
		},
	}
}

// run runs the suite, and sees that what it skips would indeed fail.
func run(t *testing.T, s propertytest.Suite[string, []int]) {
	propertytest.Run(t, s)
	for property := range s.Skip {
		all := s
		all.Skip = nil
		var f *propertytest.Failure
		if err := propertytest.Check(t, all, property); !errors.As(err, &f) {
			t.Errorf("%s is skipped, but it holds: %v", property, err)
			continue
		}
		t.Log(f)
	}
}

// TestGolangLRU: a cache without loads, and what whoever loads beside it does not get.
func TestGolangLRU(t *testing.T) {
	s := suite(newGolangLRU)
	s.LRU = true
	const beside = "golang-lru knows no loads: they go on beside it"
	s.Skip = map[string]string{"races": beside, "once": beside, "waiters": beside}
	run(t, s)
}

func TestOtter(t *testing.T) {
	s := suite(newOtter)
	s.Skip = map[string]string{"waiters": "a load ends with the one caller who began it, and the others load again"}
	run(t, s)
}
