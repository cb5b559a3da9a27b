package process

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
)

// Memory is what a process has in memory at one moment, in bytes.
type Memory struct {
	Resident float64 // all of it, files that are mapped included
	Own      float64 // what is in no file, so that nobody could take it away
	Peak     float64 // the most that was resident
}

// Memory reads it off the system.
func (p *Process) Memory() (Memory, error) {
	file := fmt.Sprintf("/proc/%d/status", p.ID())
	text, err := os.ReadFile(file) //nolint:gosec // the system's
	if err != nil {
		return Memory{}, err
	}
	var m Memory
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var name string
		var kib float64
		if _, err := fmt.Sscan(lines.Text(), &name, &kib); err != nil {
			continue // a line of another form
		}
		switch name {
		case "VmRSS:":
			m.Resident = kib * 1024
		case "RssAnon:":
			m.Own = kib * 1024
		case "VmHWM:":
			m.Peak = kib * 1024
		}
	}
	if m.Resident == 0 {
		return m, fmt.Errorf("%s does not tell the memory", file)
	}
	return m, nil
}
