package duoplane

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/duoplane/duoplane/bench/load"
	"github.com/duoplane/duoplane/bench/process"
)

// Where things are in the REST API.
const (
	ProfilesPath = "/api/security/authentication/duo/profiles"
	AccountsPath = "/api/security/accounts"
	SVMsPath     = "/api/svm/svms"
)

// Password is the administrator's in every server that is measured; what is
// measured is on 127.0.0.1 and gone with its folder.
const Password = "b3nch-on-this-machine"

// A Server is a running "duoplane serve".
type Server struct {
	*process.Process
	// Endpoint has the administrator's credentials.
	Endpoint    load.Endpoint
	TLS         *tls.Config // trusts the server, as Endpoint does
	APIURL      string      `json:"api_url"`
	CAFile      string      `json:"ca_file"`
	AdminUser   string      `json:"admin_user"`
	ClusterUUID string      `json:"cluster_uuid"`
	SSHAddr     string      `json:"ssh_addr"`
}

// Serve starts a server on a data directory, which it makes when there is
// none. More options may follow.
func Serve(ctx context.Context, binary, dataDir string, args ...string) (*Server, error) {
	s := new(Server)
	c := process.Command{
		Program: binary, Env: []string{"DUOPLANE_ADMIN_PASSWORD=" + Password}, Ready: filepath.Clean(dataDir) + ".json",
	}
	c.Args = append([]string{"serve", "--data-dir", dataDir, "--api-listen", "127.0.0.1:0", "--ssh-listen", "127.0.0.1:0", "--ready-file", c.Ready}, args...)
	var err error
	if s.Process, err = process.Start(ctx, c, s); err != nil {
		return nil, err
	}
	if err := s.trust(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) trust() (err error) {
	if s.TLS, err = load.Trusting(s.CAFile); err != nil {
		return err
	}
	s.Endpoint, err = load.NewEndpoint(s.APIURL, s.TLS)
	s.Endpoint = s.Endpoint.Basic(s.AdminUser, Password)
	return err
}

// Do sends one request as the administrator, with an ordinary client, and
// returns header and body of the answer, whose status must be the one given.
func (s *Server) Do(ctx context.Context, method, path, body string, status int) (header http.Header, text []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, s.APIURL+path, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Authorization", s.Endpoint.Authorization)
	req.Header.Set("Accept", "application/json")
	transport := &http.Transport{TLSClientConfig: s.TLS, DisableKeepAlives: true, DisableCompression: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if text, err = io.ReadAll(resp.Body); err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != status {
		return nil, nil, fmt.Errorf("%s %s: %s\n%s", method, path, resp.Status, text)
	}
	return resp.Header, text, nil
}
