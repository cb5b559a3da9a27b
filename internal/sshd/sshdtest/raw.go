// Package sshdtest attacks SSH servers in tests: with a client that sends what
// no client should, and a list of ways past a second factor that must not lead
// anywhere.
package sshdtest

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// A Client speaks as much of SSH's transport as it takes to send packets when no
// client should: curve25519-sha256, aes128-ctr, hmac-sha2-256. It does not look
// who the server is. Whatever fails ends the test.
type Client struct {
	testing.TB

	// Session is the identifier of the connection's first key exchange, which
	// signatures are bound to.
	Session []byte

	conn  net.Conn
	in    *bufio.Reader
	read  *direction
	write *direction
	sent  uint32
}

// A direction is the encryption of one way; nil: none yet.
type direction struct {
	stream cipher.Stream
	mac    []byte
}

func (d *direction) sum(seq uint32, packet []byte) []byte {
	h := hmac.New(sha256.New, d.mac)
	_ = binary.Write(h, binary.BigEndian, seq)
	h.Write(packet)
	return h.Sum(nil)
}

const rawVersion = "SSH-2.0-raw"

// Dial connects and comes as far as the service of authentication. The
// connection is closed at the end of the test.
func Dial(tb testing.TB, address string) *Client {
	tb.Helper()
	c := &Client{TB: tb, conn: must((&net.Dialer{}).DialContext(tb.Context(), "tcp", address))(tb)}
	tb.Cleanup(func() { _ = c.conn.Close() })
	_ = c.conn.SetDeadline(time.Now().Add(30 * time.Second))
	c.in = bufio.NewReader(c.conn)
	must(io.WriteString(c.conn, rawVersion+"\r\n"))(tb)
	version := strings.TrimRight(must(c.in.ReadString('\n'))(tb), "\r\n")
	c.exchangeKeys(version)
	c.Send(5, Text("ssh-userauth"))
	c.Wait(6)
	return c
}

func (c *Client) exchangeKeys(version string) {
	c.Helper()
	lists := []string{
		"curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", "",
	}
	ours := append([]byte{20}, make([]byte, 16)...)
	for _, l := range lists {
		ours = append(ours, Text(l)...)
	}
	ours = append(ours, 0, 0, 0, 0, 0)
	c.Send(ours[0], ours[1:])
	theirs := c.Wait(20)
	private := must(ecdh.X25519().GenerateKey(rand.Reader))(c)
	public := private.PublicKey().Bytes()
	c.Send(30, Text(string(public)))
	var reply struct {
		HostKey, Public, Signature []byte
	}
	if err := ssh.Unmarshal(c.Wait(31)[1:], &reply); err != nil {
		c.Fatal(err)
	}
	shared := must(private.ECDH(must(ecdh.X25519().NewPublicKey(reply.Public))(c)))(c)
	k := ssh.Marshal(struct{ K *big.Int }{new(big.Int).SetBytes(shared)})
	h := sha256.New()
	for _, part := range []string{rawVersion, version, string(ours), string(theirs), string(reply.HostKey), string(public), string(reply.Public)} {
		h.Write(Text(part))
	}
	h.Write(k)
	id := h.Sum(nil)
	c.Session = id
	c.Send(21, nil)
	c.Wait(21)
	derive := func(letter byte) []byte {
		d := sha256.New()
		d.Write(k)
		d.Write(id)
		d.Write([]byte{letter})
		d.Write(id)
		return d.Sum(nil)
	}
	way := func(iv, key, mac byte) *direction {
		block := must(aes.NewCipher(derive(key)[:16]))(c)
		return &direction{cipher.NewCTR(block, derive(iv)[:16]), derive(mac)}
	}
	c.write, c.read = way('A', 'C', 'E'), way('B', 'D', 'F')
}

// Text is a string as SSH sends it.
func Text(s string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...) //nolint:gosec // nothing that long is sent
}

// Send sends one packet of a kind, which is SSH's message number.
func (c *Client) Send(kind byte, payload []byte) {
	const block = 16
	padding := block - (5+1+len(payload))%block
	if padding < 4 {
		padding += block
	}
	packet := binary.BigEndian.AppendUint32(nil, uint32(1+1+len(payload)+padding)) //nolint:gosec // nothing that long is sent
	packet = append(append(append(packet, byte(padding), kind), payload...), make([]byte, padding)...)
	if c.write != nil {
		sum := c.write.sum(c.sent, packet)
		c.write.stream.XORKeyStream(packet, packet)
		packet = append(packet, sum...)
	}
	c.sent++
	_, _ = c.conn.Write(packet) // a server that has hung up shows in what is read
}

// next reads one packet, with its kind first.
func (c *Client) next() ([]byte, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(c.in, head); err != nil {
		return nil, err
	}
	if c.read != nil {
		c.read.stream.XORKeyStream(head, head)
	}
	rest := make([]byte, binary.BigEndian.Uint32(head)-1)
	if _, err := io.ReadFull(c.in, rest); err != nil {
		return nil, err
	}
	if c.read != nil {
		c.read.stream.XORKeyStream(rest, rest)
		if _, err := io.ReadFull(c.in, make([]byte, sha256.Size)); err != nil {
			return nil, err
		}
	}
	return rest[:len(rest)-int(head[4])], nil
}

// Wait reads up to a packet of a kind and returns it, with its kind first.
func (c *Client) Wait(kind byte) []byte {
	c.Helper()
	for {
		if p := must(c.next())(c); p[0] == kind {
			return p
		}
	}
}

// Rest reads up to the end of the connection and returns the kinds of packets.
func (c *Client) Rest() (kinds []byte) {
	for {
		p, err := c.next()
		if err != nil {
			return kinds
		}
		kinds = append(kinds, p[0])
	}
}

// Ask sends a request to authenticate by a method, whose own fields are the
// payload.
func (c *Client) Ask(user, method string, payload []byte) {
	c.Helper()
	c.Send(50, append(append(append(Text(user), Text("ssh-connection")...), Text(method)...), payload...))
}

// OpenSession asks for a session.
func (c *Client) OpenSession() {
	c.Helper()
	c.Send(90, append(Text("session"), 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x80, 0))
}

// Exec asks for the command x in the session.
func (c *Client) Exec() {
	c.Helper()
	c.Send(98, append(append([]byte{0, 0, 0, 0}, Text("exec")...), append([]byte{1}, Text("x")...)...))
}

// Password is the payload of the method password.
func Password(password string) []byte { return append([]byte{0}, Text(password)...) }

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}
