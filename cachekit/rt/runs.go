package rt

import (
	"errors"
	"fmt"
	"slices"
)

// A Run is consecutive rows of one key.
type Run[K comparable] struct {
	Key   K
	Start int // number of the first row
}

// Runs returns the runs of keys.
func Runs[K comparable](keys []K) []Run[K] {
	var runs []Run[K]
	for i, key := range keys {
		if i == 0 || key != keys[i-1] {
			runs = append(runs, Run[K]{key, i})
		}
	}
	return runs
}

// JoinRuns returns the groups of n rows that came group by group: the runs of
// their parts, one after the other. Group i is the rows offsets[i] to offsets[i+1].
// It reports false if the keys do not ascend by compare, or, where compare is nil,
// if a key has more than one run.
func JoinRuns[K comparable](n int, runs [][]Run[K], compare func(a, b K) int) (keys []K, offsets []int, ok bool) {
	total := 0
	for _, part := range runs {
		total += len(part)
	}
	keys, offsets = make([]K, 0, total), make([]int, 0, total+1)
	for _, part := range runs {
		for _, r := range part {
			last := len(keys) - 1
			if last >= 0 && keys[last] == r.Key {
				continue // the run goes on over the border of two parts
			}
			if last >= 0 && compare != nil && compare(keys[last], r.Key) > 0 {
				return nil, nil, false
			}
			keys, offsets = append(keys, r.Key), append(offsets, r.Start)
		}
	}
	if compare == nil && !distinct(keys) {
		return nil, nil, false
	}
	return keys, append(offsets, n), true
}

func distinct[K comparable](keys []K) bool {
	seen := make(map[K]struct{}, len(keys))
	for _, k := range keys {
		seen[k] = struct{}{}
	}
	return len(seen) == len(keys)
}

// CheckGroups says what is wrong with groups that somebody else made: group i has
// the key keys[i] and the rows offsets[i] to offsets[i+1], at least one.
func CheckGroups[K comparable](keys []K, offsets []int, compare func(a, b K) int) error {
	if len(offsets) != len(keys)+1 || offsets[0] != 0 {
		return fmt.Errorf("%d offsets for %d keys: give one for each key, from 0, and the number of rows", len(offsets), len(keys))
	}
	for i, key := range keys {
		if offsets[i] >= offsets[i+1] {
			return fmt.Errorf("group %d (%v) has the rows %d to %d: give each group at least one", i, key, offsets[i], offsets[i+1])
		}
		if i > 0 && compare != nil && compare(keys[i-1], key) >= 0 {
			return fmt.Errorf("key %v comes after %v: sort the groups by key, each key once", key, keys[i-1])
		}
	}
	if compare == nil && !distinct(keys) {
		return errors.New("a key occurs twice: give each key one group")
	}
	return nil
}

// CheckColumn says what is wrong with a column of n rows that somebody else made.
func CheckColumn[E any](name string, column []E, n int) error {
	if column != nil && len(column) != n {
		return fmt.Errorf("column %s has %d elements for %d rows: give one for each, or leave the column nil", name, len(column), n)
	}
	return nil
}

// SortedKeys returns the numbers of keys in the order of compare; those of keys that
// it calls equal ascend.
func SortedKeys[K any](keys []K, compare func(a, b K) int) []int32 {
	order := make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return compare(keys[a], keys[b]) })
	return order
}

// CompareBool orders false before true, as [cmp.Compare] orders numbers.
func CompareBool[B ~bool](a, b B) int {
	switch {
	case a == b:
		return 0
	case bool(b):
		return -1
	}
	return 1
}
