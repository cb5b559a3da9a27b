package rest

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
)

func TestSplitPath(t *testing.T) {
	for _, c := range []struct {
		name, path string
		want       []string
		code       fault.Code
	}{
		{name: "segments are split at slashes", path: "/api/cluster", want: []string{"api", "cluster"}},
		{name: "a trailing slash is accepted", path: "/api/cluster/", want: []string{"api", "cluster"}},
		{name: "doubled slashes count once", path: "//api///cluster", want: []string{"api", "cluster"}},
		{name: "an encoded slash is part of a key", path: "/g/a%2Fb", want: []string{"g", "a/b"}},
		{name: "an encoded slash beside ordinary ones", path: "/g/%2Fapi%2Fcluster/x%20y", want: []string{"g", "/api/cluster", "x y"}},
		{name: "dot segments are resolved", path: "/api/security/../cluster/./x", want: []string{"api", "cluster", "x"}},
		{name: "dot segments stop at the root", path: "/../../api", want: []string{"api"}},
		{name: "encoded dots are a key", path: "/g/%2E%2E", want: []string{"g", ".."}},
		{name: "one encoded dot is a key", path: "/g/%2e", want: []string{"g", "."}},
		{name: "a plus stays a plus", path: "/g/a+b", want: []string{"g", "a+b"}},
		{name: "the root has no segments", path: "/", want: nil},
		{name: "a NUL byte is refused", path: "/g/a%00b", code: fault.BadRequest},
		{name: "bytes that are not UTF-8 are refused", path: "/g/%ff", code: fault.BadRequest},
		{name: "a path too deep names nothing", path: "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", code: fault.NoSuchAPI},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := url.ParseRequestURI(c.path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := splitPath(u, nil)
			if fault.CodeOf(err) != c.code {
				t.Fatalf("splitPath(%q) error %v, want code %q", c.path, err, c.code)
			}
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("splitPath(%q): got -, want +\n%s", c.path, diff)
			}
		})
	}
}

func TestAPlusInAPathMayStandForASpace(t *testing.T) {
	u, err := url.ParseRequestURI("/g/two+words%2Band+more")
	if err != nil {
		t.Fatal(err)
	}
	spaced, ok := spacedURL(u)
	if !ok {
		t.Fatal("the plus was not found")
	}
	got, err := splitPath(spaced, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, []string{"g", "two words+and more"}); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	if u, _ := url.ParseRequestURI("/g/a%2Bb"); u != nil {
		if _, ok := spacedURL(u); ok {
			t.Error("an encoded plus was taken for a space")
		}
	}
}

// FuzzPathKeys checks that every key survives its way into a link and back,
// and that no path makes the splitter panic or hand out text it must refuse.
func FuzzPathKeys(f *testing.F) {
	for _, s := range []string{"storage-admins", `CORP\admins`, "a/b", "..", ".", "a b+c", "100%", "ä\u2028", "\x00", "\xff", "%2F"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, key, raw string) {
		if u, err := url.ParseRequestURI("/" + raw); err == nil {
			segments, err := splitPath(u, nil)
			for _, s := range segments {
				if checkText(s) != nil || s == "" {
					t.Errorf("path %q gave the segment %q", raw, s)
				}
			}
			if err != nil && segments != nil {
				t.Errorf("path %q gave both segments and %v", raw, err)
			}
		}
		if key == "" || checkText(key) != nil {
			return
		}
		href := string(appendEscaped([]byte("/api/groups/"), key))
		u, err := url.ParseRequestURI(href)
		if err != nil {
			t.Fatalf("the link %q of key %q does not parse: %v", href, key, err)
		}
		got, err := splitPath(u, nil)
		if err != nil {
			t.Fatalf("the link %q of key %q is refused: %v", href, key, err)
		}
		if diff := cmp.Diff(got, []string{"api", "groups", key}); diff != "" {
			t.Errorf("link %q: got -, want +\n%s", href, diff)
		}
	})
}
