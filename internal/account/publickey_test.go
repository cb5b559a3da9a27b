package account_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// newKey makes a key pair's public half.
func newKey(tb testing.TB) ssh.PublicKey {
	tb.Helper()
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func line(k ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k))) }

func (w *world) createKey(caller svm.Caller, body string) (*account.PublicKey, error) {
	in, err := w.accounts.PublicKeys().Schema().ReadBody([]byte(body), record.Create)
	if err != nil {
		return nil, err
	}
	made, err := w.accounts.PublicKeys().Create(w.Context(), caller, in)
	return made.Record, err
}

func (w *world) mustCreateKey(k ssh.PublicKey) *account.PublicKey {
	w.Helper()
	made, err := w.createKey(w.admin, fmt.Sprintf(`{"account":{"name":%q},"public_key":%q}`, "alice", line(k)))
	if err != nil {
		w.Fatal(err)
	}
	return made
}

func (w *world) offer(user string, k ssh.PublicKey) (account.Principal, error) {
	return w.accounts.AuthorizeKey(w.Context(), account.KeyOffer{User: user, Key: k.Marshal(), From: home, Via: "ssh"})
}

func sshAccount(methods, second string) string {
	return fmt.Sprintf(`{"name":"alice","password":"correct horse 1","applications":[{"application":"ssh",
		"authentication_methods":[%s],"second_authentication_method":%q}]}`, methods, second)
}

func TestAKeyOpensItsAccountOverSSH(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(sshAccount(`"publickey"`, "none"))
	mine, other := newKey(t), newKey(t)
	if made := w.mustCreateKey(mine); made.Fingerprint != ssh.FingerprintSHA256(mine) {
		t.Errorf("fingerprint %s, want %s", made.Fingerprint, ssh.FingerprintSHA256(mine))
	}
	p, err := w.offer("alice", mine)
	if err != nil || p.Caller.Name != "alice" || !p.KeyOnly || p.Next != "" {
		t.Errorf("got %+v, %v", p, err)
	}
	_, err = w.offer("alice", other)
	wantCode(t, err, fault.Unauthenticated)
	_, err = w.offer("admin", mine)
	wantCode(t, err, fault.Unauthenticated)
	if err := w.modify("alice", `{"locked":true}`); err != nil {
		t.Fatal(err)
	}
	_, err = w.offer("alice", mine)
	wantCode(t, err, fault.Unauthenticated)
}

func TestAKeyOfAnAccountWithoutTheMethodOpensNothing(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(sshAccount(`"password"`, "none"))
	key := newKey(t)
	w.mustCreateKey(key)
	_, err := w.offer("alice", key)
	wantCode(t, err, fault.Unauthenticated)
}

func TestTwoMethodsOpenOnlyTogetherAndInOrder(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(sshAccount(`"publickey"`, "password"))
	key := newKey(t)
	w.mustCreateKey(key)
	offer := account.KeyOffer{User: "alice", Key: key.Marshal(), From: home}
	_, err := w.accounts.AuthorizeKey(t.Context(), offer)
	wantCode(t, err, fault.Unauthenticated)
	offer.Partial = true
	p, err := w.accounts.AuthorizeKey(t.Context(), offer)
	if err != nil || p.Next != account.MethodPassword {
		t.Errorf("got %+v, %v", p, err)
	}
	c := account.Credentials{Application: account.SSH, User: "alice", Password: secret.NewText(adminPassword), From: home, Partial: true}
	_, err = w.accounts.Authenticate(t.Context(), c)
	wantCode(t, err, fault.Unauthenticated) // the key comes first
	c.Proven = account.MethodPublicKey
	if p, err = w.accounts.Authenticate(t.Context(), c); err != nil || p.Next != "" {
		t.Errorf("got %+v, %v", p, err)
	}
	offer.Proven = account.MethodPublicKey
	_, err = w.accounts.AuthorizeKey(t.Context(), offer)
	wantCode(t, err, fault.Unauthenticated) // the same key twice is one method
}

func TestIndexesFillTheFirstGap(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(sshAccount(`"publickey"`, "none"))
	for want := range 3 {
		if k := w.mustCreateKey(newKey(t)); k.Index != want {
			t.Errorf("index %d, want %d", k.Index, want)
		}
	}
	keys := w.accounts.PublicKeys()
	if err := keys.Delete(t.Context(), w.admin, []string{w.cluster.UUID, "alice", "1"}); err != nil {
		t.Fatal(err)
	}
	if k := w.mustCreateKey(newKey(t)); k.Index != 1 {
		t.Errorf("index %d, want 1", k.Index)
	}
	for _, index := range []string{"7", "01", "x", ""} {
		_, err := keys.Find(t.Context(), w.admin, []string{w.cluster.UUID, "alice", index})
		wantCode(t, err, fault.NotFound)
	}
	var got []int
	for k, err := range keys.Rows(t.Context(), w.admin, []string{w.cluster.UUID, "alice", "1"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, k.Index)
	}
	if fmt.Sprint(got) != "[1 2]" {
		t.Errorf("from 1 on: %v", got)
	}
}

