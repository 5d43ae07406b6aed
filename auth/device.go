package auth

import (
	"encoding/base64"
	"encoding/hex"

	"hearth/store"
)

// DeviceLifetime is how long a device cookie is good after a login.
const DeviceLifetime = 180 * day

const maxDeviceValue = 64 // bytes; longer is no cookie of ours

func (a *Auth) deviceKey(value string) string {
	if len(value) > maxDeviceValue {
		value = ""
	}
	return string(a.keys.digest("device", value))
}

// deviceFor is the caller's device if it is p's own, else nil.
func (a *Auth) deviceFor(tx *store.Tx, by Caller, p *person) (*device, error) {
	d, err := load[device](tx, store.TableDevice, a.deviceKey(by.Device))
	if err != nil || d == nil || p == nil || d.Person != p.user.ID || !tx.Now().Before(d.Until) {
		return nil, err
	}
	return d, nil
}

// accountFor is the account that a login by the caller as p draws on.
func (a *Auth) accountFor(tx *store.Tx, by Caller, who digest, p *person) (account, error) {
	d, err := a.deviceFor(tx, by, p)
	if err != nil || d == nil {
		return account{Who: who}, err
	}
	return account{Who: who, Device: d.ID}, nil
}

// newDevice is a device cookie that may become one by keepDevice.
type newDevice struct{ value, id string }

func (a *Auth) makeDevice() (newDevice, error) {
	b, err := a.random(32 + 16)
	if err != nil {
		return newDevice{}, err
	}
	return newDevice{base64.RawURLEncoding.EncodeToString(b[:32]), hex.EncodeToString(b[32:])}, nil
}

// keepDevice remembers that p has logged in from the caller's device, which
// gets a new cookie. A known device keeps its id, so that logging in does not
// begin its limits anew.
func (a *Auth) keepDevice(tx *store.Tx, by Caller, p *person, fresh newDevice) error {
	old, err := a.deviceFor(tx, by, p)
	if err != nil {
		return err
	}
	d := &device{Until: tx.Now().Add(DeviceLifetime), Person: p.user.ID, ID: fresh.id}
	if old != nil {
		d.ID = old.ID
		tx.Delete(store.TableDevice, []byte(a.deviceKey(by.Device)))
	}
	return save(tx, store.TableDevice, a.deviceKey(fresh.value), d)
}
