package params

import (
	"fmt"
	"go/types"
	"math"
	"math/big"
	"strconv"

	"github.com/bmadventure/optcache/internal/gen/directive"
	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

// An axis is one field of the parameters with the values that it may take.
type axis struct {
	field *model.Field
	n     uint64 // values

	// Either whole numbers lo, lo+step ...,
	whole    bool
	lo, step *big.Int

	// or numbers flo, flo+fstep ... up to fhi,
	float           bool
	flo, fhi, fstep float64

	// or these, as Go constants.
	values []string
}

// maxValues bounds the values that are listed one by one.
const maxValues = 1 << 16

// newAxis returns the axis of a field, or what is wrong with its tag.
func newAxis(field *model.Field, tag *directive.Axis, from string) (*axis, error) {
	a := &axis{field: field}
	kind := shape.Of(field.Type, from)
	switch {
	case !tag.Range:
		return a, a.choice(tag, kind)
	case kind == shape.Float && tag.Log:
		return a, a.logarithmic(tag)
	case kind == shape.Float:
		return a, a.floats(tag)
	case kind == shape.Integer && tag.Log:
		return a, fmt.Errorf("a log axis has fractions: make the field a float64, or list the values parted by |")
	case kind == shape.Integer:
		return a, a.integers(tag)
	}
	return a, fmt.Errorf("a range needs a field of integers or floats: list the values parted by |")
}

// integers makes a an axis of whole numbers.
func (a *axis) integers(tag *directive.Axis) error {
	var ends [3]*big.Int
	for i, s := range []string{tag.Lo, tag.Hi, tag.Step} {
		if s == "" {
			s = "1"
		}
		n, ok := new(big.Int).SetString(s, 0)
		if !ok {
			return fmt.Errorf("%q is no whole number", s)
		}
		if i < 2 && !fits(n, a.field.Type) {
			return fmt.Errorf("%s does not fit into %s", s, a.field.Type)
		}
		ends[i] = n
	}
	lo, hi, step := ends[0], ends[1], ends[2]
	if step.Sign() <= 0 || lo.Cmp(hi) > 0 {
		return fmt.Errorf("%s:%s:%s is no range: the first number must not be above the second, and the step must be 1 or more", lo, hi, step)
	}
	n := new(big.Int).Sub(hi, lo)
	n.Add(n.Quo(n, step), big.NewInt(1))
	if !n.IsUint64() {
		return fmt.Errorf("the range has more than 2^64 values: take a larger step")
	}
	a.n = n.Uint64()
	listed := lo.Cmp(big.NewInt(math.MinInt64)) == 0 || !fits(step, a.field.Type) // not to be computed in the field's type
	if (listed || !isInt(a.field.Type)) && a.n > maxValues {
		return fmt.Errorf("a range of %d values needs a field of type int, and a first value above %d", a.n, int64(math.MinInt64))
	}
	if listed {
		for i := range int64(a.n) {
			v := new(big.Int).Mul(big.NewInt(i), step)
			a.values = append(a.values, v.Add(v, lo).String())
		}
		return nil
	}
	a.whole, a.lo, a.step = true, lo, step
	return nil
}

// isInt reports whether t is int itself, of which package search has ranges.
func isInt(t types.Type) bool { return types.Identical(t, types.Typ[types.Int]) }

// isFloat64 reports whether t is float64 itself.
func isFloat64(t types.Type) bool { return types.Identical(t, types.Typ[types.Float64]) }

// fits reports whether an integer type holds n, an int being of 64 bits.
func fits(n *big.Int, t types.Type) bool {
	lo, hi := int64(math.MinInt64), uint64(math.MaxInt64)
	switch t.Underlying().(*types.Basic).Kind() {
	case types.Int8:
		lo, hi = math.MinInt8, math.MaxInt8
	case types.Int16:
		lo, hi = math.MinInt16, math.MaxInt16
	case types.Int32:
		lo, hi = math.MinInt32, math.MaxInt32
	case types.Uint8:
		lo, hi = 0, math.MaxUint8
	case types.Uint16:
		lo, hi = 0, math.MaxUint16
	case types.Uint32:
		lo, hi = 0, math.MaxUint32
	case types.Uint, types.Uint64, types.Uintptr:
		lo, hi = 0, math.MaxUint64
	}
	return n.Cmp(big.NewInt(lo)) >= 0 && n.Cmp(new(big.Int).SetUint64(hi)) <= 0
}

// floats makes a an axis of evenly spaced numbers.
func (a *axis) floats(tag *directive.Axis) error {
	if !isFloat64(a.field.Type) {
		return fmt.Errorf("a range needs a field of type float64, not %s: or list the values parted by |", a.field.Type)
	}
	if tag.Step == "" {
		return fmt.Errorf("a range of floats needs a step: %s:%s:step", tag.Lo, tag.Hi)
	}
	var err error
	if a.flo, err = number(tag.Lo); err != nil {
		return err
	}
	if a.fhi, err = number(tag.Hi); err != nil {
		return err
	}
	if a.fstep, err = number(tag.Step); err != nil {
		return err
	}
	// As package search counts them.
	n := math.Floor((a.fhi-a.flo)/a.fstep + 1e-9)
	if !(a.fstep > 0) || !(a.fhi >= a.flo) || !(n < 1<<53) {
		return fmt.Errorf("%s:%s:%s is no range: the first number must not be above the second, and the step must be above 0", tag.Lo, tag.Hi, tag.Step)
	}
	if n > 0 && (a.flo+a.fstep == a.flo || a.fhi-a.fstep == a.fhi) {
		return fmt.Errorf("the step %s is too small beside %s:%s: neighbours would be the same number", tag.Step, tag.Lo, tag.Hi)
	}
	a.float, a.n = true, uint64(n)+1
	return nil
}

func number(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0, fmt.Errorf("%q is no finite number", s)
	}
	return x, nil
}

