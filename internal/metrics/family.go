package metrics

import (
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// A Kind is Prometheus' word for how a metric behaves.
type Kind string

// The kinds in use.
const (
	Counter   Kind = "counter"   // only grows, from 0 at the start of the process
	Gauge     Kind = "gauge"     // goes up and down
	Histogram Kind = "histogram" // counts observations by size
)

// other stands for a value that a label does not declare.
const other = "other"

// A Family declares one metric. What docs/metrics.md and the help text of a
// scrape say comes from here.
type Family struct {
	Name   string
	Kind   Kind
	Help   string
	Labels []Label

	buckets []float64 // of a Histogram
}

// A Label is one label of a Family with every value it can have, "other" aside.
// None is ever taken from what a client sent.
type Label struct {
	Name   string
	Values []string
	// From says where the values come from when the program that is served
	// declares them and not this package: its routes, its version. Values is
	// nil then.
	From string
}

// label declares a label by the words of a type.
func label[T ~string](name string, values ...T) Label {
	l := Label{Name: name}
	for _, v := range values {
		l.Values = append(l.Values, string(v))
	}
	return l
}

// value returns a declared value as it is, and other for anything else, so that
// no mistake elsewhere makes a time series of a name or an address.
func (l *Label) value(given string) string {
	if l.From != "" || slices.Contains(l.Values, given) {
		return given
	}
	return other
}

func (f *Family) values(given []string) []string {
	if len(given) != len(f.Labels) {
		panic(fmt.Sprintf("metrics: %s has %d labels, not %d", f.Name, len(f.Labels), len(given)))
	}
	out := make([]string, len(given))
	for i := range given {
		out[i] = f.Labels[i].value(given[i])
	}
	return out
}

func (f *Family) labelNames() []string {
	names := make([]string, len(f.Labels))
	for i := range f.Labels {
		names[i] = f.Labels[i].Name
	}
	return names
}

func (f *Family) desc() *prometheus.Desc {
	return prometheus.NewDesc(f.Name, f.Help, f.labelNames(), nil)
}

// counters and histograms are metrics that are told of what happens; they hold
// on to nothing but the numbers.
type (
	counters struct {
		family *Family
		vec    *prometheus.CounterVec
	}
	histograms struct {
		family *Family
		vec    *prometheus.HistogramVec
	}
)

func (m *Metrics) counters(f *Family) counters {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.labelNames())
	m.registry.MustRegister(vec)
	return counters{f, vec}
}

func (c counters) with(values ...string) prometheus.Counter {
	return c.vec.WithLabelValues(c.family.values(values)...)
}

func (m *Metrics) histograms(f *Family) histograms {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: f.buckets}, f.labelNames())
	m.registry.MustRegister(vec)
	return histograms{f, vec}
}

func (h histograms) with(values ...string) prometheus.Observer {
	return h.vec.WithLabelValues(h.family.values(values)...)
}

// polled are metrics whose numbers somebody else keeps; they are asked for at
// every scrape.
type polled struct {
	families []*Family
	ask      func(tell func(f *Family, value float64, labels ...string))
}

// Describe implements prometheus.Collector.
func (p polled) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range p.families {
		ch <- f.desc()
	}
}

// Collect implements prometheus.Collector. Values that fall together as other
// are summed.
func (p polled) Collect(ch chan<- prometheus.Metric) {
	type series struct {
		family *Family
		labels string
	}
	sums := make(map[series]*sample)
	var order []*sample
	p.ask(func(f *Family, value float64, labels ...string) {
		labels = f.values(labels)
		key := series{f, fmt.Sprintf("%q", labels)}
		s := sums[key]
		if s == nil {
			s = &sample{family: f, labels: labels}
			sums[key] = s
			order = append(order, s)
		}
		s.value += value
	})
	for _, s := range order {
		ch <- prometheus.MustNewConstMetric(s.family.desc(), s.family.valueType(), s.value, s.labels...)
	}
}

type sample struct {
	family *Family
	labels []string
	value  float64
}

func (f *Family) valueType() prometheus.ValueType {
	if f.Kind == Counter {
		return prometheus.CounterValue
	}
	return prometheus.GaugeValue
}

func (m *Metrics) poll(ask func(tell func(f *Family, value float64, labels ...string)), families ...*Family) {
	m.registry.MustRegister(polled{families, ask})
}
