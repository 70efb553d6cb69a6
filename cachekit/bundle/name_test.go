package bundle

import (
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/market"
)

func TestRefusedNames(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", ".a", "a/b", "../a", "/a", `a\b`, "a..b", "a\nb", "a\x00b", "a\x7f", "a\xff", " a", "a ", "a.", "c:", "a*", "a\u200e",
		strings.Repeat("a", 101),
	} {
		s := emptyStore(t)
		_, err := s.Write(t.Context(), name, market.Daily, walk(1, 1))
		refused(t, name, s, err, "the name of the bundle")
		_, err = s.Current(name)
		refused(t, name, s, err, "the name of the bundle")
		_, err = s.Open(name, Version{})
		refused(t, name, s, err, "the name of the bundle")
		refused(t, name, s, s.Verify(t.Context(), name, Version{}), "the name of the bundle")
		_, err = s.Remove(t.Context(), name)
		refused(t, name, s, err, "the name of the bundle")
		if name != "" {
			_, err = s.GC(t.Context(), name, 0)
			refused(t, name, s, err, "the name of the bundle")
		}
	}
	for _, name := range []string{"a", "us-equities", "2012", "Ünicode 株", "a.b", strings.Repeat("a", 100)} {
		if _, err := emptyStore(t).Write(t.Context(), name, market.Daily, walk(1, 1)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
