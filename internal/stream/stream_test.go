package stream

import (
	"testing"
)

func TestStreamsAreUnalike(t *testing.T) {
	first := make(map[uint64]bool)
	for seed := range uint64(20) {
		for purpose := range uint64(20) {
			for number := range uint64(50) {
				first[New(seed, purpose, number).Uint64()] = true
			}
		}
	}
	if len(first) != 20*20*50 {
		t.Errorf("only %d of %d streams begin in their own way", len(first), 20*20*50)
	}
}
