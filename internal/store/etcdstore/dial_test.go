package etcdstore_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

// A doorkeeper is an etcd that answers nothing but who wants to be
// authenticated: with one error after the other, and the last for ever.
type doorkeeper struct {
	etcdserverpb.UnimplementedAuthServer

	mu     sync.Mutex // guards what follows
	errors []error
}

func (d *doorkeeper) Authenticate(context.Context, *etcdserverpb.AuthenticateRequest) (*etcdserverpb.AuthenticateResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.errors[0]
	if len(d.errors) > 1 {
		d.errors = d.errors[1:]
	}
	return nil, err
}

// TestAClusterThatKnowsNobodyYetIsWaitedFor has a cluster refuse a password
// only once it has a leader and time.
func TestAClusterThatKnowsNobodyYetIsWaitedFor(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door := &doorkeeper{errors: []error{
		status.Error(codes.DeadlineExceeded, "slow"), rpctypes.ErrGRPCNoLeader, rpctypes.ErrGRPCTimeout, rpctypes.ErrGRPCAuthFailed,
	}}
	server := grpc.NewServer()
	etcdserverpb.RegisterAuthServer(server, door)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	_, err = etcdstore.Open(t.Context(), etcdstore.Config{
		Endpoints: []string{"http://" + ln.Addr().String()}, User: "root", Password: secret.NewText("wrong"),
		Tables: []store.Codec{things}, Logger: logger(t),
	})
	if !errors.Is(err, rpctypes.ErrAuthFailed) {
		t.Errorf("got %v", err)
	}
}
