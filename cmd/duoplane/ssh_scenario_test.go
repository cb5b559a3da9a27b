package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scenarios run with a client of the tests' own, or with another: then
// there may be more of them, which that one alone can play.
var (
	sshProgram = flag.String("ssh-program", "", "OpenSSH's ssh, to run the SSH scenarios with")
	moreSSH    = flag.String("ssh-scenarios", "", "folder of more SSH scenarios, for OpenSSH")
)

// TestSSH runs the SSH scenarios, all against one duoplane dev: each has an SVM
// of its own, named like the scenario, and people nobody else has.
func TestSSH(t *testing.T) {
	p := startDev(t, "--ssh-listen=svm1=127.0.0.1:0", "--ssh-connections-per-second=-1")
	for name, dir := range map[string]string{"common": "testdata/ssh", "more": *moreSSH} {
		if dir == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir: dir, RequireExplicitExec: true,
				Setup: func(env *testscript.Env) error { return setUpSSH(env, p) },
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"code": cmdCode, "ready": cmdReady, "await": cmdAwait, "settles": cmdSettles,
					"tenant": cmdTenant, "person": cmdPerson, "keypair": cmdKeypair,
					"rest": cmdRest, "duo": cmdDuo, "does": cmdDoes, "pending": cmdPending,
					"answers": cmdAnswers, "noise": cmdNoise, "keys": cmdKeys, "replace": cmdReplace, "logins": cmdLogins,
				},
			})
		})
	}
}

// sshPassword is everybody's.
const sshPassword = "correct horse 1"

// setUpSSH tells a scenario where everything is.
func setUpSSH(env *testscript.Env, p *program) error {
	t, ok := env.T().(interface{ Name() string })
	if !ok {
		return fmt.Errorf("a test of type %T has no name", env.T())
	}
	doc, err := json.Marshal(p.ready)
	if err != nil {
		return err
	}
	if err := exportReady(doc, env.Setenv); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"SVM": filepath.Base(t.Name()), "PASSWORD": sshPassword,
		"SSH_ASKPASS": "askpass", "SSH_ASKPASS_REQUIRE": "force",
		answersVariable: filepath.Join(env.WorkDir, "answers"), askedVariable: filepath.Join(env.WorkDir, "asked"),
	} {
		env.Setenv(name, value)
	}
	if *sshProgram == "" {
		return nil
	}
	return useOpenSSH(env)
}

// useOpenSSH puts OpenSSH's programs in the place of the tests' own, with a
// configuration that knows nothing of this machine's.
func useOpenSSH(env *testscript.Env) error {
	bin := filepath.Join(env.WorkDir, ".bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	conf := filepath.Join(bin, "ssh_config")
	text := "Host *\n  StrictHostKeyChecking accept-new\n  UserKnownHostsFile " + filepath.Join(bin, "known_hosts") +
		"\n  IdentityFile none\n  ConnectTimeout 30\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	for _, name := range []string{"ssh", "scp", "sftp"} {
		real := filepath.Join(filepath.Dir(*sshProgram), name)
		script := fmt.Sprintf("#!/bin/sh\nexec %s -F %s \"$@\"\n", real, conf)
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			return err
		}
	}
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	return nil
}
