package main

import (
	"regexp"
	"testing"
)

var fourTests = []passedTest{{"TestSlow", 5}, {"TestQuick", 0.01}, {"TestMiddling", 1}, {"TestOther", 0}}

// in returns the numbers of the stages that a test is in.
func in(stages []stage, test string) (all []int) {
	for i, s := range stages {
		if regexp.MustCompile(s.tests).MatchString(test) {
			all = append(all, i)
		}
	}
	return all
}

// TestStagesHoldEveryTestOnce checks the order as tests kill, one after the other.
func TestStagesHoldEveryTestOnce(t *testing.T) {
	o := newOrder(fourTests)
	for _, killer := range []string{"", "TestSlow", "TestQuick", "TestQuick", "TestMiddling", "TestOther", "TestUnknown"} {
		o.note([]byte("=== RUN\n--- FAIL: " + killer + " (0.1s)\n    --- FAIL: TestUnknown/x\n"))
		stages := o.stages()
		for _, test := range fourTests {
			if found := in(stages, test.name); len(found) != 1 {
				t.Errorf("%s is in the stages %v of %v", test.name, found, stages)
			}
		}
		if killer != "" && killer != "TestUnknown" && in(stages, killer)[0] != 0 {
			t.Errorf("%s killed, and is not in the first stage of %v", killer, stages)
		}
	}
	if o.kills["TestQuick"] != 2 || len(o.kills) != len(fourTests) {
		t.Errorf("kills %v", o.kills)
	}
}

func TestQuickTestsComeFirst(t *testing.T) {
	stages := newOrder(fourTests).stages()
	if len(stages) != 2 || stages[0].seconds != 0.01 || stages[1].seconds != 6 || in(stages, "TestQuick")[0] != 0 || in(stages, "TestSlow")[0] != 1 {
		t.Errorf("stages %v", stages)
	}
}

func TestFewAreFavourites(t *testing.T) {
	var tests []passedTest
	for c := 'a'; c <= 'z'; c++ {
		tests = append(tests, passedTest{"Test" + string(c), 1})
	}
	o := newOrder(tests)
	for i, test := range tests {
		for range i {
			o.note([]byte("--- FAIL: " + test.name))
		}
	}
	stages := o.stages()
	for i, test := range tests {
		if first := in(stages, test.name)[0] == 0; first != (i >= len(tests)-favourites) {
			t.Errorf("%s killed %d times; is it in the first stage: %v", test.name, i, first)
		}
	}
}
