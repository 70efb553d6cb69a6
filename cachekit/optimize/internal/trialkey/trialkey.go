// Package trialkey names the result of a backtest by all that it follows from.
package trialkey

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"reflect"
	"sync"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// rules names the conventions of package backtest. It grows whenever the same trial
// begins to have another result.
const rules = "optcache backtest 1"

// A Keyer makes keys of trials. All that comes before a trial's parameters is the same
// for many of them, and hashed once. The zero value is ready, and may be used concurrently.
type Keyer struct {
	mu     sync.RWMutex
	starts map[keyStart][]byte // the state of the hash behind each; guarded by mu
}

// A keyStart is what the keys of many trials begin with, beside the rules.
type keyStart struct {
	bars     [sha256.Size]byte // digest
	name     string            // of the strategy, with its version
	strategy reflect.Type
}

// Key returns the key of the trial of a strategy on the bars of a digest. It fails for a
// strategy that holds something whose value cannot be told, such as a function.
func (k *Keyer) Key(bars [sha256.Size]byte, s backtest.Strategy) (record.Key, error) {
	t := reflect.TypeOf(s)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	state, err := k.start(keyStart{bars, s.Name(), t})
	if err != nil {
		return record.Key{}, err
	}
	h := hashers.Get().(*hasher)
	defer hashers.Put(h)
	b := binary.LittleEndian.AppendUint64(h.values[:0], math.Float64bits(s.Cost()))
	if b, err = appendValue(b, reflect.ValueOf(s)); err != nil {
		return record.Key{}, fmt.Errorf("strategy %T: %w, so its results cannot be kept: keep parameters alone in it", s, err)
	}
	h.values = b
	return h.from(state)
}

// start returns the state of the hash behind a start.
func (k *Keyer) start(at keyStart) ([]byte, error) {
	k.mu.RLock()
	state, ok := k.starts[at]
	k.mu.RUnlock()
	if ok {
		return state, nil
	}
	b := append(AppendText(nil, rules), at.bars[:]...)
	for _, text := range []string{at.name, at.strategy.PkgPath(), at.strategy.String()} {
		b = AppendText(b, text)
	}
	for len(b)%sha256.BlockSize != 0 { // so that it is never hashed again
		b = append(b, 0)
	}
	h := sha256.New()
	h.Write(b)
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("hash what many trials begin with: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.starts == nil {
		k.starts = make(map[keyStart][]byte)
	}
	k.starts[at] = state
	return state, nil
}

// A hasher is the memory of one hash at a time.
type hasher struct {
	hash   hash.Hash
	values []byte // of the parameters
	sum    record.Key
}

var hashers = sync.Pool{New: func() any { return &hasher{hash: sha256.New()} }}

// from returns the hash of what a state has seen and the values.
func (h *hasher) from(state []byte) (record.Key, error) {
	if err := h.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return record.Key{}, fmt.Errorf("hash a trial: %w", err)
	}
	h.hash.Write(h.values)
	h.hash.Sum(h.sum[:0])
	return h.sum, nil
}

// AppendText appends s behind its length.
func AppendText(b []byte, s string) []byte {
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
		return AppendText(b, v.String()), nil
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
