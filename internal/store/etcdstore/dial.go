package etcdstore

import (
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

const (
	dialTimeout      = 5 * time.Second
	keepAlive        = 10 * time.Second // a member that fell silent is noticed this soon; etcd bears no pings closer than 5 s
	keepAliveTimeout = 3 * time.Second
)

// dial makes a client of a cluster, which lives until it is closed.
func dial(ctx context.Context, cfg Config) (*clientv3.Client, error) {
	client, err := clientv3.New(clientv3.Config{
		Context:              context.WithoutCancel(ctx),
		Endpoints:            cfg.Endpoints,
		TLS:                  cfg.TLS,
		Username:             cfg.User,
		Password:             cfg.Password.Reveal(), //nolint:forbidigo // this is where it is put to use
		DialTimeout:          dialTimeout,
		DialKeepAliveTime:    keepAlive,
		DialKeepAliveTimeout: keepAliveTimeout,
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: retryFirst, Multiplier: 1.6, Jitter: 0.2, MaxDelay: retryMost},
			MinConnectTimeout: dialTimeout,
		})},
		Logger: zap.NewNop(), // its troubles come back as errors
	})
	if err != nil {
		return nil, fmt.Errorf("etcdstore: connect to etcd at %v: %w", cfg.Endpoints, err)
	}
	return client, nil
}
