package main

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"text/template"
)

// A banner is what duoplane dev tells the person who started it.
type banner struct {
	ready       ready
	dir         string
	autoApprove bool
	sim         *simulator
}

var bannerText = template.Must(template.New("banner").Funcs(template.FuncMap{"quote": shellQuote}).Parse(`
Duoplane, ready to be tried. All of it is temporary and removed at exit.

  REST API       {{.R.APIURL}}/api
  Reference      {{.R.APIURL}}/docs/api
{{- if .R.SSHAddr}}
  SSH            {{.R.SSHAddr}}
{{- end}}
{{- range $svm, $addr := .R.SSHDoors}}
  SSH of an SVM  {{$addr}}, for {{$svm}}'s accounts alone
{{- end}}
{{- if .R.MetricsURL}}
  Metrics        {{.R.MetricsURL}}
{{- end}}
  Account        {{.R.AdminUser}}, password {{.R.AdminPassword}}
  Also           {{.Others}}; the same password
  Cluster        {{.Cluster}} {{.R.ClusterUUID}}
  SVM            {{.SVM}}      {{.R.SVMUUID}}
  Duo, simulated {{.R.SimURL}}; every push {{.Phones}}
  Its phones     {{.R.PhoneURL}}

Paste into another terminal, to read, to change and to create:

  {{.Curl}} '{{.R.APIURL}}/api/security/authentication/duo/profiles?fields=*'

  {{.Curl}} -X PATCH '{{.R.APIURL}}/api/security/authentication/duo/profiles/{{.R.SVMUUID}}' -d '{"comment":"Testing","auto_push":false}'

  {{.Curl}} '{{.R.APIURL}}/api/svm/svms' -d '{"name":"svm2","comment":"my own"}'
{{- if .SSH}}

Log in the way an administrator does, with Duo behind the password:

  {{.SSH}} security login duo show
{{- end}}

Ctrl-C ends it.
`))

func (b banner) print(w io.Writer) error {
	var others []string
	for _, a := range sampleAccounts {
		name := a.name
		if a.svm != "" {
			name = a.svm + `\` + name
		}
		others = append(others, name)
	}
	phones := "waits for its person on the phones' page"
	if b.autoApprove {
		phones = "is approved by itself"
	}
	return bannerText.Execute(w, map[string]any{
		"R": b.ready, "Others": strings.Join(others, ", "), "Cluster": devCluster, "SVM": sampleSVM, "Phones": phones,
		"SSH": sshCommand(b.ready.SSHAddr),
		"Curl": "curl --cacert " + shellQuote(b.ready.CAFile) +
			` -u "` + b.ready.AdminUser + `:$(cat ` + shellQuote(filepath.Join(b.dir, passwordFile)) + `)"`,
	})
}

// sshCommand logs a sample account in; "" without an SSH front end.
func sshCommand(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	return "ssh -p " + port + " alice@" + host
}

// shellQuote makes one word of a text for a POSIX shell.
func shellQuote(s string) string {
	special := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:", r)
	}
	if s != "" && !strings.ContainsFunc(s, special) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
