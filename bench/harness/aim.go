package harness

import (
	"fmt"
	"math"
	"slices"
)

// A Round is what all sides came to in one round, by the side's name.
type Round map[string]Figures

// Of returns a side's figure; NaN when it has none of that name.
func (r Round) Of(side, figure string) float64 { return r[side].Of(figure) }

// An Aim is a number that is read off every round, and what the project wants
// its median to be. One without a bound is only stated.
type Aim struct {
	Text string
	Of   func(Round) float64
	Unit Unit

	sign  string // "≥", "≤" or ""
	bound float64
}

// Ratio reads a figure of one side over that of another.
func Ratio(figure, side, floor string) Aim {
	return Aim{
		Text: fmt.Sprintf("%s, %s / %s", figure, side, floor),
		Of:   func(r Round) float64 { return r.Of(side, figure) / r.Of(floor, figure) },
	}
}

// Value reads a side's figure as it is.
func Value(figure, side string, unit Unit) Aim {
	return Aim{
		Text: fmt.Sprintf("%s, %s", figure, side),
		Of:   func(r Round) float64 { return r.Of(side, figure) },
		Unit: unit,
	}
}

// AtLeast returns the aim with a lower bound, AtMost with an upper one.
func (a Aim) AtLeast(bound float64) Aim { a.sign, a.bound = "≥", bound; return a }

// AtMost returns the aim with an upper bound.
func (a Aim) AtMost(bound float64) Aim { a.sign, a.bound = "≤", bound; return a }

// A reading is an aim's number over the rounds.
type reading struct {
	aim               Aim
	median, low, high float64
}

// read reads an aim off the rounds; where none has the number it is NaN.
func (a Aim) read(rounds []Round) reading {
	var all []float64
	for _, r := range rounds {
		if v := a.Of(r); !math.IsNaN(v) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return reading{a, math.NaN(), math.NaN(), math.NaN()}
	}
	return reading{a, median(all), slices.Min(all), slices.Max(all)}
}

// verdict says whether the aim is met; "" when it only states.
func (r reading) verdict() string {
	switch {
	case r.aim.sign == "":
		return ""
	case r.aim.sign == "≥" && r.median >= r.aim.bound, r.aim.sign == "≤" && r.median <= r.aim.bound:
		return "met"
	}
	return "**missed**"
}

// wanted prints the bound.
func (r reading) wanted() string {
	if r.aim.sign == "" {
		return ""
	}
	return r.aim.sign + " " + r.aim.Unit.print(r.aim.bound)
}
