package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var readmeBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestTheReadmeWorksWhenPasted runs the README's commands one after the other,
// in a folder where duoplane dev has its files, on whatever port is free.
func TestTheReadmeWorksWhenPasted(t *testing.T) {
	doc, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := readmeBlock.FindAllStringSubmatch(string(doc), -1)
	if len(blocks) != 3 {
		t.Fatalf("got %d blocks of commands, want the server's, the client's and the one on logins", len(blocks))
	}
	if lines := strings.Count(blocks[0][1]+blocks[1][1], "\n"); lines > 10 {
		t.Errorf("the README begins with %d lines to paste; ten are enough", lines)
	}
	_, options, ok := strings.Cut(blocks[0][1], "go run ./cmd/duoplane dev ")
	if !ok || strings.TrimSpace(options) != "--dir=dev" {
		t.Fatalf("the README starts something else:\n%s", blocks[0][1])
	}
	dir := t.TempDir()
	p := startDev(t, "--dir", filepath.Join(dir, "dev"))

	const port = "https://127.0.0.1:8443"
	if !strings.Contains(blocks[1][1], port) {
		t.Fatalf("the README talks to another address than the default one:\n%s", blocks[1][1])
	}
	lines := strings.ReplaceAll(blocks[1][1]+blocks[2][1], port, p.ready.APIURL)
	out := paste(t, dir, strings.ReplaceAll(lines, "curl -sS", "curl -sS -f"))
	for _, want := range []string{
		`"name": "cluster-1"`, `"full": "Duoplane `, `"status": "Ok"`, `"fail_mode": "secure"`, `"comment": "Testing"`, `"auto_push": false`, `"rule": `,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in what the README's commands print:\n%s", want, out)
		}
	}
	groups := p.client(p.ready.AdminPassword).must(200, "GET", "/api/security/authentication/duo/groups?owner.name=svm2", "")
	if !strings.Contains(groups, `"storage-admins"`) {
		t.Errorf("the last command made no group:\n%s", groups)
	}
}