// logarithmic makes a an axis of numbers evenly spaced in the logarithm.
func (a *axis) logarithmic(tag *directive.Axis) error {
	lo, err := number(tag.Lo)
	if err != nil {
		return err
	}
	hi, err := number(tag.Hi)
	if err != nil {
		return err
	}
	if !(lo > 0) || !(hi > lo) {
		return fmt.Errorf("log %s:%s is no range: both must be above 0, and the first below the second", tag.Lo, tag.Hi)
	}
	n := uint64(math.Round(math.Log10(hi)-math.Log10(lo))) + 1
	if tag.Step != "" {
		if n, err = strconv.ParseUint(tag.Step, 10, 32); err != nil {
			return fmt.Errorf("%q is no number of values", tag.Step)
		}
	}
	if n < 2 || n > maxValues {
		return fmt.Errorf("log %s:%s has %d values: must be 2 to %d, give their number in log %s:%s:number", tag.Lo, tag.Hi, n, maxValues, tag.Lo, tag.Hi)
	}
	a.n, a.values = n, spread(tag.Lo, tag.Hi, int(n))
	return a.distinct()
}

// precision of the numbers between which a log axis is spread, in bits: enough
// that the values, rounded to 53 bits, are the same on every machine.
const precision = 256

// spread returns n numbers from lo to hi, evenly spaced in the logarithm.
func spread(lo, hi string, n int) []string {
	parse := func(s string) *big.Float {
		x, _, err := big.ParseFloat(s, 0, precision, big.ToNearestEven)
		if err != nil {
			panic(err) // number has parsed it
		}
		return x
	}
	first, last := parse(lo), parse(hi)
	factor := root(new(big.Float).SetPrec(precision).Quo(last, first), n-1)
	values := make([]string, n)
	for i, x := 0, first; i < n; i++ {
		if i == n-1 {
			x = last
		}
		f, _ := x.Float64()
		values[i] = strconv.FormatFloat(f, 'g', -1, 64)
		x = new(big.Float).SetPrec(precision).Mul(x, factor)
	}
	return values
}

// root returns the n-th root of x > 1, by bisection between 1 and x.
func root(x *big.Float, n int) *big.Float {
	lo, hi := big.NewFloat(1).SetPrec(precision), new(big.Float).Copy(x)
	for range precision + x.MantExp(nil) + 1 {
		middle := new(big.Float).SetPrec(precision).Add(lo, hi)
		middle.Quo(middle, big.NewFloat(2))
		if power(middle, n).Cmp(x) > 0 {
			hi = middle
		} else {
			lo = middle
		}
	}
	return lo
}

// power returns x to the n, by squaring.
func power(x *big.Float, n int) *big.Float {
	result, square := big.NewFloat(1).SetPrec(precision), new(big.Float).Copy(x)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result.Mul(result, square)
		}
		square = new(big.Float).SetPrec(precision).Mul(square, square)
	}
	return result
}

// choice makes a an axis of the values of the tag.
func (a *axis) choice(tag *directive.Axis, kind shape.Kind) error {
	for _, s := range tag.Values {
		value, err := constant(s, kind, a.field.Type)
		if err != nil {
			return err
		}
		a.values = append(a.values, value)
	}
	a.n = uint64(len(a.values))
	return a.distinct()
}

// constant returns a value of a tag as a Go constant.
func constant(s string, kind shape.Kind, t types.Type) (string, error) {
	switch kind {
	case shape.String:
		return strconv.Quote(s), nil
	case shape.Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return "", fmt.Errorf("%q is no bool: must be true or false", s)
		}
		return strconv.FormatBool(b), nil
	case shape.Integer:
		n, ok := new(big.Int).SetString(s, 0)
		if !ok {
			return "", fmt.Errorf("%q is no whole number", s)
		}
		if !fits(n, t) {
			return "", fmt.Errorf("%s does not fit into %s", s, t)
		}
		return n.String(), nil
	case shape.Float:
		x, err := number(s)
		if err != nil {
			return "", err
		}
		if t.Underlying().(*types.Basic).Kind() == types.Float32 {
			if math.IsInf(float64(float32(x)), 0) {
				return "", fmt.Errorf("%s does not fit into %s", s, t)
			}
			return strconv.FormatFloat(float64(float32(x)), 'g', -1, 32), nil
		}
		return strconv.FormatFloat(x, 'g', -1, 64), nil
	}
	return "", fmt.Errorf("a field of type %s cannot be a parameter: must be a number, a string or a bool", t)
}

// distinct refuses an axis with a value that stands twice.
func (a *axis) distinct() error {
	seen := make(map[string]bool)
	for _, v := range a.values {
		if v == "-0" {
			v = "0"
		}
		if seen[v] {
			return fmt.Errorf("the value %s stands twice", v)
		}
		seen[v] = true
	}
	return nil
}
