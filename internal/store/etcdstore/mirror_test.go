package etcdstore

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

// A tester has a mirror that starts empty at revision 10.
type tester struct {
	m    *mirror
	seen *view
}

func newTester(t *testing.T) *tester {
	t.Helper()
	tables, err := store.NewTables(samples)
	if err != nil {
		t.Fatal(err)
	}
	tt := &tester{}
	tt.m = &mirror{keys: &keyspace{DefaultPrefix, tables}, publish: func(v *view) { tt.seen = v }}
	tt.m.replace(image.NewBuilder(tables), 10)
	return tt
}

// rows returns each key with its comment and version.
func (tt *tester) rows() map[string]string {
	rows := map[string]string{}
	for row := range tt.seen.image.Rows("samples", "") {
		rows[row.Key] = row.Value.(*sample).Comment + "@" + strconv.Itoa(int(row.Version))
	}
	return rows
}

func putStep(key, comment string) step {
	return step{store.Put, "samples", key, &sample{Comment: comment}}
}

// notification is what the watch says of some changes, all at one revision.
func notification(rev int64, steps ...step) clientv3.WatchResponse {
	resp := clientv3.WatchResponse{Header: &etcdserverpb.ResponseHeader{Revision: rev}}
	for _, s := range steps {
		e := &clientv3.Event{Type: clientv3.EventTypeDelete, Kv: &mvccpb.KeyValue{Key: []byte(DefaultPrefix + "samples/" + s.key), ModRevision: rev}}
		if s.op == store.Put {
			doc, err := samples.Encode(s.value)
			if err != nil {
				panic(err)
			}
			e.Type, e.Kv.Value = clientv3.EventTypePut, doc
		}
		resp.Events = append(resp.Events, e)
	}
	return resp
}

func TestACommitWaitsForWhatIsBeforeIt(t *testing.T) {
	tt := newTester(t)
	tt.m.commit(13, []step{putStep("a", "third"), {op: store.DeleteUnder, table: "samples", key: "b"}})
	tt.m.commit(12, []step{putStep("a", "second"), putStep("b", "gone"), putStep("bb", "gone")})
	if got := tt.seen.image.Revision(); got != 10 || len(tt.rows()) != 0 {
		t.Errorf("at %d: %v, though 11 is unknown", got, tt.rows())
	}
	if err := tt.m.notified([]clientv3.WatchResponse{notification(11, putStep("a", "first"))}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "third@13"}, tt.rows()); diff != "" || tt.seen.image.Revision() != 13 {
		t.Errorf("at %d (-want +got):\n%s", tt.seen.image.Revision(), diff)
	}
	again := []clientv3.WatchResponse{notification(12, putStep("a", "second"), putStep("b", "gone")), notification(13, putStep("a", "third"))}
	if err := tt.m.notified(again); err != nil {
		t.Fatal(err)
	}
	tt.m.commit(12, []step{putStep("a", "second")})
	if diff := cmp.Diff(map[string]string{"a": "third@13"}, tt.rows()); diff != "" || len(tt.m.early) != 0 {
		t.Errorf("told again, %d early (-want +got):\n%s", len(tt.m.early), diff)
	}
}

func TestProgressOfOthersLetsACommitThrough(t *testing.T) {
	tt := newTester(t)
	tt.m.commit(15, []step{putStep("a", "x")})
	if err := tt.m.notified([]clientv3.WatchResponse{notification(14)}); err != nil {
		t.Fatal(err)
	}
	if tt.seen.image.Revision() != 15 || len(tt.rows()) != 1 {
		t.Errorf("at %d: %v", tt.seen.image.Revision(), tt.rows())
	}
}

func TestAMirrorThatCannotReadARecordIsBlindUntilItIsReplaced(t *testing.T) {
	tt := newTester(t)
	bad := notification(11, putStep("a", "x"), putStep("b", "y"))
	bad.Events[1].Kv.Value = []byte(`{"v":9,"d":{}}`)
	unreadable, ok := errors.AsType[*unreadableError](tt.m.notified([]clientv3.WatchResponse{bad}))
	if !ok || unreadable.table != "samples" || unreadable.key != "b" || tt.seen.err == nil {
		t.Errorf("error %v, view %v", unreadable, tt.seen)
	}
	tt.m.commit(12, []step{putStep("c", "z")})
	if tt.seen.err == nil {
		t.Error("a commit made it see again")
	}
	tt.m.replace(image.NewBuilder(tt.m.keys.tables), 12)
	if tt.seen.err != nil || tt.seen.image.Revision() != 12 {
		t.Errorf("after replace: %v", tt.seen.err)
	}
}

// TestEveryOrderOfNewsGivesTheSameImage tells a mirror of the same history in
// random ways: each revision by the watch, and some by a commit before or
// after it.
func TestEveryOrderOfNewsGivesTheSameImage(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		tt := newTester(t)
		want := map[string]string{}
		var history [][]step
		for rev := int64(11); rev < 40; rev++ {
			key := strconv.Itoa(random.IntN(5))
			if random.IntN(4) == 0 {
				history = append(history, []step{{op: store.Delete, table: "samples", key: key}})
				delete(want, key)
				continue
			}
			comment := strconv.Itoa(random.Int())
			history = append(history, []step{putStep(key, comment)})
			want[key] = comment + "@" + strconv.FormatInt(rev, 10)
		}
		told := 0 // by the watch
		for told < len(history) {
			if i := random.IntN(len(history)); random.IntN(3) > 0 {
				tt.m.commit(store.Revision(11+i), history[i])
				continue
			}
			n := 1 + random.IntN(min(5, len(history)-told))
			var batch []clientv3.WatchResponse
			for i := told; i < told+n; i++ {
				batch = append(batch, notification(int64(11+i), history[i]...))
			}
			told += n
			if err := tt.m.notified(batch); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, tt.rows()); diff != "" || tt.seen.image.Revision() != 39 {
			t.Fatalf("seed %d, at %d (-want +got):\n%s", seed, tt.seen.image.Revision(), diff)
		}
	}
}
