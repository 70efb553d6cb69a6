package rt_test

import (
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/rt"
)

// TestOtherText: pieces of one text and copies of them are told apart as != does.
func TestOtherText(t *testing.T) {
	properties := gopter.NewProperties(gopter.DefaultTestParameters())
	properties.Property("it is !=", prop.ForAll(func(text string, from, to, more int, apart bool) bool {
		from, to = min(from, len(text)), min(to, len(text))
		a := text[min(from, to):max(from, to)]
		b := text[min(from, to):min(len(text), max(from, to)+more)]
		if apart {
			b = strings.Clone(b)
		}
		return rt.OtherText(a, b) == (a != b) && rt.OtherText(b, a) == (a != b) && !rt.OtherText(a, a)
	}, gen.AnyString(), gen.IntRange(0, 20), gen.IntRange(0, 20), gen.IntRange(0, 1), gen.Bool()))
	properties.TestingRun(t)
}
