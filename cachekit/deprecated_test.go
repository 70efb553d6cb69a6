package cachekit

import (
	"strings"
	"testing"
)

// Options under their deprecated names do what they did, and are refused beside the present ones.
func TestDeprecatedNames(t *testing.T) {
	var told []Cause
	c, err := New(Options[int, int]{MaxEntries: 1, Seed: 1, Departures: 4, OnEvict: func(_, _ int, d Departure) { told = append(told, d.Cause) }})
	if err != nil {
		t.Fatal(err)
	}
	c.Set(1, 1)
	c.Delete(1)
	if d, ok := c.LastRemoval(1); !ok || d.Cause != CauseDeleted || len(told) != 1 || told[0] != CauseDeleted {
		t.Errorf("%v, %v; told %v", d, ok, told)
	}
	if CauseRoom.String() != "capacity" {
		t.Error(CauseRoom)
	}
	for _, o := range []Options[int, int]{
		{Departures: 1, RemovalHistory: 1},
		{OnEvict: func(int, int, Departure) {}, OnRemoval: func(int, int, Removal) {}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "leave out OnEvict and Departures") {
			t.Errorf("both names: %v", err)
		}
	}
}
