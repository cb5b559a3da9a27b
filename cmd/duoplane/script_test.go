package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts the real program, and a small curl, ssh and etcd, into the PATH of every
// test: go test needs nothing but Go.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"duoplane": main, "curl": curlMain, "ssh": sshMain, "askpass": askpassMain, "etcd": etcdMain})
}

// TestScripts runs the scenarios in testdata.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready": cmdReady,
			"mode":  cmdMode,
			"code":  cmdCode,

			"login_config": cmdLoginConfig,
		},
	})
}

// cmdReady waits for a ready file and puts its fields into variables.
func cmdReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready file")
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for {
		select {
		case <-limit:
			ts.Fatalf("%s does not appear", args[0])
		case <-tick.C:
		}
		doc, err := os.ReadFile(ts.MkAbs(args[0]))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		ts.Check(err)
		ts.Check(exportReady(doc, ts.Setenv))
		return
	}
}

// exportReady puts the fields of a ready file into variables: "api_url" becomes
// $API_URL. Host and port of the API are $API_ADDRESS, of Duo $SIM_HOST, those
// of SSH $SSH_HOST and $SSH_PORT, and the port of an SVM's door is $SSH_PORT_ with its name.
func exportReady(doc []byte, set func(name, value string)) error {
	var fields map[string]any
	if err := json.Unmarshal(doc, &fields); err != nil {
		return err
	}
	for name, value := range fields {
		if text, ok := value.(string); ok {
			set(strings.ToUpper(name), text)
		}
	}
	var r ready
	if err := json.Unmarshal(doc, &r); err != nil {
		return err
	}
	for name, url := range map[string]string{"API_ADDRESS": r.APIURL, "SIM_HOST": r.SimURL} {
		if url != "" {
			set(name, strings.TrimPrefix(url, "https://"))
		}
	}
	if host, port, err := net.SplitHostPort(r.SSHAddr); err == nil {
		set("SSH_HOST", host)
		set("SSH_PORT", port)
	}
	for svm, addr := range r.SSHDoors {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		set("SSH_PORT_"+strings.ToUpper(svm), port)
	}
	return nil
}

// cmdMode compares files' permissions with the first argument.
func cmdMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode 0600 file...")
	}
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, not %s", name, got, args[0])
		}
	}
}

// cmdCode runs a program that has to end with an exit code.
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code 2 program arguments...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("%s ended with %d, not %s", args[1], got, args[0])
	}
}

// curlMain is as much of curl as the README and the scenarios use. It prints
// the body and ends with 22 for an answer of 400 or above when -f was given.
func curlMain() {
	if err := curl(os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(22)
	}
}

func curl(args []string, out io.Writer) error {
	var (
		method, user, body, ca, agent, format string
		fail                                  bool
		header                                = http.Header{}
	)
	fs := flag.NewFlagSet("curl", flag.ContinueOnError)
	fs.StringVar(&method, "X", "", "method")
	fs.StringVar(&user, "u", "", "user:password")
	fs.StringVar(&body, "d", "", "body")
	fs.StringVar(&ca, "cacert", "", "file of authorities")
	fs.StringVar(&agent, "A", "curl/8", "user agent")
	fs.StringVar(&format, "w", "", "what to print afterwards; %{http_code} alone is known")
	fs.BoolVar(&fail, "f", false, "fail on an answer of 400 or above")
	fs.Bool("s", false, "no progress")
	fs.Bool("sS", false, "no progress")
	fs.Func("H", "header", func(line string) error {
		name, value, _ := strings.Cut(line, ":")
		header.Set(name, strings.TrimSpace(value))
		return nil
	})
	var urls []string
	for rest := args; len(rest) > 0; rest = fs.Args() {
		if !strings.HasPrefix(rest[0], "-") {
			urls, rest = append(urls, rest[0]), rest[1:]
		}
		if err := fs.Parse(rest); err != nil {
			return err
		}
	}
	if len(urls) != 1 {
		return fmt.Errorf("want one URL, got %q", urls)
	}
	if body != "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		if method == "" {
			method = http.MethodPost
		}
	}
	req, err := http.NewRequestWithContext(context.Background(), method, urls[0], strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", "*/*")
	if name, password, ok := strings.Cut(user, ":"); ok {
		req.SetBasicAuth(name, password)
	}
	roots := x509.NewCertPool()
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return err
		}
		roots.AppendCertsFromPEM(pem)
	}
	web := http.Client{
		Timeout:   startLimit,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
	}
	res, err := web.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if _, err := io.Copy(out, res.Body); err != nil {
		return err
	}
	_, _ = io.WriteString(out, strings.NewReplacer("%{http_code}", fmt.Sprint(res.StatusCode), `\n`, "\n").Replace(format))
	if fail && res.StatusCode >= 400 {
		return fmt.Errorf("the requested URL returned error: %d", res.StatusCode)
	}
	return nil
}
