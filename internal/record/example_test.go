package record_test

import (
	"context"
	"fmt"

	"github.com/duoplane/duoplane/internal/record"
)

// A resource declares its fields once; reading, filtering, ordering and
// showing its records follow from the rows.
func Example() {
	type disk struct {
		Name string
		Size int64
	}
	disks := record.NewSchema("disk",
		record.Field[disk]{
			Path: "name", Kind: record.String, Use: record.Key | record.Required | record.CreateOnly,
			Get: func(d *disk) record.Value { return record.Text(d.Name) },
			Set: func(d *disk, v record.Value) { d.Name = v.Str() },
		},
		record.Field[disk]{
			Path: "size", Kind: record.Int, Min: 1, Max: 64, Default: record.Integer(8),
			Get: func(d *disk) record.Value { return record.Integer(d.Size) },
			Set: func(d *disk, v record.Value) { d.Size = v.Int() },
		},
	)

	var all []*disk
	for _, body := range []string{`{"name":"a"}`, `{"name":"b","size":"16"}`, `{"name":"c","size":32}`, `{"name":"d","size":99}`} {
		in, err := disks.ReadBody([]byte(body), record.Create)
		if err != nil {
			fmt.Println(err)
			continue
		}
		d, err := in.New()
		if err != nil {
			fmt.Println(err)
			continue
		}
		all = append(all, d)
	}
	rows := func(yield func(*disk, error) bool) {
		for _, d := range all {
			if !yield(d, nil) {
				return
			}
		}
	}

	next := []record.Param{{Name: "size", Value: ">8"}, {Name: "order_by", Value: "size desc"}, {Name: "max_records", Value: "1"}}
	for next != nil {
		q, err := disks.ParseQuery(next, record.ListMode)
		if err != nil {
			fmt.Println(err)
			return
		}
		page, err := q.Run(context.Background(), rows, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, d := range page.Records {
			fmt.Println(disks.Project(d, q.Selection()))
		}
		next = page.Next
	}

	// Output:
	// The value "99" is invalid for field "size" (<1..64>)
	// {name=c size=32}
	// {name=b size=16}
}
