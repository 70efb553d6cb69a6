package cachekit

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{Version: func(key int) [32]byte { return [32]byte{byte(key % 2)} }})
		for i := range 10_000 {
			c.Set(i, i)
		}
		bytes := c.Stats().Bytes
		c.Retire([32]byte{1})
		for i := range 10_000 { // at once, before any byte comes back
			if _, ok := c.Lookup(i); ok != (i%2 == 0) {
				t.Fatalf("after its version was retired, Lookup(%d) = %v", i, ok)
			}
		}
		c.Set(1, -1)
		synctest.Wait()
		if v, ok := c.Peek(1); v != -1 || !ok {
			t.Errorf("what was set after the retirement is gone: %d, %v", v, ok)
		}
		if s := c.Stats(); s.Entries != 5001 || s.Evictions.Retired != 5000 || bytes-s.Bytes < 4999*c.entryBytes {
			t.Errorf("statistics %+v, %d bytes before", s, bytes)
		}
		n := 0
		for k := range c.All() {
			if n++; k%2 == 1 && k != 1 {
				t.Errorf("All yields retired key %d", k)
			}
		}
		if n != 5001 {
			t.Errorf("All yields %d entries", n)
		}
		c.Retire([32]byte{77})
		validate(t, c)
		c.Retire([32]byte{0})
		c.Retire([32]byte{1})
		synctest.Wait()
		if s := c.Stats(); s.Bytes != 0 || s.Entries != 0 || len(c.versions) != 0 {
			t.Errorf("all versions are retired: %+v, %d versions", s, len(c.versions))
		}
	})
}

func TestExpireAfterAccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{ExpireAfterAccess: 100 * time.Second, ExpireAfterWrite: 1000 * time.Second})
		c.Set(1, 1)
		c.Set(2, 2)
		for range 11 {
			time.Sleep(90 * time.Second)
			if _, ok := c.Lookup(1); !ok {
				t.Fatal("an entry in use expired")
			}
			c.Peek(2) // no use
		}
		if _, ok := c.Lookup(2); ok {
			t.Error("an entry out of use did not expire")
		}
		time.Sleep(10 * time.Second)
		if _, ok := c.Lookup(1); ok {
			t.Error("an entry in use outlived ExpireAfterWrite")
		}
	})
}

// TestExpiredBytesComeBack: what nobody asks for again must go while other values come.
func TestExpiredBytesComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{ExpireAfterWrite: time.Second})
		for i := range 1000 {
			c.Set(i, i)
		}
		time.Sleep(time.Minute)
		for i := range 1000 {
			c.Set(-1-i, i)
		}
		if s := c.Stats(); s.Evictions.Expired != 1000 || s.Entries != 1000 {
			t.Errorf("statistics %+v", s)
		}
		validate(t, c)
	})
}

func TestMutationIsReported(t *testing.T) {
	var changed []int
	o := Options[int, []float64]{
		Name: "bars",
		Fingerprint: func(v []float64) (sum uint64) {
			for _, x := range v {
				sum = sum*31 + uint64(x)
			}
			return sum
		},
		OnMutation: func(key int) { changed = append(changed, key) },
	}
	c := mustNew(t, o)
	c.Set(1, []float64{1, 2, 3})
	c.Set(2, []float64{1, 2, 3})
	c.Lookup(1)
	v, _ := c.Lookup(2)
	v[1] = 9
	c.Lookup(1)
	c.Lookup(2)
	if len(changed) != 1 || changed[0] != 2 {
		t.Errorf("reported keys %v, the value of key 2 was changed", changed)
	}
	o.OnMutation = nil
	c = mustNew(t, o)
	c.Set(7, v)
	v[0] = -5
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "key 7") || !strings.Contains(text, `"bars"`) {
			t.Errorf("panic %q does not name cache and key", text)
		}
	}()
	c.Lookup(7)
	t.Error("no panic")
}
