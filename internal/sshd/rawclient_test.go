package sshd_test

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

// A rawClient speaks as much of SSH's transport as it takes to send packets
// when no client should: curve25519-sha256, aes128-ctr, hmac-sha2-256. It does
// not look who the server is.
type rawClient struct {
	testing.TB

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

// dialRaw connects and comes as far as the service of authentication.
func (w *world) dialRaw() *rawClient {
	w.Helper()
	c := &rawClient{TB: w, conn: must(net.Dial("tcp", w.address))(w)}
	w.Cleanup(func() { _ = c.conn.Close() })
	_ = c.conn.SetDeadline(time.Now().Add(30 * time.Second))
	c.in = bufio.NewReader(c.conn)
	must(io.WriteString(c.conn, rawVersion+"\r\n"))(w)
	version := strings.TrimRight(must(c.in.ReadString('\n'))(w), "\r\n")
	c.exchangeKeys(version)
	c.send(5, text("ssh-userauth"))
	c.wait(6)
	return c
}

func (c *rawClient) exchangeKeys(version string) {
	c.Helper()
	lists := []string{
		"curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", "",
	}
	ours := append([]byte{20}, make([]byte, 16)...)
	for _, l := range lists {
		ours = append(ours, text(l)...)
	}
	ours = append(ours, 0, 0, 0, 0, 0)
	c.send(ours[0], ours[1:])
	theirs := c.wait(20)
	private := must(ecdh.X25519().GenerateKey(rand.Reader))(c)
	public := private.PublicKey().Bytes()
	c.send(30, text(string(public)))
	var reply struct {
		HostKey, Public, Signature []byte
	}
	if err := ssh.Unmarshal(c.wait(31)[1:], &reply); err != nil {
		c.Fatal(err)
	}
	shared := must(private.ECDH(must(ecdh.X25519().NewPublicKey(reply.Public))(c)))(c)
	k := ssh.Marshal(struct{ K *big.Int }{new(big.Int).SetBytes(shared)})
	h := sha256.New()
	for _, part := range []string{rawVersion, version, string(ours), string(theirs), string(reply.HostKey), string(public), string(reply.Public)} {
		h.Write(text(part))
	}
	h.Write(k)
	id := h.Sum(nil)
	c.send(21, nil)
	c.wait(21)
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

// text is a string as SSH sends it.
func text(s string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...)
}

// send sends one packet.
func (c *rawClient) send(kind byte, payload []byte) {
	c.Helper()
	const block = 16
	padding := block - (5+1+len(payload))%block
	if padding < 4 {
		padding += block
	}
	packet := binary.BigEndian.AppendUint32(nil, uint32(1+1+len(payload)+padding))
	packet = append(append(append(packet, byte(padding), kind), payload...), make([]byte, padding)...)
	if c.write != nil {
		sum := c.write.sum(c.sent, packet)
		c.write.stream.XORKeyStream(packet, packet)
		packet = append(packet, sum...)
	}
	c.sent++
	must(c.conn.Write(packet))(c)
}

// next reads one packet, with its kind first.
func (c *rawClient) next() ([]byte, error) {
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

// wait reads up to a packet of a kind.
func (c *rawClient) wait(kind byte) []byte {
	c.Helper()
	for {
		if p := must(c.next())(c); p[0] == kind {
			return p
		}
	}
}

// rest reads up to the end of the connection and returns the kinds of packets.
func (c *rawClient) rest() (kinds []byte) {
	for {
		p, err := c.next()
		if err != nil {
			return kinds
		}
		kinds = append(kinds, p[0])
	}
}

// login sends a request to authenticate.
func (c *rawClient) login(user, method string, payload []byte) {
	c.Helper()
	c.send(50, append(append(append(text(user), text("ssh-connection")...), text(method)...), payload...))
}

// openSession asks for a session.
func (c *rawClient) openSession() {
	c.Helper()
	c.send(90, append(text("session"), 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x80, 0))
}

// exec asks for a command in the session.
func (c *rawClient) exec() {
	c.Helper()
	c.send(98, append(append([]byte{0, 0, 0, 0}, text("exec")...), append([]byte{1}, text("x")...)...))
}