func TestASVMsAccountChangesItsOwnKeysAndNoOthers(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"dave", "eve"} {
		w.mustCreate(`{"name":"` + name + `","owner.name":"svm1",` + overHTTP + `}`)
	}
	keys := w.accounts.PublicKeys()
	owner := svm.Owner{UUID: w.svm1.UUID, Name: "svm1"}
	dave := svm.Caller{Name: "dave", Owner: owner, Scope: svm.Within(owner.UUID)}
	confined := svm.Caller{Name: "dave", Owner: w.cluster.Owner(), Scope: svm.Within(owner.UUID)} // by a header
	body := func(name string) string { return fmt.Sprintf(`{"account":%q,"public_key":%q}`, name, line(newKey(t))) }
	for _, made := range []struct {
		by   svm.Caller
		name string
		want fault.Code
	}{{dave, "dave", ""}, {dave, "eve", fault.Denied}, {confined, "eve", ""}, {dave, "nobody", fault.Denied}} {
		k, err := w.createKey(made.by, body(made.name))
		if wantCode(t, err, made.want); err == nil && k.Scope != account.SVMScope {
			t.Errorf("scope %q", k.Scope)
		}
	}
	in, err := keys.Schema().ReadBody([]byte(`{"comment":"x"}`), record.Modify)
	if err != nil {
		t.Fatal(err)
	}
	for _, changed := range []struct {
		name string
		want fault.Code
	}{{"dave", ""}, {"eve", fault.Denied}} {
		_, err := keys.Modify(t.Context(), dave, []string{owner.UUID, changed.name, "0"}, in)
		wantCode(t, err, changed.want)
		wantCode(t, keys.Delete(t.Context(), dave, []string{owner.UUID, changed.name, "0"}), changed.want)
	}
}

func TestNoKeyOutlivesItsAccount(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(sshAccount(`"publickey"`, "none"))
	key := newKey(t)
	w.mustCreateKey(key)
	if err := w.accounts.Delete(t.Context(), w.admin, []string{w.cluster.UUID, "alice"}); err != nil {
		t.Fatal(err)
	}
	w.mustCreate(sshAccount(`"publickey"`, "none"))
	_, err := w.offer("alice", key)
	wantCode(t, err, fault.Unauthenticated)
	_, err = w.createKey(w.admin, fmt.Sprintf(`{"account":{"name":"nobody"},"public_key":%q}`, line(key)))
	wantCode(t, err, fault.BadReason)
}

func TestOnlyWholeStrongKeysAreTaken(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(sshAccount(`"publickey"`, "none"))
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	short, err := ssh.NewPublicKey(weak.Public())
	if err != nil {
		t.Fatal(err)
	}
	good := line(newKey(t))
	for name, text := range map[string]string{
		"an option before it": `command=\"reboot\" ` + good, "another algorithm before it": "ssh-rsa " + strings.Fields(good)[1],
		"cut short": good[:len(good)-8], "no base64": "ssh-ed25519 !!!!", "DSA": "ssh-dss AAAAB3NzaC1kc3M=", "1024 bits": line(short),
		"nothing behind it": "ssh-ed25519", "two lines": good + `\n` + good, "an empty key": "ssh-rsa " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x00\x00\x00\x00\x00")),
	} {
		_, err := w.createKey(w.admin, `{"account":{"name":"alice"},"public_key":"`+text+`"}`)
		if code := fault.CodeOf(err); code != fault.BadReason {
			t.Errorf("%s gave %v", name, err)
		}
	}
	if _, err := w.createKey(w.admin, `{"account":{"name":"alice"},"public_key":"`+good+` a comment"}`); err != nil {
		t.Error(err)
	}
}

func FuzzReadKey(f *testing.F) {
	f.Add(line(newKey(f)))
	f.Add("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==")
	f.Fuzz(func(t *testing.T, text string) {
		blob, err := account.ReadKey(text)
		if err != nil {
			return
		}
		if _, err := ssh.ParsePublicKey(blob); err != nil && strings.HasPrefix(text, "ssh-") {
			t.Errorf("took %q, which is no key: %v", text, err)
		}
	})
}
