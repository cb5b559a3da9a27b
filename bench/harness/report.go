package harness

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// report writes everything as Markdown.
func report(results []result, rounds int, s surroundings) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\n"+
		"Written by `make bench`, which takes everything again on the machine it runs\n"+
		"on: medians of %d rounds in which the sides took turns. A ratio is the median\n"+
		"of the rounds' ratios, with the lowest and the highest beside it.\n\n| | |\n|---|---|\n", rounds)
	for _, line := range s.lines() {
		fmt.Fprintf(&b, "| %s | %s |\n", line[0], line[1])
	}
	writeAims(&b, results)
	for i := range results {
		results[i].write(&b, rounds)
	}
	return b.String()
}

// writeAims writes what is read off the figures, all in one table.
func writeAims(b *strings.Builder, results []result) {
	b.WriteString("\n## What it comes to\n\n| | | median | lowest to highest | aim | |\n|---|---|--:|--:|--:|---|\n")
	for i := range results {
		r := &results[i]
		if len(r.rounds) == 0 {
			fmt.Fprintf(b, "| %s | %s | | | | %s |\n", r.Name, r.Title, r.status())
			continue
		}
		for _, aim := range r.Aims {
			v := aim.read(r.rounds)
			if math.IsNaN(v.median) {
				continue
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s to %s | %s | %s |\n", r.Name, aim.Text,
				aim.Unit.print(v.median), aim.Unit.print(v.low), aim.Unit.print(v.high), v.wanted(), v.verdict())
		}
	}
}

// write writes one measurement: its conditions, a row a side, a column a
// figure.
func (r *result) write(b *strings.Builder, rounds int) {
	fmt.Fprintf(b, "\n## %s: %s\n", r.Name, r.Title)
	for _, note := range r.Notes {
		fmt.Fprintf(b, "\n%s\n", note)
	}
	if len(r.rounds) < rounds {
		fmt.Fprintf(b, "\n**%s**, after %d rounds.\n", r.status(), len(r.rounds))
	}
	if len(r.rounds) == 0 {
		return
	}
	columns := r.columns()
	b.WriteString("\n| |")
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", c.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(columns)) + "\n")
	for _, side := range r.sides {
		fmt.Fprintf(b, "| %s |", side)
		for _, c := range columns {
			fmt.Fprintf(b, " %s |", c.Unit.print(Value(c.Name, side, c.Unit).read(r.rounds).median))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "\nTook %s.\n", r.took.Round(time.Second))
}

// columns are all figures that any side has, as they came first.
func (r *result) columns() []Figure {
	var columns []Figure
	for _, side := range r.sides {
		for _, f := range r.rounds[0][side] {
			if !slices.ContainsFunc(columns, func(c Figure) bool { return c.Name == f.Name }) {
				columns = append(columns, f)
			}
		}
	}
	return columns
}

// status says in one line why a measurement is not whole.
func (r *result) status() string {
	if r.err == nil {
		return ""
	}
	line, _, _ := strings.Cut(r.err.Error(), "\n")
	return "not measured: " + strings.ReplaceAll(line, "|", "\\|")
}
