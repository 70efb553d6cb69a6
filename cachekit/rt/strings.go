package rt

import (
	"strings"

	"github.com/bmadventure/optcache/sizing"
)

// Strings keeps many strings in one piece of memory, each once: first [Strings.Add]
// all of them, then [Strings.Join], then ask for each with [Strings.Of]. The zero value
// is ready. It may not be used concurrently.
type Strings struct {
	starts map[string]int
	all    strings.Builder
	memory string
}

// Add adds a string.
func (s *Strings) Add(text string) {
	if text == "" {
		return
	}
	if s.starts == nil {
		s.starts = make(map[string]int)
	}
	if _, ok := s.starts[text]; !ok {
		s.starts[text] = s.all.Len()
		s.all.WriteString(text)
	}
}

// Join brings what was added together and returns the heap that it takes, in bytes.
func (s *Strings) Join() int64 {
	s.memory = strings.Clone(s.all.String()) // without room to spare
	s.all.Reset()
	return sizing.String(s.memory)
}

// Of returns the copy of a text that was added.
func (s *Strings) Of(text string) string {
	if text == "" {
		return ""
	}
	start := s.starts[text]
	return s.memory[start : start+len(text)]
}

// CloneSlice returns a copy of s with no room to spare. Nil stays nil, and an empty
// slice does not keep the array of s alive.
func CloneSlice[S ~[]E, E any](s S) S {
	if s == nil {
		return nil
	}
	c := make(S, len(s))
	copy(c, s)
	return c
}
