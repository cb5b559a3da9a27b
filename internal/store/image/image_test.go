package image_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

type thing struct{ n int }

var things = &store.Table[thing]{Name: "things", DocVersion: 1}

func builder(tb testing.TB) *image.Builder {
	tb.Helper()
	tables, err := store.NewTables(things)
	if err != nil {
		tb.Fatal(err)
	}
	return image.NewBuilder(tables)
}

func key(i int) string { return fmt.Sprintf("%08d", i) }

func TestAnImageStaysWhileTheBuilderGoesOn(t *testing.T) {
	b := builder(t)
	var images []*image.Image
	for i := range 300 {
		b.Put("things", key(i), store.Version(i+1), &thing{i})
		images = append(images, b.Image(store.Revision(i+1)))
	}
	b.DeleteUnder("things", "000001")
	b.Delete("things", key(0))
	last := b.Image(400)
	if last.Len("things") != 199 || last.Revision() != 400 {
		t.Errorf("the last image has %d records at %d", last.Len("things"), last.Revision())
	}
	for i, m := range images {
		if m.Len("things") != i+1 || m.Revision() != store.Revision(i+1) {
			t.Fatalf("image %d has %d records at %d", i, m.Len("things"), m.Revision())
		}
		n := 0
		for row := range m.Rows("things", "") {
			if row.Key != key(n) || row.Version != store.Version(n+1) || row.Value.(*thing).n != n {
				t.Fatalf("image %d has %v as record %d", i, row, n)
			}
			n++
		}
	}
}

func TestReadersAndTheBuilderDoNotMeet(t *testing.T) {
	b := builder(t)
	for i := range 1000 {
		b.Load([]image.Record{{Table: "things", Key: key(i), Version: 1, Value: &thing{}}})
	}
	images := make(chan *image.Image)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for m := range images {
				n := 0
				for range m.Rows("things", "") {
					n++
				}
				if _, ok := m.Row("things", key(999)); !ok || n != m.Len("things") {
					t.Errorf("%d rows of %d", n, m.Len("things"))
				}
			}
		})
	}
	for i := range 500 {
		b.Put("things", key(i*7), 2, &thing{})
		b.Delete("things", key(i))
		images <- b.Image(store.Revision(i))
	}
	close(images)
	wg.Wait()
}

func TestALoadedTableTakesLittleMoreThanItsRecords(t *testing.T) {
	const n = 100_000
	records := make([]image.Record, n)
	one := &thing{}
	for i := range records {
		records[i] = image.Record{Table: "things", Key: key(i), Version: 1, Value: one}
	}
	b := builder(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for page := range slices.Chunk(records, 3000) {
		b.Load(page)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	m := b.Image(1)
	at := 0
	for row := range m.Rows("things", "") {
		if row.Key != key(at) {
			t.Fatalf("record %d is %q", at, row.Key)
		}
		at++
	}
	// An entry is 40 bytes: key, version and value.
	if each := (after.HeapAlloc - before.HeapAlloc) / n; at != n || each > 50 {
		t.Errorf("%d records of %d bytes each beside the key, want %d of no more than 50", at, each, n)
	}
	runtime.KeepAlive(records)
}

func TestAnUndeclaredTableIsNotJustEmpty(t *testing.T) {
	m := builder(t).Image(1)
	defer func() {
		if r, ok := recover().(string); !ok || !strings.Contains(r, "nothings") {
			t.Errorf("panic %v", r)
		}
	}()
	m.Len("nothings")
}

func TestTableDeclarations(t *testing.T) {
	for name, codecs := range map[string][]store.Codec{
		"twice":    {things, things},
		"no name":  {&store.Table[thing]{}},
		"bad name": {&store.Table[thing]{Name: "a/b"}},
		"capitals": {&store.Table[thing]{Name: "HEAD"}},
	} {
		if _, err := store.NewTables(codecs...); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func BenchmarkPutIntoAnImage(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			build := builder(b)
			for i := range n {
				build.Load([]image.Record{{Table: "things", Key: key(i), Version: 1, Value: &thing{}}})
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				build.Put("things", key(i*7919%n), 2, &thing{})
				build.Image(store.Revision(i))
			}
		})
	}
}

func BenchmarkRowOfAnImage(b *testing.B) {
	build := builder(b)
	for i := range 100_000 {
		build.Load([]image.Record{{Table: "things", Key: key(i), Version: 1, Value: &thing{}}})
	}
	m := build.Image(1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := m.Row("things", "00050000"); !ok {
			b.Fatal("absent")
		}
	}
}

func BenchmarkAllRowsOfAnImage(b *testing.B) {
	build := builder(b)
	for i := range 100_000 {
		build.Load([]image.Record{{Table: "things", Key: key(i), Version: 1, Value: &thing{i}}})
	}
	m := build.Image(1)
	b.ReportAllocs()
	for b.Loop() {
		sum := 0
		for _, v := range things.All(m, "") {
			sum += v.n
		}
		if sum == 0 {
			b.Fatal("nothing")
		}
	}
}
