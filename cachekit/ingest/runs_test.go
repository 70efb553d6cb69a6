package ingest

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRunsAreTheNumbers holds runs against a plain list.
func TestRunsAreTheNumbers(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		list, all := []int32(nil), runs{step: r.Int32N(2)}
		check := func(what string) {
			t.Helper()
			for i, want := range list {
				if got := all.of(i); got != want {
					t.Fatalf("seed %d, %s: number %d is %d, want %d", seed, what, i, got, want)
				}
			}
		}
		for i := range 200 {
			v := r.Int32N(50)
			if i > 0 && r.IntN(10) > 0 {
				v = list[i-1] + all.step
			}
			list = append(list, v)
			all.append(v)
		}
		check("appended")
		order := r.Perm(len(list))
		old := slices.Clone(list)
		for i, from := range order {
			list[i] = old[from]
		}
		all = all.permuted(order)
		check("in another order")
		order = order[:r.IntN(len(list))]
		old = slices.Clone(list)
		list = list[:len(order)]
		for i, from := range order {
			list[i] = old[from]
		}
		all = all.permuted(order)
		check("some of them")
		list = append(list, 7)
		all.append(7)
		check("gone on")
	}
}
