package main

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// halfRequest sends a PATCH of the cluster's profile up to the middle of its
// body, so that the server has a request under way.
func halfRequest(t *testing.T, p *program) (conn net.Conn, rest string) {
	t.Helper()
	tr := p.client(p.ready.AdminPassword).http.Transport.(*http.Transport)
	conn, err := tls.Dial("tcp", strings.TrimPrefix(p.ready.APIURL, "https://"), tr.TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	body := `{"comment":"sent before the end, answered after it"}`
	credential := base64.StdEncoding.EncodeToString([]byte("admin:" + p.ready.AdminPassword))
	_, err = fmt.Fprintf(conn, "PATCH /api/security/authentication/duo/profiles/%s HTTP/1.1\r\nHost: duoplane\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		p.ready.ClusterUUID, credential, len(body))
	if err != nil {
		t.Fatal(err)
	}
	// The server asks for the body once the request is in its hands.
	line, err := bufio.NewReaderSize(io.LimitReader(conn, int64(len("HTTP/1.1 100 Continue\r\n\r\n"))), 64).ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q, %v", line, err)
	}
	return conn, body
}

// refused waits until nothing listens any more.
func refused(t *testing.T, p *program) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.ready.APIURL, "https://"))
		if err != nil {
			return
		}
		_ = conn.Close()
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("it listens still")
		}
	}
}

func TestARequestUnderWayIsAnsweredAtTheEnd(t *testing.T) {
	p := startDev(t)
	conn, rest := halfRequest(t, p)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	refused(t, p)
	if _, err := io.WriteString(conn, rest); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("got %s", res.Status)
	}
	if code := p.wait(); code != exitOK {
		t.Errorf("it ended with %d:\n%s", code, p.output())
	}
}

func TestWhoTakesTooLongIsCutOff(t *testing.T) {
	p := startDev(t, "--shutdown-timeout=50ms")
	halfRequest(t, p)
	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Errorf("it ended with %d:\n%s", code, p.output())
	}
	if !strings.Contains(p.stderr.String(), "requests under way were cut off") {
		t.Errorf("nothing tells that a request was cut off:\n%s", p.stderr.String())
	}
}

func TestASecondSignalEndsItAtOnce(t *testing.T) {
	p := startDev(t, "--shutdown-timeout=1h")
	halfRequest(t, p)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	refused(t, p)
	if code := p.signal(syscall.SIGTERM); code != -1 {
		t.Errorf("it ended with %d, not by the signal:\n%s", code, p.output())
	}
}
