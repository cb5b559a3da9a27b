package etcdstore

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/duoplane/duoplane/internal/store"
)

// elder is the client of an etcd before 3.7.
type elder struct{ clientv3.KV }

func (elder) GetStream(context.Context, string, ...clientv3.OpOption) (clientv3.GetStreamChan, error) {
	answers := make(chan clientv3.RangeStreamResponse)
	close(answers)
	return answers, status.Error(codes.Unimplemented, "unknown method RangeStream")
}

// filled returns a store on an etcd with a socket, with n records and one key
// of somebody else's before and after them.
func filled(t *testing.T, n int) *Store {
	t.Helper()
	ctx := t.Context()
	s, err := Open(ctx, Config{Endpoints: []string{startSocket(t)}, Tables: []store.Codec{samples}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, foreign := range []string{"/duoplane/v0", "/duoplane/v2/samples/x"} {
		if _, err := s.client.Put(ctx, foreign, "{}"); err != nil {
			t.Fatal(err)
		}
	}
	for from := 0; from < n; from += 100 {
		var changes []store.Change
		for i := from; i < min(from+100, n); i++ {
			changes = append(changes, samples.Put(fmt.Sprintf("%06d", i), 0, aSample()))
		}
		if _, err := s.Commit(ctx, changes...); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestAnOlderEtcdGivesTheSameRecordsPageByPage(t *testing.T) {
	s := filled(t, 2*pageLeast+1)
	read := func() (keys []string, rev store.Revision) {
		rev, err := s.fetch(t.Context(), func(kvs []*mvccpb.KeyValue) error {
			for _, kv := range kvs {
				keys = append(keys, fmt.Sprintf("%s@%d=%s", kv.Key, kv.ModRevision, kv.Value))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return keys, rev
	}
	streamed, at := read()
	s.client.KV = elder{s.client.KV}
	paged, pagedAt := read()
	if diff := cmp.Diff(streamed, paged); diff != "" || at != pagedAt {
		t.Errorf("at %d and %d (-streamed +paged):\n%s", at, pagedAt, diff)
	}
	if want := 2*pageLeast + 2; len(streamed) != want { // and the head
		t.Errorf("%d keys, want %d", len(streamed), want)
	}
	if at != s.mirror.revision() {
		t.Errorf("at revision %d, the mirror is at %d", at, s.mirror.revision())
	}
}

func TestALoadThatIsGivenUpEndsItsStream(t *testing.T) {
	s := filled(t, 1000)
	enough := errors.New("enough")
	for name, fetch := range map[string]func(context.Context, func([]*mvccpb.KeyValue) error) (store.Revision, error){
		"stream": s.stream, "pages": s.pages,
	} {
		calls := 0
		_, err := fetch(t.Context(), func([]*mvccpb.KeyValue) error { calls++; return enough })
		if !errors.Is(err, enough) || calls != 1 {
			t.Errorf("%s: %v after %d calls, want the caller's own error after one", name, err, calls)
		}
	}
}
