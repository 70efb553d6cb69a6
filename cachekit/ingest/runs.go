package ingest

import "sort"

// A runs is a list of numbers that mostly go on as they did: lines of a file, each one more than the one before, or
// offsets from UTC, which change twice a year. It takes memory only where they do not.
type runs struct {
	step  int32 // by which a number is expected to differ from the one before
	count int
	begun []run
}

// A run begins where a number was not what was expected.
type run struct{ at, value int32 }

// append adds a number.
func (r *runs) append(value int32) {
	if r.count == 0 || r.of(r.count-1)+r.step != value {
		r.begun = append(r.begun, run{int32(r.count), value})
	}
	r.count++
}

// of returns number i.
func (r *runs) of(i int) int32 {
	last := len(r.begun) - 1
	if last < 0 {
		return 0
	}
	if int(r.begun[last].at) > i {
		last = sort.Search(last, func(k int) bool { return int(r.begun[k].at) > i }) - 1
	}
	return r.begun[last].value + r.step*(int32(i)-r.begun[last].at)
}

// permuted returns some of the numbers in an order.
func (r *runs) permuted(order []int) runs {
	out := runs{step: r.step}
	if r.count == 0 {
		return out
	}
	for _, i := range order {
		out.append(r.of(i))
	}
	return out
}
