package harness

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// surroundings are what figures depend on beside the program.
type surroundings struct {
	machine, system, versions string
	at                        time.Time
	took                      time.Duration
}

func (s surroundings) lines() [][2]string {
	return [][2]string{
		{"machine", s.machine},
		{"system", s.system},
		{"versions", s.versions},
		{"taken", fmt.Sprintf("%s, in %s", s.at.UTC().Format(time.DateOnly), s.took.Round(time.Second))},
	}
}

// lookAround describes where the measurements that began at a time were taken.
// What cannot be found out is left out.
func lookAround(ctx context.Context, binary string, began time.Time) surroundings {
	memory := strings.Fields(valueIn("/proc/meminfo", "MemTotal"))
	s := surroundings{
		machine: fmt.Sprintf("%s, %d processors", valueIn("/proc/cpuinfo", "model name"), runtime.NumCPU()),
		system:  strings.Trim(valueIn("/etc/os-release", "PRETTY_NAME"), `"`),
		at:      began, took: time.Since(began),
	}
	if len(memory) > 0 {
		var kib float64
		if _, err := fmt.Sscan(memory[0], &kib); err == nil {
			s.machine += fmt.Sprintf(", %.0f GB", kib*1024/1e9)
		}
	}
	s.machine += ", data on " + fileSystem(os.TempDir())
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		s.system += ", Linux " + strings.TrimSpace(string(kernel))
	}
	program, err := exec.CommandContext(ctx, binary, "version").Output()
	if err == nil {
		s.versions = strings.Join(strings.Fields(string(program)), " ")
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "go.etcd.io/etcd/server/v3" {
				s.versions += ", embedded etcd " + dep.Version
			}
		}
	}
	return s
}

// valueIn returns what follows a name and its colon or equals sign at the
// beginning of a line; "" when there is no such line.
func valueIn(file, name string) string {
	text, err := os.ReadFile(file) //nolint:gosec // files of the system
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if !ok {
			key, value, _ = strings.Cut(lines.Text(), "=")
		}
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// fileSystem names the kind of file system that a folder is on: what a durable
// write costs depends on it, and in memory it costs nothing.
func fileSystem(dir string) string {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return "an unknown file system"
	}
	names := map[int64]string{0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x794c7630: "overlayfs", 0x01021994: "tmpfs (memory: no write is durable)"}
	if name, ok := names[st.Type]; ok {
		return name
	}
	return fmt.Sprintf("file system %#x", st.Type)
}
