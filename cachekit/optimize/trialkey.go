package optimize

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A trialKey names the result of a trial by all that it follows from: SHA-256 of the
// rules of the account, the key of the bars, and the strategy.
type trialKey [sha256.Size]byte

// rules names the conventions of package backtest. It grows whenever the same trial
// begins to have another result.
const rules = "optcache backtest 1"

// keyOf returns the key of the trial of a strategy on certain bars. It fails for a
// strategy that holds something whose value cannot be told, such as a function.
func keyOf(bars bundle.BarsKey, s backtest.Strategy) (k trialKey, err error) {
	var room [256]byte
	b := appendText(room[:0], rules)
	b = append(b, bars.Digest[:]...)
	b = appendText(b, s.Name())
	t := reflect.TypeOf(s)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	b = appendText(appendText(b, t.PkgPath()), t.String())
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.Cost()))
	if b, err = appendValue(b, reflect.ValueOf(s)); err != nil {
		return k, fmt.Errorf("strategy %T: %w, so its results cannot be kept: keep parameters alone in it", s, err)
	}
	return sha256.Sum256(b), nil
}

// appendText appends s behind its length.
func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

// appendValue appends what a value is made of, so that different values of one type are
// different bytes.
func appendValue(b []byte, v reflect.Value) (_ []byte, err error) {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1), nil
		}
		return append(b, 0), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.LittleEndian.AppendUint64(b, uint64(v.Int())), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return binary.LittleEndian.AppendUint64(b, v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float())), nil
	case reflect.String:
		return appendText(b, v.String()), nil
	case reflect.Struct:
		for i := range v.NumField() {
			if b, err = appendValue(b, v.Field(i)); err != nil {
				return nil, fmt.Errorf("field %s: %w", v.Type().Field(i).Name, err)
			}
		}
		return b, nil
	case reflect.Slice, reflect.Array:
		b = binary.LittleEndian.AppendUint64(b, uint64(v.Len()))
		for i := range v.Len() {
			if b, err = appendValue(b, v.Index(i)); err != nil {
				return nil, fmt.Errorf("element %d: %w", i, err)
			}
		}
		return b, nil
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 0), nil
		}
		return appendValue(append(b, 1), v.Elem())
	}
	return nil, fmt.Errorf("the value of a %s cannot be told", v.Type())
}
