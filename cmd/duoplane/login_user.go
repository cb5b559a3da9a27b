package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A passwd is what the system's user database says of a user.
type passwd struct{ name, shell string }

// lookupUser finds a user by number: in /etc/passwd, else wherever the system
// looks. The environment's USER and SHELL may be the user's own.
func lookupUser(ctx context.Context, uid int) (passwd, error) {
	f, err := os.Open("/etc/passwd")
	if err != nil {
		return passwd{}, err
	}
	defer func() { _ = f.Close() }() // only read
	if p, ok := findUser(f, uid); ok {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	getent := exec.CommandContext(ctx, "/usr/bin/getent", "passwd", strconv.Itoa(uid)) //nolint:gosec // a number
	getent.Env = []string{}
	out, err := getent.Output()
	if p, ok := findUser(strings.NewReader(string(out)), uid); err == nil && ok {
		return p, nil
	}
	return passwd{}, fmt.Errorf("the system knows no user with the number %d", uid)
}

// findUser looks for a user in the lines of a passwd file.
func findUser(r io.Reader, uid int) (passwd, bool) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) != 7 || fields[0] == "" || fields[2] != strconv.Itoa(uid) {
			continue
		}
		if fields[6] == "" {
			fields[6] = "/bin/sh"
		}
		return passwd{fields[0], fields[6]}, true
	}
	return passwd{}, false
}

// groupNames are the names of the groups this process is in. A group without a
// name is in nobody's way: no Duo group can be meant by it.
func groupNames() ([]string, error) {
	ids, err := os.Getgroups()
	if err != nil {
		return nil, fmt.Errorf("find the user's groups: %w", err)
	}
	var names []string
	for _, id := range append(ids, os.Getgid()) {
		g, err := user.LookupGroupId(strconv.Itoa(id))
		if _, unknown := errors.AsType[user.UnknownGroupIdError](err); unknown {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find the user's groups: %w", err)
		}
		names = append(names, g.Name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// privileged reports whether this program runs with more rights than its user
// has, to read what they may not.
func privileged() bool {
	return os.Geteuid() != os.Getuid() || os.Getegid() != os.Getgid()
}

// dropPrivileges gives up for good whatever privileged reports.
func dropPrivileges() error {
	if !privileged() {
		return nil
	}
	uid, gid, before := os.Getuid(), os.Getgid(), os.Geteuid()
	if err := syscall.Setregid(gid, gid); err != nil {
		return fmt.Errorf("drop privileges: %w", err)
	}
	if err := syscall.Setreuid(uid, uid); err != nil {
		return fmt.Errorf("drop privileges: %w", err)
	}
	if privileged() || before != uid && uid != 0 && syscall.Seteuid(before) == nil {
		return errors.New("drop privileges: the system gives them back")
	}
	return nil
}

// become replaces this process by the user's shell: with the command if there
// is one, else as a login shell. It returns only when that fails.
func (me *loginCaller) become() error {
	base := filepath.Base(me.shell)
	argv := []string{"-" + base}
	if me.command != "" {
		argv = []string{base, "-c", me.command}
	}
	err := syscall.Exec(me.shell, argv, os.Environ()) //nolint:gosec // the user's own shell, by the user database
	return fmt.Errorf("run %s: %w", me.shell, err)
}

// loginArgs lets duoplane login take -h as login_duo does: with the address of
// the client, where all others print their help.
func loginArgs(args []string) []string {
	if len(args) == 0 || args[0] != "login" {
		return args
	}
	out := slices.Clone(args)
	for i := 1; i < len(out) && strings.HasPrefix(out[i], "-") && out[i] != "--"; i++ {
		if rest, ok := strings.CutPrefix(out[i], "-h"); ok && rest == "" {
			out[i] = "--host"
		} else if ok {
			out[i] = "--host=" + rest
		}
		if slices.Contains([]string{"-f", "--user", "--host", "--config"}, out[i]) {
			i++ // its value
		}
	}
	return out
}

// refusePrivileged keeps a program that was installed to read a token from
// doing anything else with its rights.
func refusePrivileged(args []string) error {
	if privileged() && (len(args) == 0 || args[0] != "login") {
		return errors.New("a program installed with a user's rights does nothing but login")
	}
	return nil
}
