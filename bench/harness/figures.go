package harness

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// A Unit says how a number is printed.
type Unit uint8

// The units.
const (
	Number  Unit = iota // as it is; ratios
	Rate                // a second
	Seconds             // a duration
	Bytes
	Count // whole
)

// A Figure is one number that a side came to in one round.
type Figure struct {
	Name  string // the column: "GET/s", "p50"
	Value float64
	Unit  Unit
}

// Figures are all of them, in the order of the columns.
type Figures []Figure

// Of returns the figure of a name, NaN when there is none.
func (f Figures) Of(name string) float64 {
	i := slices.IndexFunc(f, func(one Figure) bool { return one.Name == name })
	if i < 0 {
		return math.NaN()
	}
	return f[i].Value
}

// Took makes a figure of a duration.
func Took(name string, d time.Duration) Figure { return Figure{name, d.Seconds(), Seconds} }

// print writes a number in its unit: three digits that count.
func (u Unit) print(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case u == Rate, u == Count:
		return thousands(v)
	case u == Seconds && v < 1e-3:
		return threeDigits(v*1e6) + " µs"
	case u == Seconds && v < 1:
		return threeDigits(v*1e3) + " ms"
	case u == Seconds:
		return threeDigits(v) + " s"
	case u == Bytes && math.Abs(v) < 1e5:
		return threeDigits(v/1e3) + " kB"
	case u == Bytes:
		return threeDigits(v/1e6) + " MB"
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func threeDigits(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100:
		return thousands(v)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// thousands writes a whole number with a comma for every three digits.
func thousands(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// median returns the middle value, of two middle ones the greater; NaN of
// none.
func median(all []float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
