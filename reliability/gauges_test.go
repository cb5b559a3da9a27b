package reliability

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// gauges are what a server says of its own size.
type gauges struct {
	goroutines, files, memory float64 // memory in bytes, resident
}

func (g gauges) String() string {
	return fmt.Sprintf("%.0f goroutines, %.0f files, %.0f MB", g.goroutines, g.files, g.memory/1e6)
}

// most is the larger of each.
func (g gauges) most(o gauges) gauges {
	return gauges{max(g.goroutines, o.goroutines), max(g.files, o.files), max(g.memory, o.memory)}
}

// gauges reads them from the server's metrics.
func (p *program) gauges() gauges {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.MetricsURL, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	var g gauges
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			continue // a comment
		}
		switch name {
		case "go_goroutines":
			g.goroutines = n
		case "process_open_fds":
			g.files = n
		case "process_resident_memory_bytes":
			g.memory = n
		}
	}
	if g.goroutines == 0 {
		p.t.Fatalf("%s tells no goroutines", p.MetricsURL)
	}
	return g
}
