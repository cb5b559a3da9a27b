package record_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/duoplane/duoplane/internal/record"
)

// crowd makes n records whose fields are spread, but the same in every run.
func crowd(n int) []*profile {
	chance := rand.New(rand.NewPCG(1, 2))
	records := make([]*profile, n)
	for i := range records {
		records[i] = &profile{
			UUID: fmt.Sprintf("%08d-3b70-11f0-9d44-d039ea4b1c20", i), Owner: fmt.Sprintf("svm_%d", i), Key: "DIQ7M2K9T4V1B8N3C6X5",
			Host: fmt.Sprintf("api-%08x.duosecurity.com", chance.Uint32()), Enabled: i%3 > 0, Push: true, Fail: []string{"safe", "secure"}[i%2],
			Prompts: 1 + int64(i%3), Comment: fmt.Sprintf("comment %d", chance.IntN(n)), Status: "Ok",
		}
	}
	return records
}

func BenchmarkMatch100k(b *testing.B) {
	records := crowd(100_000)
	for _, query := range []string{"max_prompts=2", "fail_mode=secure", "api_host=*7f*", "comment=>comment 5", "is_enabled=true&fail_mode=!secure&max_prompts=1..2"} {
		b.Run(query, func(b *testing.B) {
			q := parse(b, profiles, query, record.ListMode)
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, p := range records {
					if q.Match(p) {
						n++
					}
				}
				if n == 0 {
					b.Fatal("nothing matches")
				}
			}
		})
	}
}

func BenchmarkRun100k(b *testing.B) {
	records := crowd(100_000)
	for _, query := range []string{
		"order_by=comment&max_records=100", "order_by=max_prompts,comment desc&max_records=100", "order_by=api_host",
		"max_prompts=2&max_records=100", "max_prompts=2&return_records=false", "owner.uuid=00050000-3b70-11f0-9d44-d039ea4b1c20",
	} {
		b.Run(query, func(b *testing.B) {
			q := parse(b, profiles, query, record.ListMode)
			b.ReportAllocs()
			for b.Loop() {
				from := 0
				if q.From() != nil { // a service seeks in its tree
					from = 50_000
				}
				if _, err := q.Run(b.Context(), stored(profiles, records[from:], q.From()), ok); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkProject(b *testing.B) {
	p := crowd(1)[0]
	sel := profiles.All()
	b.ReportAllocs()
	for b.Loop() {
		if profiles.Project(p, sel).IsZero() {
			b.Fatal("nothing")
		}
	}
}

func BenchmarkParseQuery(b *testing.B) {
	list := params(b, "fields=fail_mode,max_prompts&is_enabled=true&max_records=100")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := profiles.ParseQuery(list, record.ListMode); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadBody(b *testing.B) {
	body := []byte(`{"api_host":"api-3f9c21ab.duosecurity.com","integration_key":"DIQ7M2K9T4V1B8N3C6X5","secret_key":"s","owner.name":"svm_eng","fail_mode":"secure","auto_push":false,"max_prompts":2}`)
	b.ReportAllocs()
	for b.Loop() {
		in, err := profiles.ReadBody(body, record.Create)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := in.New(); err != nil {
			b.Fatal(err)
		}
	}
}
