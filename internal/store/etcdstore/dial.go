package etcdstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	dialTimeout      = 5 * time.Second
	keepAlive        = 10 * time.Second // a member that fell silent is noticed this soon; etcd bears no pings closer than 5 s
	keepAliveTimeout = 3 * time.Second
)

// dial makes a client of a cluster, which lives until it is closed. With a user
// that takes an answer of the cluster, which is waited for until ctx ends: one
// that just starts, or has no leader, has none yet.
func dial(ctx context.Context, cfg Config) (*clientv3.Client, error) {
	for wait := retryFirst; ; wait = pause(ctx, wait) {
		client, err := connect(ctx, cfg)
		if err == nil {
			return client, nil
		}
		if ctx.Err() != nil || !passes(err) {
			return nil, fmt.Errorf("etcdstore: connect to etcd at %v: %w", cfg.Endpoints, err)
		}
	}
}

// passes reports whether the same may work later.
func passes(err error) bool {
	code := status.Code(err)
	if named, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		code = named.Code()
	}
	return code == codes.Unavailable || code == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded)
}

func connect(ctx context.Context, cfg Config) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Context:              context.WithoutCancel(ctx),
		Endpoints:            cfg.Endpoints,
		TLS:                  cfg.TLS,
		Username:             cfg.User,
		Password:             cfg.Password.Reveal(), //nolint:forbidigo // this is where it is put to use
		DialTimeout:          dialTimeout,
		DialKeepAliveTime:    keepAlive,
		DialKeepAliveTimeout: keepAliveTimeout,
		DialOptions: []grpc.DialOption{
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: retryFirst, Multiplier: 1.6, Jitter: 0.2, MaxDelay: retryMost},
				MinConnectTimeout: dialTimeout,
			}),
			grpc.WithChainStreamInterceptor(cfg.countWatches),
		},
		Logger: zap.NewNop(), // its troubles come back as errors
	})
}

// countWatches counts the streams over which etcd tells of changes: the client
// opens another by itself where a connection was lost, and says so to nobody.
func (cfg *Config) countWatches(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	open grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, cc, method, opts...)
	if err == nil && method == etcdserverpb.Watch_Watch_FullMethodName && cfg.watches != nil {
		cfg.watches.Add(1)
	}
	return stream, err
}
