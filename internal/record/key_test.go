package record_test

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// A slot has a key of every kind that a key may have.
type slot struct {
	UUID, Door string
	Number     int64
}

var slots = record.NewSchema("slot",
	record.Field[slot]{
		Path: "owner.uuid", Kind: record.UUID, Use: record.Key | record.CreateOnly,
		Get: func(s *slot) record.Value { return record.Text(s.UUID) },
		Set: func(s *slot, v record.Value) { s.UUID = v.Str() },
	},
	record.Field[slot]{
		Path: "door", Flag: "door", Kind: record.Enum, Enum: []string{"front", "back"}, Use: record.Key | record.CreateOnly,
		Get: func(s *slot) record.Value { return record.Text(s.Door) },
		Set: func(s *slot, v record.Value) { s.Door = v.Str() },
	},
	record.Field[slot]{
		Path: "number", Flag: "number", Kind: record.Int, Max: 99, Use: record.Key | record.CreateOnly,
		Get: func(s *slot) record.Value { return record.Integer(s.Number) },
		Set: func(s *slot, v record.Value) { s.Number = v.Int() },
	},
)

// house is two owners' slots in order of key.
func house() []slot {
	return []slot{{"ab1", "back", 0}, {"ab1", "back", 9}, {"ab1", "back", 10}, {"ab1", "front", 2}, {"cd2", "back", 1}}
}

func slotRows(from []string) iter.Seq2[*slot, error] {
	return func(yield func(*slot, error) bool) {
		for _, s := range house() {
			if key := slots.KeyOf(&s); len(from) > 0 && key[0] < from[0] {
				continue
			}
			if !yield(&s, nil) {
				return
			}
		}
	}
}

// slotPage answers a query in short: "ab1/back/9 ab1/back/10".
func slotPage(t *testing.T, query string) (list, next string) {
	t.Helper()
	q := parse(t, slots, query, record.ListMode)
	p, err := q.Run(t.Context(), slotRows(q.From()), nil)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, s := range p.Records {
		keys = append(keys, strings.Join(slots.KeyOf(s), "/"))
	}
	return strings.Join(keys, " "), spell(p.Next)
}

func TestUUIDsAreReadInAnyLetterCase(t *testing.T) {
	const ab1 = "ab1/back/0 ab1/back/9 ab1/back/10 ab1/front/2"
	for query, want := range map[string]string{
		"owner.uuid=AB1":                         ab1,
		"owner.uuid=!AB1":                        "cd2/back/1",
		"owner.uuid=A*":                          ab1,
		"owner.uuid=AB1|CD2":                     ab1 + " cd2/back/1",
		"owner.uuid=AB0..AB9":                    ab1,
		"owner.uuid=>=CD2":                       "cd2/back/1",
		`owner.uuid="CD2"`:                       "cd2/back/1",
		"start.owner.uuid=CD2":                   "cd2/back/1",
		"order_by=owner.uuid desc&owner.uuid=C*": "cd2/back/1",
	} {
		if got, _ := slotPage(t, query); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	fromBody, err := slots.ReadBody([]byte(`{"owner":{"uuid":"AB1"}}`), record.Create)
	fromFlags, flagsErr := slots.ReadFlags([]record.Param{{Name: "owner.uuid", Value: "AB1"}}, record.Create)
	if err != nil || flagsErr != nil || fromBody.Get("owner.uuid").Str() != "ab1" || fromFlags.Get("owner.uuid").Str() != "ab1" {
		t.Errorf("a body: %v, %v; flags: %v, %v", fromBody.Get("owner.uuid"), err, fromFlags.Get("owner.uuid"), flagsErr)
	}
}

func TestANumberInAKeyOrdersAsANumber(t *testing.T) {
	const all = "ab1/back/0 ab1/back/9 ab1/back/10 ab1/front/2 cd2/back/1"
	query, seen := "max_records=1", []string{}
	for query != "" {
		list, next := slotPage(t, query)
		seen, query = append(seen, list), next
	}
	if got := strings.Join(seen, " "); got != all {
		t.Errorf("page by page: got %q, want %q", got, all)
	}
	for query, want := range map[string]string{
		"start.owner.uuid=ab1&start.door=back&start.number=10": "ab1/back/10 ab1/front/2 cd2/back/1",
		"start.owner.uuid=ab1&start.door=back&start.number=0":  all,
		"start.owner.uuid=ab1&start.door=front":                "ab1/front/2 cd2/back/1",
		"order_by=number&start.number=9":                       "ab1/back/9 ab1/back/10",
		"number=09":                                            "ab1/back/9",
		"number=>=9":                                           "ab1/back/9 ab1/back/10",
	} {
		if got, _ := slotPage(t, query); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

func TestAPageBeginsAtAWholeKey(t *testing.T) {
	for _, tt := range []struct {
		query  string
		code   fault.Code
		target string
	}{
		{"start.door=back", fault.MissingField, "start.owner.uuid"},
		{"start.owner.uuid=&start.door=back", fault.MissingField, "start.owner.uuid"},
		{"start.owner.uuid=ab1&start.number=3", fault.MissingField, "start.door"},
		{"start.door=back&start.number=3&order_by=number", fault.MissingField, "start.owner.uuid"},
		{"start.owner.uuid=ab1&start.door=back&start.number=x", fault.BadValue, "number"},
	} {
		_, err := slots.ParseQuery(params(t, tt.query), record.ListMode)
		wantFault(t, err, tt.code, tt.target, "")
	}
}

func TestKeysAreReadAsTheyAreSpelled(t *testing.T) {
	for _, tt := range []struct {
		given, want []string
	}{
		{[]string{"ab1", "back", "10"}, []string{"ab1", "back", "10"}},
		{[]string{"AB1", "BACK", "007"}, []string{"ab1", "back", "7"}},
		{[]string{"ab1", "back"}, nil},
		{[]string{"ab1", "", "1"}, nil},
		{[]string{"ab1", "side", "1"}, nil},
		{[]string{"ab1", "back", "ten"}, nil},
		{[]string{"ab1", "back", "100"}, nil},
		{[]string{"ab1", "back", "-1"}, nil},
	} {
		got, ok := slots.ReadKey(tt.given)
		if ok != (tt.want != nil) || !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, %v, want %q", tt.given, got, ok, tt.want)
		}
	}
	long := strings.Repeat("x", 5000)
	if got, ok := accounts.ReadKey([]string{"ab1", long}); !ok || got[1] != long {
		t.Errorf("a name that is too long to exist: %v, "+strconv.Itoa(len(got)), ok)
	}
}
