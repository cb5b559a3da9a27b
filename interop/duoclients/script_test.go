package duoclients

import (
	"bufio"
	"encoding/json"
	"testing"
)

// pythonLibraries is Debian's python3-duo-client 4.5.0.
func pythonLibraries() []library {
	failed := func(status, _, message string) string { return "RuntimeError: Received " + status + " " + message }
	var out []library
	for _, l := range []library{
		{name: "Python, SHA-1", signer: signer{fit: fit{Version: "v2", Digest: "sha1"}}, open: python("sha1")},
		{name: "Python, SHA-512", signer: signer{fit: fit{Version: "v2", Digest: "sha512"}}, open: python("sha512")},
		{name: "Python, JSON", signer: signer{fit: fit{Version: "v4", Digest: "sha512"}}, open: python("json")},
		{name: "Python, the old dialect", signer: signer{fit: fit{Version: "v2", Digest: "sha1"}}, open: python("v1"), v1: true},
	} {
		l.agent, l.fit.Date, l.fit.Host = "Duo API Python/4.5.0", "date", "host"
		l.refused, l.failed = "ConnectionRefusedError: [Errno 111] Connection refused", failed
		out = append(out, l)
	}
	return out
}

// nodeLibraries is npm's @duosecurity/duo_api 1.5.0.
func nodeLibraries() []library {
	failed := func(_, code, message string) string { return "FAIL " + code + " " + message }
	var out []library
	for _, l := range []library{
		{name: "Node.js, forms", signer: signer{fit: fit{Version: "v2"}}, open: node("2")},
		{name: "Node.js, JSON", signer: signer{fit: fit{Version: "v5"}}, open: node("5")},
	} {
		l.agent, l.fit.Digest, l.fit.Date, l.fit.Host = "duo_api_nodejs/1.5.0", "sha512", "date", "host"
		l.refused, l.failed = "ERROR connect ECONNREFUSED 127.0.0.1:", failed
		out = append(out, l)
	}
	return out
}

func python(kind string) func(*testing.T, target) caller {
	return func(t *testing.T, to target) caller {
		t.Helper()
		to.Kind = kind
		return script(t, to, "/usr/bin/python3", "testdata/client.py")
	}
}

func node(kind string) func(*testing.T, target) caller {
	return func(t *testing.T, to target) caller {
		t.Helper()
		to.Kind = kind
		return script(t, to, "/usr/bin/env", "node", "testdata/client.js")
	}
}

// script is a client in another language: a process that is told a call a line
// and ends with its input.
func script(t *testing.T, to target, argv ...string) caller {
	t.Helper()
	cmd := command(t, nil, argv...)
	var errors syncBuffer
	cmd.Stderr = &errors
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (interop/run.sh installs what is missing)", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", argv[len(argv)-1], err, errors.String())
		}
	})
	lines := bufio.NewScanner(out)
	send := json.NewEncoder(in)
	if err := send.Encode(to); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, name string, params map[string]string) reply {
		t.Helper()
		if err := send.Encode(map[string]any{"call": name, "params": params}); err != nil {
			t.Fatalf("%v\n%s", err, errors.String())
		}
		var r reply
		if !lines.Scan() {
			t.Fatalf("%s ended: %v\n%s", argv[len(argv)-1], lines.Err(), errors.String())
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%v\n%s", err, lines.Bytes())
		}
		return r
	}
}
