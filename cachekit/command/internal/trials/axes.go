package trials

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/internal/elementary"
)

// AxisHelp says how the values of a parameter are written.
const AxisHelp = `Values of a parameter are written as

    5:50:5            5, 10, ... 50; without the step 1 it is 1
    5|8|13            these
    20                this one
    log 1e-4:1e-1     1e-4, 1e-3, 1e-2, 1e-1; log 1e-4:1e-1:7 is seven values, evenly spread in the logarithm
    any 0:0.1         every number between two: for the searches random, bayes and genetic
    any log 1e-4:1    the same, evenly spread in the logarithm
    normal 0:1:0.5:0.1  the same, by a normal distribution of mean 0.5 and deviation 0.1, cut off at 0 and 1`

// errAxis says what the values of a parameter may be.
var errAxis = errors.New(`must be LO:HI:STEP, LO:HI, A|B|C, one value, "log LO:HI", "any LO:HI", "any log LO:HI" or "normal LO:HI:MEAN:DEVIATION"`)

// wholeAxis returns the axis of whole numbers that a text describes.
func wholeAxis[S any](name, spec string, field func(*S) *int) (a search.Axis[S], err error) {
	values := strings.Split(spec, "|")
	if len(values) > 1 {
		var list []int
		for _, v := range values {
			n, err := wholeNumber(v)
			if err != nil {
				return a, err
			}
			list = append(list, n)
		}
		return search.Choice(name, field, list...), nil
	}
	if strings.ContainsRune(spec, ' ') {
		return a, errors.New("it takes whole numbers: must be LO:HI:STEP, LO:HI, A|B|C or one value")
	}
	n := [3]int{2: 1}
	parts := strings.Split(spec, ":")
	if len(parts) > 3 {
		return a, errAxis
	}
	for i, part := range parts {
		if n[i], err = wholeNumber(part); err != nil {
			return a, fmt.Errorf("%w; must be LO:HI:STEP, such as 5:50:5", err)
		}
	}
	if len(parts) == 1 {
		n[1] = n[0]
	}
	if err := checkRange(float64(n[0]), float64(n[1]), float64(n[2])); err != nil {
		return a, err
	}
	return search.Int(name, n[0], n[1], n[2], field), nil
}

// choiceAxis returns the axis of the values between bars that a text describes.
func choiceAxis[S, T any](name, spec string, field func(*S) *T, read func(string) (T, error)) (a search.Axis[S], err error) {
	var list []T
	for _, text := range strings.Split(spec, "|") {
		v, err := read(strings.TrimSpace(text))
		if err != nil {
			return a, err
		}
		list = append(list, v)
	}
	return search.Choice(name, field, list...), nil
}

// realAxis returns the axis of numbers that a text describes.
func realAxis[S any](name, spec string, field func(*S) *float64) (a search.Axis[S], err error) {
	if values := strings.Split(spec, "|"); len(values) > 1 {
		list, err := realNumbers(values)
		if err != nil {
			return a, err
		}
		return search.Choice(name, field, list...), nil
	}
	words := strings.Fields(spec)
	if len(words) == 0 {
		return a, errAxis
	}
	kind := strings.Join(words[:len(words)-1], " ")
	n, err := realNumbers(strings.Split(words[len(words)-1], ":"))
	if err != nil {
		return a, err
	}
	switch {
	case kind == "" && len(n) == 1:
		return search.Choice(name, field, n[0]), nil
	case kind == "" && len(n) == 2:
		n = append(n, 1)
		fallthrough
	case kind == "" && len(n) == 3:
		if err := checkRange(n[0], n[1], n[2]); err != nil {
			return a, err
		}
		return search.Float(name, n[0], n[1], n[2], field), nil
	case kind == "log" && (len(n) == 2 || len(n) == 3):
		list, err := logarithmic(n)
		if err != nil {
			return a, err
		}
		return search.Choice(name, field, list...), nil
	case kind == "any" && len(n) == 2:
		return search.Uniform(name, n[0], n[1], field), nil
	case kind == "any log" && len(n) == 2:
		return search.LogUniform(name, n[0], n[1], field), nil
	case kind == "normal" && len(n) == 4:
		return search.Normal(name, n[0], n[1], n[2], n[3], field), nil
	}
	return a, errAxis
}

// maxLogValues bounds the values of one logarithmic list.
const maxLogValues = 10_000

// logarithmic returns the values from n[0] to n[1], evenly spread in the
// logarithm: n[2] of them, or one a decade.
func logarithmic(n []float64) ([]float64, error) {
	lo, hi := n[0], n[1]
	if !(lo > 0 && hi > lo) {
		return nil, fmt.Errorf("%v:%v: a logarithm needs 0 < LO < HI", lo, hi)
	}
	width := elementary.Log(hi / lo)
	count := math.Round(width/math.Ln10) + 1
	if len(n) == 3 {
		count = n[2]
	} else if math.Abs(float64((count-1)*math.Ln10)-width) > 1e-9*width {
		return nil, fmt.Errorf("%v:%v: HI is no power of ten times LO: say how many values there are, such as log %v:%v:7", lo, hi, lo, hi)
	}
	if !(count >= 2 && count <= maxLogValues && count == math.Trunc(count)) {
		return nil, fmt.Errorf("%v values: must be a whole number from 2 to %d", count, maxLogValues)
	}
	values := make([]float64, int(count))
	for i := range values {
		values[i] = float64(lo * elementary.Exp(float64(width*float64(i))/(count-1)))
		if len(n) == 2 { // 1e-3 and not 0.0010000000000000002
			values[i] = fourteenDigits(values[i])
		}
	}
	values[0], values[len(values)-1] = lo, hi
	return values, nil
}

// fourteenDigits returns x rounded to 14 decimal digits.
func fourteenDigits(x float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 13, 64), 64)
	if err != nil {
		return x
	}
	return r
}

func checkRange(lo, hi, step float64) error {
	if !(hi >= lo && step > 0) {
		return fmt.Errorf("%v:%v:%v is no range: LO must not be above HI, and STEP must be above 0", lo, hi, step)
	}
	return nil
}

func wholeNumber(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number", text)
	}
	return n, nil
}

func realNumber(text string) (float64, error) {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%q is no finite number", text)
	}
	return x, nil
}

func realNumbers(texts []string) ([]float64, error) {
	list := make([]float64, len(texts))
	for i, text := range texts {
		var err error
		if list[i], err = realNumber(text); err != nil {
			return nil, err
		}
	}
	return list, nil
}
