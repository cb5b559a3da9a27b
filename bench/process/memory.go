package process

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"time"
)

const (
	restLook = 100 * time.Millisecond // how often somebody looks whether it rests
	restMost = 15 * time.Second
)

// Rest waits until the process has next to nothing to do, or for 15 seconds.
func (p *Process) Rest(ctx context.Context) error {
	look := time.NewTicker(restLook)
	defer look.Stop()
	enough := time.After(restMost)
	const quiet = 3 // looks
	var before uint64
	for calm := 0; calm < quiet; {
		ticks, err := p.ticks()
		if err != nil {
			return err
		}
		if calm++; ticks > before+1 {
			calm = 0
		}
		before = ticks
		select {
		case <-look.C:
		case <-enough:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// ticks is the processor time that the process has had, in hundredths of a
// second.
func (p *Process) ticks() (uint64, error) {
	file := fmt.Sprintf("/proc/%d/stat", p.ID())
	text, err := os.ReadFile(file) //nolint:gosec // the system's
	if err != nil {
		return 0, err
	}
	var user, system uint64
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // from the third on, see proc_pid_stat(5)
	if len(fields) < 13 {
		return 0, fmt.Errorf("%s has %d fields", file, len(fields))
	}
	if _, err := fmt.Sscan(string(fields[11])+" "+string(fields[12]), &user, &system); err != nil {
		return 0, err
	}
	return user + system, nil
}

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
