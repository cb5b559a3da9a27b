package seal

import (
	"bytes"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/duoplane/duoplane/internal/durable"
)

const fileMode = 0o600

// Add puts a fresh key behind the others of a keyset file and returns it. It
// opens from now on, but nothing is sealed with it: servers must have the file
// first. InUse while another process changes the file.
func Add(path string) (KeyID, error) {
	after, err := update(path, (*Keyset).add)
	if err != nil {
		return 0, err
	}
	return after.newest(), nil
}

// update changes a keyset file in one step. Nobody else changes it meanwhile,
// so that no key is lost between reading and writing; readers see the file
// before or after. A change that returns its argument writes nothing.
func update(path string, change func(*Keyset) (*Keyset, error)) (_ *Keyset, err error) {
	unlock, err := durable.Lock(path)
	if err != nil {
		return nil, fmt.Errorf("seal: change keyset file: %w", err)
	}
	defer unlock()
	before, err := Open(path)
	if err != nil {
		return nil, err
	}
	after, err := change(before)
	if err != nil || after == before {
		return after, err
	}
	file, err := after.encode()
	if err != nil {
		return nil, err
	}
	if err := durable.Replace(path, file, fileMode); err != nil {
		return nil, fmt.Errorf("seal: change keyset file: %w", err)
	}
	return after, nil
}

// encode returns the content of the keyset's file.
func (k *Keyset) encode() ([]byte, error) {
	var file bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&file)); err != nil {
		return nil, fmt.Errorf("seal: write keyset: %w", err)
	}
	return append(file.Bytes(), '\n'), nil
}

// change returns a keyset with something changed.
func (k *Keyset) change(how func(*keyset.Manager) error) (*Keyset, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	if err := how(m); err != nil {
		return nil, fmt.Errorf("seal: change keyset: %w", err)
	}
	handle, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("seal: change keyset: %w", err)
	}
	return fromHandle(handle)
}

// add returns the keyset with one fresh key more, behind the others.
func (k *Keyset) add() (*Keyset, error) {
	return k.change(func(m *keyset.Manager) error {
		_, err := m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
}

// without returns the keyset without some keys. One of them must not be the
// primary.
func (k *Keyset) without(ids []KeyID) (*Keyset, error) {
	if len(ids) == 0 {
		return k, nil
	}
	return k.change(func(m *keyset.Manager) error {
		for _, id := range ids {
			if err := m.Delete(uint32(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// newest returns the key that was added last.
func (k *Keyset) newest() KeyID { return k.enabled[len(k.enabled)-1] }
