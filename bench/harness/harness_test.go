package harness_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/bench/harness"
)

// program is an executable that stands in for duoplane.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "duoplane")
	if err := os.WriteFile(file, []byte("#!/bin/sh\necho duoplane 0.0.0\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// run runs the command on stand-in measurements.
func run(t *testing.T, all []harness.Measurement, args ...string) (out, progress string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err = harness.Run(t.Context(), append([]string{"-binary", program(t)}, args...), all, &stdout, &stderr)
	return stdout.String(), stderr.String(), err
}

// paces is a measurement of two sides with the paces given, a round each.
func paces(name string, turns *[]string, slow, fast []float64) harness.Measurement {
	side := func(name string, all []float64) harness.Side {
		return harness.Side{Name: name, Run: func(_ context.Context, round int) (harness.Figures, error) {
			*turns = append(*turns, fmt.Sprint(name, round))
			return harness.Figures{{Name: "calls/s", Value: all[round], Unit: harness.Rate}, {Name: "p50", Value: 1 / all[round], Unit: harness.Seconds}}, nil
		}}
	}
	return harness.Measurement{
		Name: name, Title: "fast beside slow", Notes: []string{"Nothing is real."},
		Start: func(context.Context, *harness.Env) ([]harness.Side, error) {
			return []harness.Side{side("slow", slow), side("fast", fast)}, nil
		},
		Aims: []harness.Aim{
			harness.Ratio("calls/s", "fast", "slow").AtLeast(2),
			harness.Value("p50", "slow", harness.Seconds).AtMost(0.0005),
			harness.Value("p50", "fast", harness.Seconds),
		},
	}
}

func TestTheReportHasMediansAndSaysHowFarTheAimsAre(t *testing.T) {
	var turns []string
	out, progress, err := run(t, []harness.Measurement{paces("X1", &turns, []float64{1000, 10, 900}, []float64{3000, 20, 1800})}, "-rounds", "3")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| X1 | calls/s, fast / slow | 2.00 | 2.00 to 3.00 | ≥ 2.00 | met |",
		"| X1 | p50, slow | 1.11 ms | 1.00 ms to 100 ms | ≤ 500 µs | **missed** |",
		"| X1 | p50, fast | 556 µs | 333 µs to 50.0 ms |  |  |",
		"## X1: fast beside slow\n\nNothing is real.\n\n| | calls/s | p50 |\n|---|--:|--:|\n| slow | 900 | 1.11 ms |\n| fast | 1,800 | 556 µs |\n",
		"| versions | duoplane 0.0.0",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if !strings.Contains(progress, "X1  round 3 of 3  fast: calls/s 1,800, p50 556 µs") {
		t.Errorf("progress is\n%s", progress)
	}
}

func TestSidesTakeTurnsInGoingFirst(t *testing.T) {
	var turns []string
	all := []float64{1, 1, 1}
	if _, _, err := run(t, []harness.Measurement{paces("X1", &turns, all, all)}, "-rounds", "3"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"slow0", "fast0", "fast1", "slow1", "slow2", "fast2"}; !slices.Equal(turns, want) {
		t.Errorf("turns %v, want %v", turns, want)
	}
}

func TestWhatFailsIsToldAndTheOthersGoOn(t *testing.T) {
	var turns []string
	ended := 0
	failing := func(name string, err error, atEnd error) harness.Measurement {
		return harness.Measurement{Name: name, Title: "failing", Start: func(_ context.Context, env *harness.Env) ([]harness.Side, error) {
			env.Defer(func() error { ended++; return atEnd })
			return []harness.Side{{Name: "only", Run: func(_ context.Context, round int) (harness.Figures, error) {
				if round == 1 {
					return nil, err
				}
				return harness.Figures{{Name: "n", Value: 7}}, nil
			}}}, nil
		}}
	}
	missing := harness.Measurement{Name: "X3", Title: "absent", Start: func(context.Context, *harness.Env) ([]harness.Side, error) {
		return nil, fmt.Errorf("peer: %w", harness.ErrMissing)
	}}
	broken := errors.New("broken | pipe\nwith more to say")
	all := []harness.Measurement{
		failing("X1", broken, nil), failing("X2", nil, errors.New("ended badly")), missing,
		paces("X4", &turns, []float64{1, 1}, []float64{2, 2}),
	}
	out, progress, err := run(t, all, "-rounds", "2")
	if err == nil || !errors.Is(err, broken) || !strings.Contains(err.Error(), "X2: ended badly") || strings.Contains(err.Error(), "X3") {
		t.Errorf("error %v, want X1's and X2's and not X3's", err)
	}
	if ended != 2 {
		t.Errorf("%d measurements were ended, want 2", ended)
	}
	for _, want := range []string{
		`**not measured: round 2, only: broken \| pipe**, after 1 rounds.`,
		"| X3 | absent | | | | not measured: start: peer: not on this machine |",
		"| X4 | calls/s, fast / slow | 2.00 |",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if !strings.Contains(progress, "with more to say") {
		t.Errorf("the whole error is not told:\n%s", progress)
	}
}

func TestMeasurementsAreChosenByName(t *testing.T) {
	var turns []string
	one := []float64{1, 1}
	all := []harness.Measurement{paces("X1", &turns, one, one), paces("X2", &turns, one, one), paces("X3", &turns, one, one)}
	out, _, err := run(t, all, "-quick", "-only", "x3,X1")
	if err != nil {
		t.Fatal(err)
	}
	if got := regexp.MustCompile(`(?m)^## X\d`).FindAllString(out, -1); !slices.Equal(got, []string{"## X3", "## X1"}) {
		t.Errorf("measured %v", got)
	}
	for name, args := range map[string][]string{
		"an unknown name":                     {"-only", "X9"},
		"no rounds":                           {"-rounds", "-1"},
		"an argument":                         {"X1"},
		"the document from some measurements": {"-only", "X1", "-write", "doc.md"},
		"the document from the small form":    {"-quick", "-write", "doc.md"},
		"the document from too few rounds":    {"-rounds", "4", "-write", "doc.md"},
	} {
		if _, _, err := run(t, all, args...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTheWholeReportGoesIntoTheDocument(t *testing.T) {
	var turns []string
	five := []float64{1, 1, 1, 1, 1}
	doc := filepath.Join(t.TempDir(), "benchmarks.md")
	out, _, err := run(t, []harness.Measurement{paces("X1", &turns, five, five)}, "-write", doc)
	if err != nil || out != "" {
		t.Fatalf("printed %q: %v", out, err)
	}
	text, err := os.ReadFile(doc)
	if err != nil || !strings.HasPrefix(string(text), "# Benchmarks\n") || !strings.Contains(string(text), "medians of 5 rounds") {
		t.Errorf("%v: %s", err, text)
	}
}

// TestTheReportNamesTheVersionOfAProgramBuiltForIt runs the command in a
// repository of its own, whose program is not there any more when the report is
// written.
func TestTheReportNamesTheVersionOfAProgramBuiltForIt(t *testing.T) {
	t.Chdir(t.TempDir())
	for file, text := range map[string]string{
		"go.mod":               "module example.com/duoplane\n",
		"cmd/duoplane/main.go": "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"duoplane 0.0.1\\n\") }\n",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var turns []string
	var stdout, stderr bytes.Buffer
	one := []float64{1000}
	if err := harness.Run(t.Context(), []string{"-rounds", "1"}, []harness.Measurement{paces("X1", &turns, one, one)}, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if !strings.Contains(stdout.String(), "| versions | duoplane 0.0.1") {
		t.Errorf("got %s", stdout.String())
	}
}
